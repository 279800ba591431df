"""The statistics of a record, in NumPy: what an adapter hands over of one step in, the record's numbers out.

An adapter reads every tensor where it lies and hands over little: small tensors whole, large ones as moments
and a sample. What can be said of that is the same for every framework, and is said here.
"""
