"""What is trained: the network's structure, which of its tensors become rows, the optimizer's settings."""
