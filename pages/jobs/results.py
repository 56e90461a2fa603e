"""Shows a finished result: comparison with its content, downloads, variations and the recipe."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import Any

import streamlit as st

from pages.form import mask_input
from pages.form.seeds import MAX_SEED
from pages.jobs import commands, export_form
from pages.widgets import browser_images, keys, page_errors, video, words
from pages.widgets.image_viewer import Neighbors, show_image_viewer
from pages.widgets.marked_text import show_marked_text
from studio import engine
from studio.core import recipes, tasks
from studio.core.errors import StudioError
from studio.core.imaging import image_io, thumbnails
from studio.core.settings import SettingInfo, Settings
from studio.core.tasks import File, Inputs, Result

SEED_COUNT = 8  # jobs of "other seeds"
_MAX_CHARACTERS = 200_000  # of a text that is shown: longer ones are cut off
Start = Callable[[Settings], None]


def show_result(
    file: File,
    before: File | None,
    *,
    key: str,
    caption: str = "",
    name: str = "Content",
    neighbors: Neighbors | None = None,
) -> None:
    """Shows a result of any kind as large as the page allows.

    Args:
        file: the result.
        before: the content; None if there is none.
        key: of the widget.
        caption: below the result.
        name: label of the content.
        neighbors: of an image in its series.
    """
    try:
        if file.kind == "animation":
            video.play(file, caption, key=key)
        elif file.kind == "image":
            show_comparison(before, file.read(), key=key, caption=caption, name=name, neighbors=neighbors)
        elif file.kind == "text":
            show_marked_text(file.read().decode("utf-8", "replace")[:_MAX_CHARACTERS], key=key)
            st.caption(words.escape(caption))
        else:
            thumbnail = thumbnails.make_image(file, full_card=True)
            browser_images.show_with_caption(thumbnail, width="stretch", caption=caption)
    except StudioError as error:
        page_errors.show_error(error)


def show_comparison(
    before: File | None,
    data: bytes,
    *,
    key: str,
    caption: str = "",
    name: str = "Content",
    result_name: str = "Result",
    is_split: bool = True,
    neighbors: Neighbors | None = None,
) -> None:
    """Shows an image as large as the page allows, with its content under it; a lightbox shows it larger.

    Args:
        before: the content; None shows only the image.
        data: the image file.
        key: of the viewer.
        caption: below the image.
        name: label of the content.
        result_name: label of the image.
        is_split: whether the page shows the content, too; if not, only the lightbox does.
        neighbors: of the image in its series; None if it is alone.
    """
    image = browser_images.encode_bytes(data)
    shown_height, shown_width = image_io.read_size(image)
    height, width = image_io.read_upright_size(data)
    show_image_viewer(
        image,
        browser_images.encode_file(before.digest, (shown_width, shown_height)) if before else b"",
        size=(width, height),
        key=key,
        names=(name, result_name),
        is_split=is_split,
        caption=caption,
        details=_describe_main_settings(data),
        file=data,
        neighbors=neighbors,
    )


def _describe_main_settings(data: bytes) -> str:
    """Returns the main settings in the recipe of a PNG: "Strength 1 · Size 512 px"; "" without a recipe."""
    try:
        settings = recipes.read(data).parse_settings()
    except StudioError:
        return ""
    fields = settings.describe().items()
    values = {
        name: _format_setting(field, getattr(settings, name))
        for name, field in fields
        if field.tier == "main" and name != "seed" and name not in settings.ineffective_settings
    }
    return " · ".join(filter(None, values.values()))


def _format_setting(field: SettingInfo, value: Any) -> str:
    """Returns a number or a choice with its label: "Size 512 px"; "" for other kinds of settings."""
    if field.kind == "choice" and value:
        return f"{field.label} {words.choice_label(value).lower()}"
    if field.kind in ("int", "float") and value is not None:
        return f"{field.label} {value:g} {field.unit}".rstrip()
    return ""


def show_download(
    data: bytes,
    task: str,
    *,
    key: str,
    ending: str = ".png",
    recipe: Any,
    name: str = "",
    description: str = "",
    on_click: Callable[[], None] | None = None,
) -> None:
    """Draws the download button of a result, and one for its recipe; the menu *Export* for an image.

    Args:
        data: the file.
        task: that made the result.
        key: of the buttons.
        ending: of the file name; only a PNG contains its recipe.
        recipe: of the result; None if there is none.
        name: given by the user; "" derives it from the inputs.
        description: of an incomplete result: "preview, 512 x 341 px".
        on_click: callback of the download; None for none.
    """
    name = (
        words.make_file_name(name, ending)
        if name
        else make_file_name(recipe, task, f" {description}{ending}" if description else ending)
    )
    st.download_button(
        f"Download {description}".rstrip(),
        data,
        file_name=name,
        mime=video.MIMES.get(ending, "application/octet-stream"),
        icon=":material/download:",
        key=keys.part(key, "download"),
        on_click=on_click or "ignore",
    )
    if ending == ".png":
        export_form.show(data, name, key=key, on_click=on_click)
    elif recipe is not None:
        st.download_button(
            "Download recipe",
            recipe.to_json(),
            file_name=f"{name}.json",
            mime="application/json",
            icon=":material/receipt_long:",
            key=keys.part(key, "recipe"),
            on_click="ignore",
            help="Downloads the settings and seed behind this result. Save the recipe in the same folder as "
            "the file; `studio replay` uses it to recreate the file.",
        )


def show_file_download(file: File, task: str, *, key: str, recipe: Any, name: str = "") -> None:
    """Draws the download buttons of a stored file, see `show_download`; nothing if the file is gone."""
    if not file.is_available:
        return
    show_download(
        file.read(), task, key=key, ending=PurePath(file.name).suffix.lower(), recipe=recipe, name=name
    )


def make_file_name(recipe: Any, task: str = "", ending: str = ".png") -> str:
    """Returns a file name for a result: "coffee in mosaic.png".

    Args:
        recipe: of the result; None if there is none.
        task: that made the result, used without a recipe.
        ending: of the file.
    """
    stem = (
        tasks.suggest_name(recipe.task, recipe.settings, recipe.inputs)
        if recipe
        else tasks.suggest_name(task, {}, {})
    )
    return words.make_file_name(stem, ending)


def list_variants(settings: Settings) -> dict[str, dict[str, Any]]:
    """Returns small variations of settings: label -> changed settings."""
    changes: dict[str, dict[str, Any]] = {}
    for name, field in settings.describe().items():
        value = getattr(settings, name)
        if name == "seed":
            if seed_change := _derive_new_seed(settings):
                changes["Another seed"] = seed_change
        elif field.tier == "main" and name not in settings.ineffective_settings:
            for label, changed_value in _list_neighbors(field, value):
                if changed_value != value:
                    changes[label] = {name: changed_value}
    return changes


def _derive_new_seed(settings: Settings) -> dict[str, int]:
    """Returns a new seed, derived from the current one; an empty dict if the task uses no randomness."""
    if not settings.draws_at_random:
        return {}
    return {"seed": (getattr(settings, "seed", 0) * 31 + 17) % MAX_SEED}


def _list_neighbors(field: SettingInfo, value: Any) -> list[tuple[str, Any]]:
    """Returns other values of a main setting, with labels; none for sizes, which mostly change the time."""
    label = field.label.lower()
    if field.kind == "choice":
        return [(f"{field.label}: {words.choice_label(choice).lower()}", choice) for choice in field.choices]
    if None in (field.minimum, field.maximum) or field.name == "size":
        return []
    if field.kind == "int":
        candidates = (("Less", round(value / 1.5)), ("More", round(value * 1.5)))
    elif field.kind == "float":
        step = ((field.maximum or 0.0) - (field.minimum or 0.0)) / 5
        candidates = (("Less", round(value - step, 4)), ("More", round(value + step, 4)))
    else:
        return []
    candidates_in_range = [(word, min(max(new, field.minimum), field.maximum)) for word, new in candidates]
    return [(f"{word} {label}: {new:g}", new) for word, new in candidates_in_range]


def show_variants(
    settings: Settings, start: Start, *, key: str, start_all: Callable[[list[Settings]], None] | None = None
) -> None:
    """Draws the menu of variations, each of which starts a job.

    Args:
        settings: of the result.
        start: starts a job with changed settings.
        key: of the menu.
        start_all: starts several jobs as a batch; None if that is impossible.
    """
    variants = list_variants(settings)
    other_seeds = list_other_seeds(settings) if start_all else []
    labels = [*variants, *([f"{SEED_COUNT} other seeds"] if other_seeds else [])]
    if not labels:
        return
    choice = st.menu_button("Vary", labels, icon=":material/shuffle:", key=keys.part(key, "vary"))
    if choice in variants:
        start(settings.model_copy(update=variants[choice]))
    elif choice and start_all:
        start_all(other_seeds)


def list_other_seeds(settings: Settings) -> list[Settings]:
    """Returns the settings with `SEED_COUNT` other seeds; nothing if the task uses no randomness."""
    variants: list[Settings] = []
    while len(variants) < SEED_COUNT and (change := _derive_new_seed(settings)):
        settings = settings.model_copy(update=change)
        variants.append(settings)
    return variants


def actual_settings(settings: Settings, recipe: Any) -> Settings:
    """Returns the settings of the recipe, which differ from the request if a job was stopped early."""
    try:
        return settings if recipe is None else recipe.parse_settings()
    except StudioError:
        return settings


def show_recipe(task: str, settings: Settings, inputs: Inputs, recipe: Any) -> None:
    """Shows the recipe of a result as a command, as Python code and as JSON."""
    with st.expander("Recipe", icon=":material/receipt_long:"):
        settings_used = actual_settings(settings, recipe)
        if command := commands.format_command(task, settings_used, inputs):
            st.caption("The same in a terminal:")
            st.code(command, language="shell", wrap_lines=True)
        if program := commands.format_python(task, settings_used, inputs):
            st.caption("The same in Python:")
            st.code(program, language="python", wrap_lines=True)
        if masks := inputs.get("mask", ()):
            st.caption("The masks that these commands use:")
            mask_input.show_downloads(masks)
        st.caption("The recipe, as it is stored in the download:")
        text = recipe.to_json() if recipe is not None else settings.model_dump_json()
        st.code(json.dumps(json.loads(text), indent=2), language="json", wrap_lines=True, height=260)


def show_notes(notes: Iterable[object]) -> None:
    """Shows notes on a result, one per line."""
    for note in notes:
        st.caption(f":material/info: {words.escape(str(note))}")


def result_of(job: engine.Job) -> Result:
    """Returns the result of a job that has one."""
    assert job.result is not None
    return job.result
