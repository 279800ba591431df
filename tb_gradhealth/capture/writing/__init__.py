"""Writes records to event files, outside the graph: the file, the budgets, the verdict scalars, the end."""
