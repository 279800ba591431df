"""Formats what handlers return: JSON values and binary frames, without HTTP.

Data comes from a `Snapshot`; the schemas of the JSON answers are in `plugin/answer_schemas.py`.
"""
