"""Assets next to the page modules: each is found and used."""

from __future__ import annotations

import re

import pytest

from pages.widgets import assets, keys

from ...conftest import ROOT

_NAME = re.compile(r"\"([a-z0-9_]+\.(?:css|js|md))\"")
_RUN_ONCE = re.compile(r"assets\.run_once\(\"([a-z_]+\.js)\"")  # files next to `assets.py`
_COMPONENT = re.compile(r"assets\.register_component\(")
PAGES = ROOT / "pages"


def list_named_files() -> set[str]:
    """Returns the asset files that modules refer to, by component or by file name."""
    names = set()
    for path in PAGES.rglob("*.py"):
        text = path.read_text("utf-8")
        own_names = (
            [f"{path.stem}{end}" for end in (".html", ".css", ".js")] if _COMPONENT.search(text) else []
        )
        scripts = set(_RUN_ONCE.findall(text))
        names |= {f"widgets/{name}" for name in scripts}
        for name in {*own_names, *_NAME.findall(text)} - scripts:
            names.add(path.with_name(name).relative_to(PAGES).as_posix())
    app = (ROOT / "streamlit_app.py").read_text("utf-8")  # serves the script in the page's head
    names |= {f"widgets/{name}" for name in _NAME.findall(app)}
    return names - {f"widgets/assets{end}" for end in (".html", ".css", ".js")}


def test_every_asset_exists_and_is_used():
    asset_names = {
        path.relative_to(PAGES).as_posix()
        for path in PAGES.rglob("*")
        if path.suffix in (".css", ".html", ".js", ".md")
    }
    assert len(asset_names) > 40
    assert asset_names == list_named_files()


@pytest.mark.parametrize("sheet", sorted(PAGES.rglob("*.css")), ids=lambda path: path.name)
def test_style_sheet_contains_no_tag(sheet):
    assert "<" not in sheet.read_text("utf-8"), "Streamlit would take it for a tag, and drop the whole style"


def test_style_sheet_is_limited_to_one_widget(tmp_path):
    (tmp_path / "box.css").write_text(".KEY { width: var(--tile); }", "utf-8")
    markup = assets.render_style(str(tmp_path / "box.py"), "box.css", "photo.before", tile="8rem")
    name = keys.css_class("photo.before")
    assert markup == f"<style>.{name} {{ width: var(--tile); }}.{name} {{ --tile: 8rem; }}</style>"


def test_sections_are_found_by_their_headings(tmp_path):
    (tmp_path / "a.md").write_text("## One\n\nFirst.\n\n### Part\n\n## Two\nSecond.\n", "utf-8")
    sections = assets.read_sections(str(tmp_path / "a.py"), "a.md")
    assert sections == {"One": "First.\n\n### Part", "Two": "Second."}


@pytest.mark.parametrize(
    "text", sorted(PAGES.rglob("*.md")), ids=lambda path: path.as_posix()[len(str(PAGES)) :]
)
def test_formulas_are_closed(text):
    source = text.read_text("utf-8")
    assert source.count("$$") % 2 == 0
    assert re.sub(r"\$\$.*?\$\$", "", source, flags=re.DOTALL).count("$") % 2 == 0
