"""The page that tells what the API takes: made of its own OpenAPI document, with no script in it."""

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


def page(document: dict[str, Any]) -> str:
    """The page as HTML.

    Args:
        document: OpenAPI's.
    """
    parts = [
        f"<h1>{_text(document['info']['title'])}</h1><p>{_text(document['info']['description'])} "
        'The whole of it as <a href="openapi.json">OpenAPI</a>.</p>'
        f"<pre>{html.escape(_EXAMPLE)}</pre>"
    ]
    for path, methods in document["paths"].items():
        parts += [_route(path, method, told) for method, told in methods.items() if method != "head"]
    parts += [_shape(name, told) for name, told in document["components"]["schemas"].items()]
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Studio API</title>'
    view = '<meta name="viewport" content="width=device-width,initial-scale=1">'
    return f"{head}{view}<style>{_STYLE}</style>{''.join(parts)}"


def _route(path: str, method: str, told: dict[str, Any]) -> str:
    rows = [(one["name"], one["in"], one) for one in told.get("parameters", ())]
    lines = "".join(
        f"<tr><td><code>{_text(name)}</code><td>{place}<td>{_kind(one['schema'])}"
        f"<td>{_text(one.get('description') or one['schema'].get('description', ''))}"
        for name, place, one in rows
    )
    body = told.get("requestBody", {}).get("content", {})
    takes = "".join(f"<p>Body: {_text(media)} {_kind(one['schema'])}" for media, one in body.items())
    codes = ", ".join(sorted(told["responses"]))
    return (
        f"<h3><code>{method.upper()} {_text(path)}</code></h3><p>{_text(told.get('description', ''))}</p>"
        f"<table>{lines}</table>{takes}<p>Answers: {codes}</p>"
    )


def _shape(name: str, told: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{_text(field)}</code><td>{_kind(one)}<td>{_text(one.get('description', ''))}"
        for field, one in told.get("properties", {}).items()
    )
    return (
        f'<h3 id="{_text(name)}">{_text(name)}</h3><p>{_text(told.get("description", ""))}</p>'
        f"<table>{rows}</table>"
    )


def _kind(schema: dict[str, Any]) -> str:
    """What a value is, in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{_text(name)}">{_text(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(map(_kind, schema["anyOf"]))
    if "enum" in schema:
        return _text(", ".join(map(str, schema["enum"])))
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    return _text(schema.get("type", "any"))


def _text(told: object) -> str:
    return html.escape(str(told))
