"""What a search by preference asks for: which images, of what, and which settings vary how far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import streamlit as st

from pages.form import forms, image_input, samples
from pages.widgets import words
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.settings import Described, Settings
from studio.core.tasks import Inputs
from studio.dream.layer_terms import read
from studio.dream.looks import LOOKS
from studio.dream.settings import DreamSettings
from studio.tune.space import Range, space

SIZE = 256  # px of the images that are compared
MOST_VARIED = 3  # more than thirty comparisons can tell of


class Subject(NamedTuple):
    """Images whose settings are searched by preference.

    Attributes:
        title: what a user calls it.
        varied: the settings that vary at first, each with its range there.
        offered: all that may vary, each with how far it may at most, "" for as far as its page lets it.
        shared: settings that differ from the usual in all images.
        asked: settings that are asked for where they do not vary.
        needs: gives the weights that the images take.
    """

    title: str
    varied: Mapping[str, str]
    offered: Mapping[str, str]
    shared: Mapping[str, Any]
    asked: tuple[str, ...]
    needs: Callable[[Any, Mapping[str, Range]], list[str]]


def _backbones(settings: DreamSettings, ranges: Mapping[str, Range]) -> list[str]:
    looks = ranges["look"].choices if "look" in ranges else [settings.look]
    return list(dict.fromkeys(read(look, (), "auto").backbone for look in looks))


SUBJECTS = {
    "style.transfer": Subject(
        "Style",
        {"strength": "0.3:1", "stroke_size": "0.35:2.8"},
        {"strength": "", "stroke_size": "", "keep_colors": ""},
        {"mode": "instant"},
        (),
        lambda _settings, _ranges: ["adain"],
    ),
    "dream.ascend": Subject(
        "Dream",
        {"look": "dogs|eyes|birds|swirls", "steps": "4:14", "octaves": "2:5"},
        # Deeper ones take longer than a user waits for the next pair.
        {"look": "", "steps": "1:30", "octaves": "1:6"}
        | dict.fromkeys(("octave_scale", "step_size", "softness", "hold_colors"), ""),
        {},
        ("look",),
        _backbones,
    ),
}


class Question(NamedTuple):
    """A search that can begin: its task, what all images share, what varies, and their inputs."""

    task: str
    settings: Settings
    vary: tuple[str, ...]
    inputs: Callable[[], Inputs]


def ask() -> Question | None:
    """Draws the questions; None while they are no search yet."""
    titles = {task: subject.title for task, subject in SUBJECTS.items()}
    task = forms.one_of("Method", titles, key="make")
    content = image_input.image("content", "Content", samples.photos())
    styles = []
    if task == "style.transfer":
        styles = image_input.images(
            "style", "Style", samples.paintings(), most=4, blend="Blend several styles"
        )
        st.caption(
            ":material/info: These images use the style image directly, so that stroke size can vary. The "
            "Style page uses a trained network for these samples, so its results are stronger."
        )
    vary = _varied(task)
    if not vary:
        st.caption(":material/info: Choose at least one setting to vary.")
        return None
    kind, subject = tasks.get(task).settings, SUBJECTS[task]
    names = {word.partition("=")[0] for word in vary}
    asked = forms.fields(kind, [name for name in subject.asked if name not in names])
    try:
        space(kind, vary)
        settings = kind.parse({**subject.shared, **asked, "size": SIZE})
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None

    def inputs() -> Inputs:
        images = {"style": [style.file() for style in styles]} if styles else {}
        return {"content": [content.file()]} | images

    return Question(task, settings, vary, inputs)


def weights_needed(task: str, settings: Settings, ranges: Mapping[str, Range]) -> list[str]:
    """The weights that the images of a search take."""
    return SUBJECTS[task].needs(settings, ranges) if task in SUBJECTS else []


def _varied(task: str) -> tuple[str, ...]:
    subject, kind = SUBJECTS[task], tasks.get(task).settings
    fields = kind.described()
    chosen = st.multiselect(
        "Search space",
        list(subject.offered),
        default=list(subject.varied),
        format_func=lambda name: fields[name].title,
        max_selections=MOST_VARIED,
        key=f"eye_vary_{task.partition('.')[0]}",
        help="Vary two or three settings; fewer settings need fewer comparisons",
    )
    return tuple(_how_far(kind, fields[name], subject) for name in chosen)


def _how_far(kind: type[Settings], field: Described, subject: Subject) -> str:
    """The range of one setting, as `studio.tune.space.space` takes it."""
    from studio.tune.by_preference.levels import levels

    first, most = subject.varied.get(field.name), subject.offered[field.name]
    [usual] = space(kind, [f"{field.name}={most}"]).values()
    key, label = f"eye_range_{field.name}", field.title
    if usual.choices:
        picked = st.pills(
            label,
            usual.choices,
            default=first.split("|") if first else list(usual.choices),
            selection_mode="multi",
            format_func=words.choice,
            help="\n".join(f"- **{words.choice(name)}**: {look.what}" for name, look in LOOKS.items())
            if field.name == "look"
            else None,
            key=key,
        )
        return f"{field.name}={'|'.join(map(str, picked))}"
    able = levels(field, usual)
    begin = levels(field, *space(kind, [f"{field.name}={first}"]).values()) if first else able
    low, high = st.select_slider(
        label, able, value=(begin[0], begin[-1]), format_func=lambda value: f"{value:g}", key=key
    )
    return f"{field.name}={low}:{high}"
