"""The reference of the HTTP routes, from the OpenAPI document that the plugin serves."""

import json
from typing import Any

from tb_gradhealth.plugin.openapi import openapi
from tb_gradhealth.plugin.routes import ROUTES

HEAD = """# HTTP routes

All routes are GET, below `data/plugin/gradhealth/` of TensorBoard. The running server has the OpenAPI
document of this page at `data/plugin/gradhealth/openapi.json`.
[Architecture](../../tb_gradhealth/README.md#routes)
describes errors, ETags and frames. Fields may be added and are never renamed.
"""


def page() -> str:
    """The page, as Markdown."""
    document: Any = openapi(ROUTES)
    routes = [_route(path, item["get"]) for path, item in document["paths"].items()]
    schemas = [_schema(name, schema) for name, schema in document["components"]["schemas"].items()]
    return "\n\n".join([HEAD.rstrip(), *routes, "## Schemas", *schemas]) + "\n"


def _route(path: str, operation: Any) -> str:
    parts = [f"## {path.lstrip('/')}", operation["summary"] + "."]
    if operation["parameters"]:
        rows = [_parameter(parameter) for parameter in operation["parameters"]]
        parts.append("| parameter | | values |\n|---|---|---|\n" + "\n".join(rows))
    parts.append(
        f"Answer: {', '.join(_answer(*each) for each in operation['responses']['200']['content'].items())}."
    )
    return "\n\n".join(parts)


def _parameter(parameter: Any) -> str:
    required = "required" if parameter.get("required") else ""
    return f"| `{parameter['name']}` | {required} | {_values(parameter['schema'])} |"


def _values(schema: Any) -> str:
    if "items" in schema:
        most = f", at most {schema['maxItems']}" if "maxItems" in schema else ""
        return f"repeatable{most}: {_values(schema['items'])}"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    bounds = [
        f"{word} {schema[key]:,}"
        for key, word in (("minimum", "from"), ("maximum", "to"), ("maxLength", "at most"))
        if key in schema
    ]
    characters = " characters" if "maxLength" in schema else ""
    default = f", default {schema['default']}" if "default" in schema else ""
    return f"{schema.get('type', 'any')} {' '.join(bounds)}{characters}".strip() + default


def _answer(media_type: str, content: Any) -> str:
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return f"`{media_type}`" + (f", [{name}](#{name.lower()})" if name else "")


def _schema(name: str, schema: Any) -> str:
    text = json.dumps(schema, indent=1)
    return f"### {name}\n\n```json\n{text}\n```"
