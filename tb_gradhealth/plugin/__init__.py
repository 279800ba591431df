"""The TensorBoard plugin: its loader, its routes, and the built tab in ``static/``.

`loader` is the entry point. `routes` is the table of routes, `handlers` serves them from a `Monitor`, and the
modules in `answers` format what they return.
"""
