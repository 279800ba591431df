"""The statistics of a record, in NumPy: columns from the values that an adapter passes on.

An adapter belongs to one framework. It passes on small tensors whole, and moments and a sample of large ones.
All that follows is the same for every framework and is computed here.
"""
