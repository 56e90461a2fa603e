"""Two items side by side: their images under one slider, and a table of what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import streamlit as st

from pages.gallery import address, file_view, grid, item_view
from pages.jobs import results
from pages.widgets import browser_images, words
from pages.widgets.image_viewer import show_image_viewer
from studio.core import amounts, tasks
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.gallery.items import Item

NAMES = ("A", "B")
_MAX_RATIO_DIFFERENCE = 0.02  # largest relative difference of two aspect ratios that one slider can show


def show(first: Item, second: Item) -> None:
    """Draws both items, and below them a table of what differs."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All", icon=":material/grid_view:", on_click=grid.return_to_grid, key="compare_back")
        st.space("stretch")
        buttons: list[tuple[str, str, Callable[..., None], tuple[str, ...]]] = [
            ("Swap", ":material/swap_horiz:", address.open_comparison, (second.id, first.id))
        ]
        for name, shown_item in zip(NAMES, (first, second), strict=True):
            buttons.append((f"Open {name}", ":material/zoom_in:", address.open_item, (shown_item.id,)))
        for label, icon, on_click, ids in buttons:
            st.button(label, icon=icon, on_click=on_click, args=ids, type="tertiary", key=f"compare_{label}")
    try:
        _show_files(first, second)
    except StudioError as error:
        st.error(words.escape(str(error)), icon=":material/error:")
    st.subheader("What differs", anchor=False)
    if rows := list(find_differences(first, second)):
        st.table(dict(zip(("", *NAMES), zip(*rows, strict=True), strict=True)), hide_index=True)
    else:
        st.caption("No differences in the settings, inputs or models.")


def _show_files(first: Item, second: Item) -> None:
    """Draws two images of the same aspect ratio under one slider, anything else side by side."""
    files = [item.result.files[0] for item in (first, second)]
    names = [f"{name}: {item.name}" for name, item in zip(NAMES, (first, second), strict=True)]
    size = _find_common_size(files)
    if size is not None:
        left, right = (browser_images.encode_file(file.digest, size) for file in files)
        show_image_viewer(
            right,
            left,
            size=size,
            key="compare_slider",
            names=NAMES,
            caption=", ".join(names),
            file=files[1].read(),
        )
        return
    for column, file, name in zip(st.columns(2, gap="large"), files, names, strict=True):
        with column:
            file_view.show(file, None, name, key=f"compare_{name}")


def _find_common_size(files: list[File]) -> tuple[int, int] | None:
    """Returns width and height of the larger image, or None unless both are images of one aspect ratio."""
    if any(file.kind != "image" for file in files):
        return None
    sizes = sorted(image_io.read_size(file.read())[::-1] for file in files)
    (width, height), larger = sizes
    return larger if abs(width / height * larger[1] / larger[0] - 1) <= _MAX_RATIO_DIFFERENCE else None


def find_differences(first: Item, second: Item) -> Iterator[tuple[str, str, str]]:
    """Yields what differs between two items: a label, the value of the first, that of the second."""
    items = (first, second)
    for label, values in (
        ("Name", [item.name for item in items]),
        ("Made by", [item.title for item in items]),
        ("Inputs", [words.describe_inputs(item) for item in items]),
        ("Date", [item_view.format_date(item) for item in items]),
        (
            "Duration",
            [amounts.format_duration(max(item.seconds, 1)) if item.seconds else "" for item in items],
        ),
    ):
        if values[0] != values[1]:
            yield label, words.escape(values[0]), words.escape(values[1])
    settings = [item_settings for item in items if (item_settings := _parse_settings(item)) is not None]
    if first.task == second.task and len(settings) == len(items):
        yield from _find_setting_differences(*settings)
    yield from _find_weight_differences(*(item.result.recipe for item in items))


def _parse_settings(item: Item) -> Settings | None:
    settings = tasks.parse_saved_settings(item.task, item.settings)
    return settings and results.actual_settings(settings, item.result.recipe)


def _find_setting_differences(first: Settings, second: Settings) -> Iterator[tuple[str, str, str]]:
    for name, field in type(first).describe().items():
        values = getattr(first, name), getattr(second, name)
        if values[0] != values[1]:
            yield field.title, words.escape(_format_value(values[0])), words.escape(_format_value(values[1]))


def _format_value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_format_value, value))
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def _find_weight_differences(first: Recipe | None, second: Recipe | None) -> Iterator[tuple[str, str, str]]:
    """Yields the weights that both recipes name with different checksums."""
    if first is None or second is None:
        return
    for name in sorted(first.weights.keys() & second.weights.keys()):
        if first.weights[name] != second.weights[name]:
            yield words.escape(f"Weights of {name}"), first.weights[name][:8], second.weights[name][:8]
