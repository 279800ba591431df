"""What is looked at in every step, in the graph: one number a tensor, the ring, what trips a record."""
