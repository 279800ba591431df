"""Selects the tensors of a step that are rows of a record: names, roles, depths, origins."""
