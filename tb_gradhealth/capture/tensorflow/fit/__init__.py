"""Observes Keras's `fit`: its training step, compiled or not, its losses, and the values of an epoch."""
