"""A finished result: compared with its content, downloaded, made again, varied, used elsewhere, explained."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pages.parts import choices, commands, shown
from pages.parts.ab_slider import ab_slider
from pages.parts.forms import MOST_SEED
from studio.core import tasks
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs

Again = Callable[[Settings], None]


def compare(before: File | None, data: bytes, *, key: str, caption: str = "") -> None:
    """Shows a picture as large as the page allows, against the content it was made from."""
    after = shown.of_bytes(data)
    if before is None:
        st.image(after, caption=caption, width="stretch")
        return
    width, height = shown.size(after)
    content = shown.of_file(before.digest, (width, height))
    ab_slider(content, after, ratio=width / height, key=key, names=("Content", "Result"), caption=caption)


def download(data: bytes, task: str, *, key: str, on_click: Callable[[], None] | None = None) -> None:
    """The button that saves the PNG, with its recipe inside, to a person's device."""
    st.download_button(
        "Download",
        data,
        file_name=f"{task.partition('.')[0]}-{tasks.paths.digest(data)[:8]}.png",
        mime="image/png",
        icon=":material/download:",
        key=f"{key}_download",
        on_click=on_click or "ignore",
    )


def variants(settings: Settings) -> dict[str, dict[str, Any]]:
    """Small changes worth a try: label -> the settings that differ."""
    found: dict[str, dict[str, Any]] = {}
    for name, field in settings.described().items():
        if name == "seed":
            found["Another seed"] = {"seed": (getattr(settings, name) * 31 + 17) % MOST_SEED}
        elif field.kind == "float" and field.tier == "main" and None not in (field.least, field.most):
            value, nudge = getattr(settings, name), (field.most - field.least) / 5
            for word, new in (("Less", value - nudge), ("More", value + nudge)):
                new = round(min(max(new, field.least), field.most), 4)
                if new != value:
                    found[f"{word} {field.label.lower()}: {new:g}"] = {name: new}
    return found


def vary(settings: Settings, again: Again, *, key: str) -> None:
    """A menu of small changes, each of which starts a job."""
    with st.popover("Vary", icon=":material/shuffle:"):
        for number, (label, change) in enumerate(variants(settings).items()):
            changed = settings.model_copy(update=change)
            if st.button(label, key=f"{key}_vary_{number}", width="stretch"):
                again(changed)


def use_as(keep: Callable[[], File], slots: Mapping[str, str], *, key: str) -> None:
    """A menu of places where the result can go on: slot -> the title it gets there."""
    with st.popover("Use as", icon=":material/redo:"):
        for slot, own in slots.items():
            st.button(
                slot.capitalize(),
                key=f"{key}_as_{slot}",
                width="stretch",
                on_click=lambda slot=slot, own=own: choices.use(slot, keep(), own),
            )


def recipe(task: str, settings: Settings, inputs: Inputs, made: Any) -> None:
    """What made the result, to be copied: as a command and as text."""
    with st.expander("Recipe", icon=":material/receipt_long:"):
        st.caption("The same in a terminal:")
        st.code(commands.line(task, settings, inputs), language="shell", wrap_lines=True)
        st.caption("What made it, as the downloaded picture carries it:")
        text = made.to_json() if made is not None else settings.model_dump_json()
        st.code(json.dumps(json.loads(text), indent=2), language="json", wrap_lines=True, height=260)
