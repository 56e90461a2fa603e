"""HTML, CSS, JavaScript and Markdown in files next to the module that uses them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.widgets import keys


@cache
def read(module: str, name: str) -> str:
    """Returns the text of a file.

    Args:
        module: `__file__` of a module in the same folder.
        name: of the file.
    """
    return Path(module).with_name(name).read_text(encoding="utf-8")


@cache
def sections(module: str, name: str) -> dict[str, str]:
    """Returns the sections of a Markdown file by their second-level headings, in order. See `read`."""
    parts = (part.partition("\n") for part in f"\n{read(module, name)}".split("\n## ")[1:])
    return {title.strip(): body.strip() for title, _, body in parts}


def component(name: str, module: str) -> Any:
    """Registers a component and returns its mount function, see `st.components.v2.component`.

    Args:
        name: unique among all components.
        module: `__file__` of its module; for `camera.py` the files are `camera.html`, `.css` and `.js`.
    """
    html, css, js = (read(module, Path(module).with_suffix(end).name) for end in (".html", ".css", ".js"))
    return st.components.v2.component(name, html=html, css=css, js=js)


def style(module: str, name: str, key: str = "", **properties: str) -> str:
    """Returns a style sheet as HTML. Pass only fixed text, never text of a user.

    Args:
        module, name: see `read`.
        key: key of the widget that the class `KEY` of the sheet stands for.
        properties: custom properties of that widget: `tile="8rem"` sets `--tile`.
    """
    sheet = read(module, name).replace(".KEY", f".{keys.css_class(key)}")
    rules = "".join(f"--{name}: {value};" for name, value in properties.items())
    return f"<style>{sheet}{f'.{keys.css_class(key)} {{ {rules} }}' if rules else ''}</style>"


def run(module: str, name: str, **data: Any) -> None:
    """Runs JavaScript in the page: calls the function that a file exports.

    Args:
        module, name: see `read`.
        data: properties of the object that the function gets. Never text of a user.
    """
    function = read(module, name).replace("export default ", "", 1)
    st.html(f"<script>({function})({json.dumps(data)});</script>", unsafe_allow_javascript=True)
