"""Two items next to each other: their images under one slider, and what differs in how they were made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import streamlit as st

from pages.gallery import address, file_view, grid
from pages.jobs import results
from pages.widgets import browser_images, words
from pages.widgets.ab_slider import ab_slider
from studio.core import amounts, tasks
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.gallery.items import Item

NAMES = ("A", "B")
_ALIKE = 0.02  # that the proportions of two images may differ by, for one slider to show both


def show(one: Item, other: Item) -> None:
    """Draws both, and below them what differs."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All", icon=":material/grid_view:", on_click=grid.back, key="compare_back")
        st.space("stretch")
        buttons: list[tuple[str, str, Callable[..., None], tuple[str, ...]]] = [
            ("Swap", ":material/swap_horiz:", address.compare, (other.id, one.id))
        ]
        for name, item in zip(NAMES, (one, other), strict=True):
            buttons.append((f"Open {name}", ":material/zoom_in:", address.open, (item.id,)))
        for label, icon, act, ids in buttons:
            st.button(label, icon=icon, on_click=act, args=ids, type="tertiary", key=f"compare_{label}")
    try:
        _both(one, other)
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
    st.subheader("What differs", anchor=False)
    if rows := list(differences(one, other)):
        st.table(dict(zip(("", *NAMES), zip(*rows, strict=True), strict=True)), hide_index=True)
    else:
        st.caption("No differences in the settings, inputs or models.")


def _both(one: Item, other: Item) -> None:
    """Under one slider where both are images of the same proportions, else next to each other."""
    files = [item.result.files[0] for item in (one, other)]
    names = [f"{name}: {item.name}" for name, item in zip(NAMES, (one, other), strict=True)]
    size = _size(files)
    if size is not None:
        shown = [browser_images.of_file(file.digest, size) for file in files]
        caption = ", ".join(names)
        ab_slider(*shown, ratio=size[0] / size[1], key="compare_slider", names=NAMES, caption=caption)
        return
    for place, file, name in zip(st.columns(2, gap="large"), files, names, strict=True):
        with place:
            file_view.image(file, None, name, key=f"compare_{name}")


def _size(files: list[File]) -> tuple[int, int] | None:
    """Width and height of the larger of two images; None where they are no images of one form."""
    if any(file.kind != "image" for file in files):
        return None
    sizes = sorted(image_io.size(file.read())[::-1] for file in files)
    (width, height), larger = sizes
    return larger if abs(width / height * larger[1] / larger[0] - 1) <= _ALIKE else None


def differences(one: Item, other: Item) -> Iterator[tuple[str, str, str]]:
    """What differs between two items: a noun, then how it is of the one, and of the other."""
    both = (one, other)
    for noun, told in (
        ("Name", [item.name for item in both]),
        ("Made by", [item.title for item in both]),
        ("Inputs", [words.made_of(item) for item in both]),
        ("Date", [_day(item) for item in both]),
        ("Duration", [amounts.duration(max(item.seconds, 1)) if item.seconds else "" for item in both]),
    ):
        if told[0] != told[1]:
            yield noun, words.plain(told[0]), words.plain(told[1])
    settings = [found for item in both if (found := _settings(item)) is not None]
    if one.task == other.task and len(settings) == len(both):
        yield from _set_apart(*settings)
    yield from _weights(*(item.result.recipe for item in both))


def _day(item: Item) -> str:
    return time.strftime("%d %B %Y, %H:%M", time.localtime(item.created)).lstrip("0")


def _settings(item: Item) -> Settings | None:
    settings = tasks.settings_of(item.task, item.settings)
    return settings and results.as_made(settings, item.result.recipe)


def _set_apart(one: Settings, other: Settings) -> Iterator[tuple[str, str, str]]:
    for name, field in type(one).described().items():
        values = getattr(one, name), getattr(other, name)
        if values[0] != values[1]:
            yield field.title, words.plain(_value(values[0])), words.plain(_value(values[1]))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value))
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def _weights(one: Recipe | None, other: Recipe | None) -> Iterator[tuple[str, str, str]]:
    """The weights that both name and that are not the same."""
    if one is None or other is None:
        return
    for name in sorted(one.weights.keys() & other.weights.keys()):
        if one.weights[name] != other.weights[name]:
            yield words.plain(f"Weights of {name}"), one.weights[name][:8], other.weights[name][:8]
