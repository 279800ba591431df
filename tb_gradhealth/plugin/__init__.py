"""TensorBoard's face: the loader it finds, the routes it serves, the built tab in ``static/``.

Thin: `Monitor` knows the runs, `answers` puts them into the contract's shapes, `routes` only parses
and responds. `loader` is the entry point and imports nothing else of ours before TensorBoard runs.
"""
