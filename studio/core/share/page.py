"""Builds the HTML page of a model: template, style, scripts, data and files in one document."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core import amounts, tasks
from studio.core.errors import invalid
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.share import runtime

MAX_BYTES = 12_000_000  # of a page, which phones still open
RESEARCH_ONLY = "research-only"
_FOLDER = Path(__file__).parent
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_RUNTIME_NOTE = (
    'It runs on LiteRT.js by Google (<a href="https://www.apache.org/licenses/LICENSE-2.0">'
    "Apache License 2.0</a>)."
)
_RESEARCH_BANNER = '<p class="banner">For research only. Do not use this model for anything else.</p>'


@dataclass(frozen=True)
class Content:
    """What a page does with a model.

    Attributes:
        description: one or two sentences for the user: the kind of model and what to do with it.
        script: path of a JavaScript file whose default export is called with the page, see page.js.
        data: JSON data for the script.
        networks: LiteRT files by name, with a batch of 1; without any, the page contains no LiteRT.js.
        files: other files by name.
    """

    description: str
    script: Path
    data: Mapping[str, Any]
    networks: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


def build(preset: Preset, progress: Progress | None = None) -> bytes:
    """Builds the page of a model, after a download of LiteRT.js if necessary.

    Args:
        preset: the model.
        progress: receives the progress of the download.

    Returns:
        The HTML, at most MAX_BYTES.

    Raises:
        InvalidInput: if the studio has no page for this kind of model, its files are incomplete, or the page
            would be too large.
        Unavailable: if LiteRT.js cannot be fetched.
    """
    shareable = {name for name in tasks.TASKS if tasks.get(name).share}
    if preset.task not in shareable:
        expected = f"a model of {', '.join(sorted(shareable))}"
        raise invalid(f"preset {preset.name}", expected=expected, received=f"a model of {preset.task}")
    check(preset)
    if progress:
        progress.report_stage("Converting the model")
    content = tasks.import_object(tasks.get(preset.task).share)(preset)
    return compose(preset.name, preset.read_card(), content, progress)


def check(preset: Preset) -> None:
    """Raises `InvalidInput` if a model of a kind that has pages cannot have one. Fast; loads no Keras."""
    if checker := tasks.get(preset.task).check_share:
        tasks.import_object(checker)(preset)


def compose(name: str, card: str, content: Content, progress: Progress | None = None) -> bytes:
    """Composes the page of a model. Escapes all texts of the model.

    Args:
        name: name of the model, its title if the card has none.
        card: its model card in Markdown.
        content: what the page does.
        progress: receives the progress of the download of LiteRT.js.

    Returns:
        The HTML, at most MAX_BYTES.

    Raises:
        InvalidInput: if the page would be too large.
        Unavailable: if LiteRT.js cannot be fetched.
    """
    files = {f"file-{key}": gzip.compress(data, mtime=0) for key, data in content.files.items()}
    files |= {
        f"network-{key}": gzip.compress(split_bytes(data), mtime=0) for key, data in content.networks.items()
    }
    if content.networks:
        files["runtime"] = runtime.load(progress)
    parts = {
        "title": html.escape(read_title(card) or name),
        "description": html.escape(content.description),
        "banner": _RESEARCH_BANNER if read_line(card, "License").casefold() == RESEARCH_ONLY else "",
        "license": html.escape(read_line(card, "License") or "not stated"),
        "trained_on": html.escape(read_line(card, "Data") or "not stated"),
        "card": html.escape(card.strip()),
        "runtime_note": _RUNTIME_NOTE if content.networks else "",
        "style": _read("page.css"),
        "data": encode_json(content.data),
        "files": "\n".join(_embed(key, data) for key, data in files.items()),
        "script": f"{_read('page.js')}\n{content.script.read_text('utf-8')}\nstart(show);",
    }
    page = _PLACEHOLDER.sub(lambda match: parts[match[1]], _read("page.html")).encode()
    if len(page) > MAX_BYTES:
        raise invalid(
            f"model {name}",
            expected=f"a model whose page has at most {amounts.format_bytes(MAX_BYTES)}",
            received=f"a page of {amounts.format_bytes(len(page))}",
            next_step="train a smaller model",
        )
    return page


def split_bytes(data: bytes) -> bytes:
    """Returns the bytes at even positions, then those at odd ones; page.js joins them again.

    A gzip of float16 weights is 7% smaller so, because their high bytes repeat and their low bytes do not.
    """
    return data[::2] + data[1::2]


def read_title(card: str) -> str:
    """Returns the first heading of a card, or ""."""
    return next((line[2:].strip() for line in card.splitlines() if line.startswith("# ")), "")


def read_line(card: str, name: str) -> str:
    """Returns what the first line "NAME: ..." of a card says, or ""."""
    prefix = f"{name}: "
    return next(
        (line.removeprefix(prefix).strip() for line in card.splitlines() if line.startswith(prefix)), ""
    )


def encode_json(data: Mapping[str, Any]) -> str:
    """Returns JSON for a script element. No text in it can end the element or open a comment."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")


def _embed(key: str, data: bytes) -> str:
    """Returns a script element that browsers do not run, with a file in Base64, which contains no "<"."""
    return f'<script type="application/gzip" id="{key}">{base64.b64encode(data).decode()}</script>'


def _read(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")
