"""Measures tensors: norms in every watched step, all statistics in a step with a record."""
