"""Addresses that were typed by hand or written by another version."""

from __future__ import annotations

import pytest
from streamlit.testing.v1.element_tree import Block

from pages.jobs.navigation import PAGES

HALVES = [
    ("", {}),
    ("style", {}),
    ("style", {"what": "A video"}),
    ("style", {"brush": "true", "style": ["Mosaic", "Wash"]}),
    ("dream", {}),
    ("dream", {"see": "Layers and channels", "guide.on": "true", "zoom.on": "true"}),
    ("playground", {}),
    ("playground", {"frames.on": "true"}),
    ("x-ray", {"filter": "true"}),
    ("x-ray", {"backbone": "ResNet50", "branches": "true"}),
    ("lab", {}),
    ("lab", {"taught": "Boltzmann machine"}),
    ("sketch", {}),
    ("sketch", {"kind": "Parts", "night": "true"}),
    ("faces", {}),
    ("faces", {"interpolate.on": "true"}),
    ("text", {}),
    ("text", {"do": "Train"}),
    ("text", {"do": "Who wrote this?"}),
    ("classify", {}),
    ("classify", {"half": "Try"}),
    ("train-generator", {}),
    ("train-generator", {"learn_from": "Your gallery", "kind": "VAE"}),
    ("tune", {}),
    ("tune", {"select_by": "Your preference"}),
    ("gallery", {}),
    ("health", {}),
]
UNBOUND = (
    "job",
    "item",
    "content.file",
    "style.file",
    "guide.file",
    "photo.file",
    "image.file",
    "mask_file",
    "paint",
    "video_file",
    "before",
    "written",
    "token",
)
NONSENSE = [
    "None",
    "",
    "null",
    "-1",
    "99999999999999999999",
    "1e999",
    "nan",
    "[]",
    "../../etc",
    "\0",
    "é" * 999,
]


def keys(block) -> set[str]:
    """Returns the query parameters that the elements are bound to."""
    names = set()
    for child in block.children.values():
        names.add(getattr(getattr(child, "proto", None), "query_param_key", ""))
        if isinstance(child, Block):
            names |= keys(child)
    return names - {""}


@pytest.fixture
def quiet(monkeypatch):
    """Prevents pages from starting live work."""
    for name in (
        "parts.show_live",
        "faces.grid_view.show",
        "playground.learning.show",
        "sketch.easel.show_result",
        "jobs.live.live_result",
    ):
        monkeypatch.setattr(f"pages.{name}", lambda *args, **more: None)


@pytest.mark.slow
@pytest.mark.parametrize("address, half", HALVES, ids=str)
def test_nonsense_in_an_address_is_passed_over(visit, quiet, address, half):
    usual = visit(address, **half)
    names = sorted({*keys(usual.main), *UNBOUND} - half.keys())
    for number, nonsense in enumerate(NONSENSE):
        # Every second name has the value twice, alternating between runs.
        params = {name: nonsense if (at + number) % 2 else [nonsense] * 2 for at, name in enumerate(names)}
        page = visit(address, **half, **params)
        assert not page.exception, nonsense
        assert page.title[0].value == usual.title[0].value


@pytest.mark.parametrize(
    "address, params, warning",
    [
        ("dream", {"content": "Nosuch"}, "There is no image called Nosuch\\."),
        ("style", {"style": ["Mosaic", "Nosuch"]}, "There is no image called Nosuch\\."),
        ("guide", {"page": "nothing"}, "There is no guide called nothing\\."),
    ],
    ids=["content", "style", "guide"],
)
def test_a_name_in_an_address_that_is_not_there_is_said(visit, quiet, address, params, warning):
    assert [element.value for element in visit(address, **params).main.warning] == [warning]
    right = {"content": "Coffee", "style": "Mosaic", "page": "style"}
    assert not visit(address, **{name: right[name] for name in params}).main.warning


@pytest.mark.parametrize("there, back, first", [("faces", "style", "photo"), ("style", "faces", "faces")])
def test_what_is_chosen_on_one_page_is_no_choice_on_another(visit, quiet, there, back, first):
    """Each page has its own options under `what`."""
    page = visit(there)
    page.switch_page(next(place.file for place in PAGES if place.address == back)).run()
    assert not page.exception and page.button_group(key="what").value == first
    assert not page.run().exception
