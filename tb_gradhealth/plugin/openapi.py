"""Assembles the OpenAPI document of the routes; tests/plugin/test_contract.py checks it against a server."""

from collections.abc import Sequence

from tb_gradhealth.plugin.answer_schemas import SCHEMAS, TEXT
from tb_gradhealth.plugin.parameters import Schema
from tb_gradhealth.plugin.route import Route
from tb_gradhealth.version import __version__


def openapi(routes: Sequence[Route]) -> Schema:
    """The OpenAPI 3.1 document of some routes."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Grad Health in TensorBoard",
            "version": __version__,
            "description": "GET only. A parameter that is missing, repeated or outside its limits is a 400 "
            "with a sentence; an unknown run, tensor or finding is a 404.",
        },
        "servers": [{"url": "."}],
        "paths": {route.path: {"get": _operation(route)} for route in routes},
        "components": {"schemas": SCHEMAS},
    }


def _operation(route: Route) -> Schema:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    tag = {"ETag": {"required": True, "schema": TEXT}}
    return {
        "summary": route.summary,
        "parameters": [each for parameter in route.parameters.values() for each in parameter.describe()],
        "responses": {
            "200": {"description": "the answer", "headers": tag, "content": dict(route.content)},
            "304": {"description": "unchanged since the ETag in If-None-Match"},
            "400": {"description": "a parameter is missing or out of bounds", "content": error},
            "404": {"description": "no such run, tensor or finding", "content": error},
            "405": {"description": "another method than GET", "content": error},
            "414": {"description": "more than 64 KiB: the server's own answer", "content": {"text/html": {}}},
        },
    }
