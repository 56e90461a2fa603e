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
    ("lab", {"lab_model": "Boltzmann machine"}),
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
PARAMETERS_WITHOUT_WIDGET = (
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
INVALID_VALUES = ["", "-1", "99999999999999999999", "1e999", "nan", "../../etc\0", "é" * 999]


def list_bound_parameters(block) -> set[str]:
    """Returns the query parameters that the elements are bound to."""
    names = set()
    for child in block.children.values():
        names.add(getattr(getattr(child, "proto", None), "query_param_key", ""))
        if isinstance(child, Block):
            names |= list_bound_parameters(child)
    return names - {""}


@pytest.mark.slow
@pytest.mark.parametrize("address, half", HALVES, ids=str)
def test_invalid_values_in_an_address_are_ignored(visit, no_live_work, address, half):
    default_page = visit(address, **half)
    names = sorted({*list_bound_parameters(default_page.main), *PARAMETERS_WITHOUT_WIDGET} - half.keys())
    for number, nonsense in enumerate(INVALID_VALUES):
        # Every second name has the value twice, alternating between runs.
        params = {
            name: nonsense if (position + number) % 2 else [nonsense] * 2
            for position, name in enumerate(names)
        }
        page = visit(address, **half, **params)
        assert not page.exception, nonsense
        assert page.title[0].value == default_page.title[0].value


@pytest.mark.parametrize(
    "address, params, warning",
    [
        ("dream", {"content": "Nosuch"}, "There is no image called Nosuch\\."),
        ("style", {"style": ["Mosaic", "Nosuch"]}, "There is no image called Nosuch\\."),
        ("guide", {"page": "nothing"}, "There is no guide called nothing\\."),
    ],
    ids=["content", "style", "guide"],
)
def test_unknown_name_in_an_address_shows_a_warning(visit, no_live_work, address, params, warning):
    assert [element.value for element in visit(address, **params).main.warning] == [warning]
    right = {"content": "Coffee", "style": "Mosaic", "page": "style"}
    assert not visit(address, **{name: right[name] for name in params}).main.warning


@pytest.mark.parametrize(
    "first_address, second_address, selected", [("faces", "style", "photo"), ("style", "faces", "faces")]
)
def test_choice_of_one_page_does_not_change_another(
    visit, no_live_work, first_address, second_address, selected
):
    """Each page has its own options under `what`."""
    page = visit(first_address)
    page.switch_page(next(entry.file for entry in PAGES if entry.address == second_address)).run()
    assert not page.exception and page.button_group(key="what").value == selected
    assert not page.run().exception
