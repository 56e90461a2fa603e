"""The documentation page of the API, generated from its OpenAPI document, without scripts."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

_STYLE = Path(__file__).with_name("docs.css").read_text(encoding="utf-8")
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
_EXAMPLE = """T="Authorization: Bearer $(studio token)"; A=http://localhost:8501/api/v1
curl -H "$T" $A/tasks/style.transfer
curl -H "$T" --data-binary @photo.jpg "$A/files?name=photo.jpg"
curl -H "$T" --json '{"task": "style.transfer", "inputs": {"content": ["sample:chelsea"], \
"style": ["house:mosaic"]}}' $A/live -o out.png"""


def render_page(openapi: dict[str, Any]) -> str:
    """Returns the documentation page as HTML.

    Args:
        openapi: the OpenAPI document.
    """
    sections = [
        f"<h1>{_escape(openapi['info']['title'])}</h1><p>{_escape(openapi['info']['description'])} "
        'The whole of it as <a href="openapi.json">OpenAPI</a>.</p>'
        f"<pre>{html.escape(_EXAMPLE)}</pre>"
    ]
    for path, methods in openapi["paths"].items():
        sections += [
            _render_route(path, name, operation) for name, operation in methods.items() if name != "head"
        ]
    sections += [_render_schema(name, schema) for name, schema in openapi["components"]["schemas"].items()]
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Studio API</title>'
    viewport = '<meta name="viewport" content="width=device-width,initial-scale=1">'
    return f"{head}{viewport}<style>{_STYLE}</style>{''.join(sections)}"


def _render_route(path: str, method: str, operation: dict[str, Any]) -> str:
    """Returns a section with the parameters, bodies and status codes of a route."""
    rows = "".join(
        f"<tr><td><code>{_escape(field['name'])}</code><td>{field['in']}<td>{_render_type(field['schema'])}"
        f"<td>{_escape(field.get('description') or field['schema'].get('description', ''))}"
        for field in operation.get("parameters", ())
    )
    content = operation.get("requestBody", {}).get("content", {})
    bodies = "".join(
        f"<p>Body: {_escape(media)} {_render_type(body['schema'])}" for media, body in content.items()
    )
    codes = ", ".join(sorted(operation["responses"]))
    title = f"<h3><code>{method.upper()} {_escape(path)}</code></h3>"
    description = f"<p>{_escape(operation.get('description', ''))}</p>"
    return f"{title}{description}<table>{rows}</table>{bodies}<p>Responses: {codes}</p>"


def _render_schema(name: str, schema: dict[str, Any]) -> str:
    """Returns a section with the fields of a request or response body."""
    rows = "".join(
        f"<tr><td><code>{_escape(field_name)}</code><td>{_render_type(field)}"
        f"<td>{_escape(field.get('description', ''))}"
        for field_name, field in schema.get("properties", {}).items()
    )
    return (
        f'<h3 id="{_escape(name)}">{_escape(name)}</h3><p>{_escape(schema.get("description", ""))}</p>'
        f"<table>{rows}</table>"
    )


def _render_type(schema: dict[str, Any]) -> str:
    """Returns the type of a value as HTML."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{_escape(name)}">{_escape(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(map(_render_type, schema["anyOf"]))
    if "enum" in schema:
        return _escape(", ".join(map(str, schema["enum"])))
    if schema.get("type") == "array":
        return f"list of {_render_type(schema['items'])}"
    return _escape(schema.get("type", "any"))


def _escape(value: object) -> str:
    return html.escape(str(value))
