"""The statistics of a recorded step, computed in the graph: tensors in, columns out."""
