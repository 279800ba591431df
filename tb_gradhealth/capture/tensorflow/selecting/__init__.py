"""Selects what is recorded: the network's structure, the rows and their tensors, the optimizer's settings."""
