"""Measures the tensors of a step in the graph: reductions, samples, units, updates, constant predictions."""
