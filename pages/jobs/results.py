"""A finished result: compared with its content, downloaded, made again, varied, used elsewhere, explained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import streamlit as st

from pages.form import mask_input
from pages.form.forms import MOST_SEED
from pages.jobs import commands
from pages.widgets import browser_images, keys, video, words
from pages.widgets.ab_slider import ab_slider
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.imaging import image_io, thumbnails
from studio.core.settings import Described, Settings
from studio.core.tasks import File, Inputs, Result

MOST_SEEDS = 8
Again = Callable[[Settings], None]


def show_result(
    file: File, before: File | None, *, key: str, caption: str = "", name: str = "Content"
) -> None:
    """Shows a result as large as the page allows, whatever kind it is; `name` is as in `compare`."""
    if file.kind == "animation":
        video.play(file, caption)
    elif file.kind != "image":
        browser_images.captioned(thumbnails.image_of(file, whole=True), caption=caption)
    else:
        compare(before, file.read(), key=key, caption=caption, name=name)


def compare(before: File | None, data: bytes, *, key: str, caption: str = "", name: str = "Content") -> None:
    """Shows an image as large as the page allows, against the content it was made from.

    Args:
        before: the content; None for none.
        data: the image.
        name: what the content is called.
    """
    if before is None:
        browser_images.image(data, caption=caption)
        return
    after = browser_images.of_bytes(data)
    height, width = image_io.size(after)
    content = browser_images.of_file(before.digest, (width, height))
    ab_slider(content, after, ratio=width / height, key=key, names=(name, "Result"), caption=caption)


def download(
    data: bytes,
    task: str,
    *,
    key: str,
    ending: str = ".png",
    made: Any,
    name: str = "",
    what: str = "",
    on_click: Callable[[], None] | None = None,
) -> None:
    """The button that saves a result to a user's device; a second one for the recipe that is not inside it.

    Args:
        ending: of the file's name; only a PNG carries its recipe.
        made: the recipe.
        name: what its owner calls it; "" for what it was made of.
        what: it is, where that is not the whole result: "preview, 512 x 341 px".
    """
    name = (
        words.file_name(name, ending) if name else named(made, task, f" {what}{ending}" if what else ending)
    )
    st.download_button(
        f"Download {what}".rstrip(),
        data,
        file_name=name,
        mime=video.MIMES.get(ending, "application/octet-stream"),
        icon=":material/download:",
        key=keys.part(key, "download"),
        on_click=on_click or "ignore",
    )
    if ending != ".png" and made is not None:
        st.download_button(
            "Download recipe",
            made.to_json(),
            file_name=f"{name}.json",
            mime="application/json",
            icon=":material/receipt_long:",
            key=keys.part(key, "recipe"),
            on_click="ignore",
            help="Keep the recipe next to the file: `studio replay` makes the file again from it",
        )


def download_file(file: File, task: str, *, key: str, made: Any, name: str = "") -> None:
    """As `download`, for a kept file."""
    download(file.read(), task, key=key, ending=PurePath(file.name).suffix.lower(), made=made, name=name)


def named(made: Any, task: str = "", ending: str = ".png") -> str:
    """What a user would call the file of a result: "coffee in mosaic.png".

    Args:
        made: its recipe; None where there is none.
        task: what made it, in that case.
        ending: of the file.
    """
    told = tasks.called(made.task, made.settings, made.inputs) if made else tasks.called(task, {}, {})
    return words.file_name(told, ending)


def variants(settings: Settings) -> dict[str, dict[str, Any]]:
    """Small changes worth a try: label -> the settings that differ."""
    found: dict[str, dict[str, Any]] = {}
    for name, field in settings.described().items():
        value = getattr(settings, name)
        if name == "seed":
            if change := _another_seed(settings):
                found["Another seed"] = change
        elif field.tier == "main" and name not in settings.ineffective:
            for label, new in _neighbors(field, value):
                if new != value:
                    found[label] = {name: new}
    return found


def _another_seed(settings: Settings) -> dict[str, int]:
    """Nothing where nothing is drawn at random."""
    if not settings.draws_at_random:
        return {}
    return {"seed": (getattr(settings, "seed", 0) * 31 + 17) % MOST_SEED}


def _neighbors(field: Described, value: Any) -> list[tuple[str, Any]]:
    """Other values of a main setting, each with a label; none of sizes, which change little but the time."""
    label = field.label.lower()
    if field.kind == "choice":
        return [(f"{field.label}: {words.choice(choice).lower()}", choice) for choice in field.choices]
    if None in (field.least, field.most) or field.name == "size":
        return []
    if field.kind == "int":
        near = (("Less", round(value / 1.5)), ("More", round(value * 1.5)))
    elif field.kind == "float":
        nudge = ((field.most or 0.0) - (field.least or 0.0)) / 5
        near = (("Less", round(value - nudge, 4)), ("More", round(value + nudge, 4)))
    else:
        return []
    within = [(word, min(max(new, field.least), field.most)) for word, new in near]
    return [(f"{word} {label}: {new:g}", new) for word, new in within]


def vary(
    settings: Settings, again: Again, *, key: str, all: Callable[[list[Settings]], None] | None = None
) -> None:
    """A menu of small changes, each of which starts a job.

    Args:
        all: starts several as one batch, if they can be.
    """
    with st.popover("Vary", icon=":material/shuffle:"):
        for number, (label, change) in enumerate(variants(settings).items()):
            changed = settings.model_copy(update=change)
            if st.button(label, key=keys.part(key, f"vary_{number}"), width="stretch"):
                again(changed)
        several = other_seeds(settings) if all else []
        label = f"{len(several)} other seeds"
        if all and several and st.button(label, key=keys.part(key, "vary_seeds"), width="stretch"):
            all(several)


def other_seeds(settings: Settings) -> list[Settings]:
    """The same with MOST_SEEDS other seeds; nothing where nothing is drawn at random."""
    found: list[Settings] = []
    while len(found) < MOST_SEEDS and (change := _another_seed(settings)):
        settings = settings.model_copy(update=change)
        found.append(settings)
    return found


def as_made(settings: Settings, made: Any) -> Settings:
    """The settings of the recipe: of a job that was stopped early they differ from those asked for."""
    try:
        return settings if made is None else made.checked_settings()
    except StudioError:
        return settings


def recipe(task: str, settings: Settings, inputs: Inputs, made: Any) -> None:
    """What made the result, to be copied: as a command, as Python and as text."""
    with st.expander("Recipe", icon=":material/receipt_long:"):
        wish = as_made(settings, made)
        if command := commands.line(task, wish, inputs):
            st.caption("The same in a terminal:")
            st.code(command, language="shell", wrap_lines=True)
        if program := commands.python(task, wish, inputs):
            st.caption("The same in Python:")
            st.code(program, language="python", wrap_lines=True)
        if masks := inputs.get("mask", ()):
            st.caption("The masks that these commands use:")
            mask_input.downloads(masks)
        st.caption("The recipe, as it is stored in the download:")
        text = made.to_json() if made is not None else settings.model_dump_json()
        st.code(json.dumps(json.loads(text), indent=2), language="json", wrap_lines=True, height=260)


def of_job(job: engine.Job) -> Result:
    """The result of a job that has one."""
    assert job.result is not None
    return job.result
