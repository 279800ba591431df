"""The package's version, in the one place that setup and the tab read it from."""

__version__ = "1.0.0rc1"
