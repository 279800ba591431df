"""Observes a training through PyTorch's hooks: forward passes, backward passes, optimizer steps."""
