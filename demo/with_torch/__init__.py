"""The demo in PyTorch: ``training_loop`` shows the use of Grad Health."""
