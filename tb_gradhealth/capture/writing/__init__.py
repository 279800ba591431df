"""From records to event files, outside the graph: row tables, the budget, what the rules say meanwhile."""
