"""HTML, CSS, JavaScript and Markdown in files next to the module that uses them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.widgets import keys


@cache
def read(module_file: str, name: str) -> str:
    """Returns the text of a file.

    Args:
        module_file: `__file__` of a module in the same folder.
        name: of the file.
    """
    return Path(module_file).with_name(name).read_text(encoding="utf-8")


@cache
def read_sections(module_file: str, name: str) -> dict[str, str]:
    """Returns the sections of a Markdown file by their second-level headings, in order. See `read`."""
    section_texts = (part.partition("\n") for part in f"\n{read(module_file, name)}".split("\n## ")[1:])
    return {title.strip(): body.strip() for title, _, body in section_texts}


def register_component(name: str, module_file: str) -> Any:
    """Registers a component and returns its mount function, see `st.components.v2.component`.

    Args:
        name: unique among all components.
        module_file: `__file__` of its module; for `camera.py` the files are `camera.html`, `.css` and `.js`.
    """
    html, css, js = (
        read(module_file, Path(module_file).with_suffix(suffix).name) for suffix in (".html", ".css", ".js")
    )
    return st.components.v2.component(name, html=html, css=css, js=js)


def render_style(module_file: str, name: str, key: str = "", **properties: str) -> str:
    """Returns a style sheet as HTML. Pass only fixed text, never text of a user.

    Args:
        module_file, name: see `read`.
        key: key of the widget that the class `KEY` of the sheet stands for.
        properties: custom properties of that widget: `tile="8rem"` sets `--tile`.
    """
    sheet = read(module_file, name).replace(".KEY", f".{keys.css_class(key)}")
    rules = "".join(f"--{name}: {value};" for name, value in properties.items())
    return f"<style>{sheet}{f'.{keys.css_class(key)} {{ {rules} }}' if rules else ''}</style>"


def run_once(name: str, **data: Any) -> None:
    """Runs JavaScript of this folder like `run_script`, once until the browser loads the page again."""
    function, flag = read(__file__, name).replace("export default ", "", 1), json.dumps(f"studio {name}")
    call = f"({function})({json.dumps(data)});"
    st.html(
        f"<script>if (!window[{flag}]) {{ window[{flag}] = true; {call} }}</script>",
        unsafe_allow_javascript=True,
    )


def run_script(module_file: str, name: str, **data: Any) -> None:
    """Runs JavaScript in the page: calls the function that a file exports.

    Args:
        module_file, name: see `read`.
        data: properties of the object that the function gets. Never text of a user.
    """
    function = read(module_file, name).replace("export default ", "", 1)
    st.html(f"<script>({function})({json.dumps(data)});</script>", unsafe_allow_javascript=True)
