"""Chromium accepts each rule of the project's style sheets, and each rule is used."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import streamlit

from ..conftest import ROOT

pytestmark = pytest.mark.browser
SHEETS = sorted([*(ROOT / "pages").rglob("*.css"), *(ROOT / "studio").rglob("*.css")])
_OPENED, _CLOSED = "{", "}"
_REFUSED = """
({ selectors, declarations }) => {
  const isRule = (selector) => {
    try { return new CSSStyleSheet().insertRule(`${selector} {}`) === 0; } catch { return false; }
  };
  const refused = declarations.filter(([name, value]) => !CSS.supports(name, value));
  return [...selectors.filter((one) => !isRule(one)), ...refused.map((pair) => pair.join(": "))];
}
"""


def parse_rules(text: str) -> list[tuple[str, list[list[str]]]]:
    """Returns the rules of a style sheet: selectors, and the names and values of their declarations."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r'url\("[^"]*"\)', 'url("x")', text)
    assert text.count(_OPENED) == text.count(_CLOSED)
    rules = []
    for selector, inside in re.findall(r"([^{};]+)\{([^{}]*)\}", text):
        lines = [line.split(":", 1) for line in inside.split(";") if line.strip()]
        assert all(len(line) == 2 for line in lines), selector
        pairs = [[name.strip(), " ".join(value.replace("!important", "").split())] for name, value in lines]
        rules.append((" ".join(selector.split()), pairs))
    return rules


def is_frame(selector: str) -> bool:
    """Returns whether a selector is a keyframe of an animation."""
    return re.fullmatch(r"from|to|[\d.]+%", selector) is not None


@cache
def read_streamlit_names() -> str:
    """Returns the names in Streamlit's front end."""
    static = Path(streamlit.__file__).parent / "static"
    return "".join(path.read_text("utf-8", "replace") for path in static.rglob("*.js"))


@pytest.fixture(scope="module")
def blank_page(browser):
    page = browser.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_browser_accepts_every_selector_and_declaration(blank_page, sheet):
    rules = parse_rules(sheet.read_text(encoding="utf-8"))
    selectors = [selector for selector, _ in rules if not is_frame(selector)]
    declarations = [pair for _, pairs in rules for pair in pairs]
    assert declarations
    parsed = {"selectors": selectors, "declarations": declarations}
    assert not blank_page.evaluate(_REFUSED, parsed)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_class_and_test_id_exists(sheet):
    """Classes of the project are in files next to the sheet, keys in a page, all others in Streamlit."""
    selectors = " ".join(selector for selector, _ in parse_rules(sheet.read_text(encoding="utf-8")))
    beside = _text(sheet.parent.glob("*"))
    pages = _text((ROOT / "pages").rglob("*"))
    for name in set(re.findall(r"\.([a-zA-Z][\w-]*)", selectors)) - {"KEY"}:
        if name.startswith("st-key-"):
            assert re.search(rf'(key|\b[A-Z_]+) ?= ?"{name.removeprefix("st-key-")}"', pages), name
        elif not re.search(rf"[\"' .=]{re.escape(name)}\b", beside):
            assert name in read_streamlit_names(), name
    for name in re.findall(r'data-testid\^?="?(\w+)', selectors):
        assert name in read_streamlit_names(), name


def _text(paths):
    return "".join(path.read_text("utf-8") for path in paths if path.suffix in (".py", ".js", ".html"))
