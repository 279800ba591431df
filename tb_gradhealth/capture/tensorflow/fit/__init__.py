"""What Keras's `fit` needs: its training step observed, compiled or not, and what it reports of an epoch."""
