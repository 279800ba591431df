"""Measures tensors by pure functions: one number in every watched step, all statistics in a record."""
