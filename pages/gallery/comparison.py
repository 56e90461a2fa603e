"""Items side by side: two images under one slider, learning curves in one chart, a table of what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.gallery import address, grid, item_view, learning_curves
from pages.jobs import results
from pages.widgets import browser_images, page_errors, words
from pages.widgets.image_viewer import show_image_viewer
from studio.core import amounts, tasks
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.gallery.items import Item

NAMES = tuple("ABCDEF")
_MAX_NAMED_SETTINGS = 3  # in the name of a run
_FIGURE_LABELS = {
    "nats": "Cross-entropy (nats)",
    "nats_per_char": "Cross-entropy (nats per character)",
    "fid": "FID",
    "kid": "KID",
}
_MAX_RATIO_DIFFERENCE = 0.02  # largest relative difference of two aspect ratios that one slider can show


def show(items: Sequence[Item]) -> None:
    """Draws two to `address.MAX_COMPARED` items, and below them a table of what differs."""
    items_by_name = dict(zip(NAMES, items, strict=False))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All", icon=":material/grid_view:", on_click=grid.return_to_grid, key="compare_back")
        st.space("stretch")
        buttons: list[tuple[str, str, Callable[..., None], tuple[str, ...]]] = [
            (f"Open {name}", ":material/zoom_in:", address.open_item, (item.id,))
            for name, item in items_by_name.items()
        ]
        if len(items) == 2:
            swapped_ids = (items[1].id, items[0].id)
            buttons.insert(0, ("Swap", ":material/swap_horiz:", address.open_comparison, swapped_ids))
        for label, icon, on_click, ids in buttons:
            st.button(label, icon=icon, on_click=on_click, args=ids, type="tertiary", key=f"compare_{label}")
    try:
        _show_files(items_by_name)
    except StudioError as error:
        page_errors.show_error(error)
    _show_learning_curves(items_by_name)
    st.subheader("What differs", anchor=False)
    if rows := list(find_differences(items)):
        columns = ("", *items_by_name)
        st.table(dict(zip(columns, zip(*rows, strict=True), strict=True)), hide_index=True)
    else:
        st.caption("No differences in the settings, inputs or models.")


def _show_learning_curves(items_by_name: Mapping[str, Item]) -> None:
    """Draws the curves of training runs, which are named by their differing settings."""
    differences = _find_setting_differences(list(items_by_name.values()))
    runs, run_settings = {}, {}
    for number, (name, item) in enumerate(items_by_name.items()):
        texts = [f"{label} {values[number]}" for _, label, values in differences[:_MAX_NAMED_SETTINGS]]
        title = f"{name}: {', '.join(texts)}" if texts else name
        runs[title] = item
        run_settings[title] = {field: values[number] for field, _, values in differences}
    learning_curves.show(runs, run_settings, key="compare_metric")


def _show_files(items_by_name: Mapping[str, Item]) -> None:
    """Draws two images of the same aspect ratio under one slider, anything else side by side."""
    files = [item.result.files[0] for item in items_by_name.values()]
    captions = [f"{name}: {item.name}" for name, item in items_by_name.items()]
    size = _find_common_size(files)
    if size is not None:
        left, right = (browser_images.encode_file(file.digest, size) for file in files)
        show_image_viewer(
            right,
            left,
            size=size,
            key="compare_slider",
            names=(NAMES[0], NAMES[1]),
            caption=", ".join(captions),
            file=files[1].read(),
        )
        return
    columns = st.grid(min(3, len(files)), min_column_width=220)
    for name, file, caption in zip(items_by_name, files, captions, strict=True):
        with columns.cell():
            results.show_result(file, None, key=f"item_compare_{name}", caption=caption)


def _find_common_size(files: Sequence[File]) -> tuple[int, int] | None:
    """Returns width and height of the larger of two images; None unless their aspect ratios are alike."""
    if len(files) != 2 or any(file.kind != "image" for file in files):
        return None
    sizes = sorted(image_io.read_size(file.read())[::-1] for file in files)
    (width, height), larger = sizes
    return larger if abs(width / height * larger[1] / larger[0] - 1) <= _MAX_RATIO_DIFFERENCE else None


def find_differences(items: Sequence[Item]) -> Iterator[tuple[str, ...]]:
    """Yields what differs between items: a label, then the value of each item."""
    for label, describe in (
        ("Name", lambda item: item.name),
        ("Made by", lambda item: item.title),
        ("Inputs", words.describe_inputs),
        ("Date", item_view.format_date),
        ("Duration", lambda item: amounts.format_duration(max(item.seconds, 1)) if item.seconds else ""),
    ):
        yield from _make_row(label, map(describe, items))
    for _, label, values in _find_setting_differences(items):
        yield from _make_row(label, values)
    if len({item.task for item in items}) == 1:
        yield from _find_figure_differences([item.result.figures for item in items])
    yield from _find_weight_differences([item.result.recipe for item in items])


def _find_setting_differences(items: Sequence[Item]) -> list[tuple[str, str, list[str]]]:
    """Returns name, label and values of the settings that differ; none unless all items have one task."""
    settings = [item_settings for item in items if (item_settings := _parse_settings(item)) is not None]
    if len({item.task for item in items}) > 1 or len(settings) < len(items):
        return []
    rows = [
        (name, field.title, [getattr(item_settings, name) for item_settings in settings])
        for name, field in type(settings[0]).describe().items()
    ]
    return [
        (name, label, list(map(_format_value, values)))
        for name, label, values in rows
        if any(value != values[0] for value in values)
    ]


def _make_row(label: str, texts: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yields a row of the table, unless all texts are the same."""
    values = [words.escape(text) for text in texts]
    if len(set(values)) > 1:
        yield label, *values


def _parse_settings(item: Item) -> Settings | None:
    settings = tasks.parse_saved_settings(item.task, item.settings)
    return settings and results.actual_settings(settings, item.result.recipe)


def _format_value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_format_value, value))
    if isinstance(value, float):
        return amounts.format_number(value)
    return "" if value is None else str(value)


def _find_figure_differences(figures: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yields the numbers, such as an accuracy, that all results have and that differ, except durations."""
    for name in figures[0]:
        values: list[Any] = [figures_of_item.get(name) for figures_of_item in figures]
        if "seconds" not in name and all(
            isinstance(value, int | float) and not isinstance(value, bool) for value in values
        ):
            label = _FIGURE_LABELS.get(name, name.replace("_", " ").capitalize())
            yield from _make_row(label, map(amounts.format_number, values))


def _find_weight_differences(recipes: Sequence[Recipe | None]) -> Iterator[tuple[str, ...]]:
    """Yields the weights that all recipes name with different checksums."""
    weights = [recipe.weights if recipe else {} for recipe in recipes]
    for name in sorted(set.intersection(*map(set, weights))):
        yield from _make_row(words.escape(f"Weights of {name}"), (digests[name][:8] for digests in weights))
