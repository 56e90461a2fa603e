"""The form of a search by preference: method, images and search space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import streamlit as st

from pages.form import forms, image_input, problems, samples
from pages.widgets import words
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.settings import SettingInfo, Settings
from studio.core.tasks import Inputs
from studio.dream.layer_terms import parse_target
from studio.dream.presets import DREAM_PRESETS
from studio.dream.settings import DreamSettings
from studio.style.settings import MAX_STYLES
from studio.tune.space import Range, parse_space

SIZE = 256  # px of the images that are compared
MAX_SETTINGS_VARIED = 3  # thirty comparisons cannot resolve more settings


class Subject(NamedTuple):
    """A method whose settings can be searched by preference.

    Attributes:
        title: of the method.
        varied: settings that vary by default, with their ranges.
        options: settings that can vary, with their widest ranges; "" for the range of the setting.
        shared: settings of all images that differ from the defaults.
        other_settings: settings that the form asks for unless they vary.
        needs: returns the names of the required weights.
    """

    title: str
    varied: Mapping[str, str]
    options: Mapping[str, str]
    shared: Mapping[str, Any]
    other_settings: tuple[str, ...]
    needs: Callable[[Any, Mapping[str, Range]], list[str]]


def _list_backbones(settings: DreamSettings, ranges: Mapping[str, Range]) -> list[str]:
    presets = ranges["look"].choices if "look" in ranges else [settings.look]
    return list(dict.fromkeys(parse_target(name, (), "auto").backbone for name in presets))


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
        # Larger values would make the user wait too long for the next pair.
        {"look": "", "steps": "1:30", "octaves": "1:6"}
        | dict.fromkeys(("octave_scale", "step_size", "gradient_smoothing", "color_penalty"), ""),
        {},
        ("look",),
        _list_backbones,
    ),
}


class Question(NamedTuple):
    """A search that can start: its task, shared settings, search space and inputs."""

    task: str
    settings: Settings
    vary: tuple[str, ...]
    inputs: Callable[[], Inputs]


def ask() -> Question | None:
    """Draws the form. Returns None while it is incomplete."""
    titles = {task: subject.title for task, subject in SUBJECTS.items()}
    task = forms.ask_choice("Method", titles, key="make")
    content = image_input.choose_image("content", "Content", samples.list_photos())
    styles = []
    if task == "style.transfer":
        styles = image_input.choose_images(
            "style",
            "Style",
            samples.list_paintings(),
            max_images=MAX_STYLES,
            blend_label="Blend several styles",
        )
        st.caption(
            ":material/info: These images use the style image directly, so that stroke size can vary. The "
            "Style page uses a trained network for these samples, so its results are stronger."
        )
    vary = _ask_search_space(task)
    if not vary:
        problems.show("Choose at least one setting to vary.")
        return None
    kind, subject = tasks.get(task).settings, SUBJECTS[task]
    names = {word.partition("=")[0] for word in vary}
    values = forms.ask_fields(kind, [name for name in subject.other_settings if name not in names])
    try:
        parse_space(kind, vary)
        settings = kind.parse({**subject.shared, **values, "size": SIZE})
    except StudioError as error:
        problems.show(str(error))
        return None

    def load_inputs() -> Inputs:
        images = {"style": [style.get_file() for style in styles]} if styles else {}
        return {"content": [content.get_file()]} | images

    return Question(task, settings, vary, load_inputs)


def list_weights_needed(task: str, settings: Settings, ranges: Mapping[str, Range]) -> list[str]:
    """Returns the names of the weights that the images of a search need."""
    return SUBJECTS[task].needs(settings, ranges) if task in SUBJECTS else []


def _ask_search_space(task: str) -> tuple[str, ...]:
    subject, kind = SUBJECTS[task], tasks.get(task).settings
    fields = kind.describe()
    names = st.multiselect(
        "Search space",
        list(subject.options),
        default=list(subject.varied),
        format_func=lambda name: fields[name].title,
        max_selections=MAX_SETTINGS_VARIED,
        key=f"preference_vary_{task.partition('.')[0]}",
        help="Settings to vary; choose two or three, because each further setting needs more comparisons",
    )
    return tuple(_ask_range(kind, fields[name], subject) for name in names)


def _ask_range(kind: type[Settings], field: SettingInfo, subject: Subject) -> str:
    """Asks for the range of a setting. Returns it in the form of `studio.tune.space.parse_space`."""
    from studio.tune.by_preference.levels import list_levels

    initial_range, limit = subject.varied.get(field.name), subject.options[field.name]
    [default_range] = parse_space(kind, [f"{field.name}={limit}"]).values()
    key, label = f"preference_range_{field.name}", field.title
    if default_range.choices:
        selected = st.pills(
            label,
            default_range.choices,
            default=initial_range.split("|") if initial_range else list(default_range.choices),
            selection_mode="multi",
            format_func=words.choice_label,
            help="\n".join(
                f"- **{words.choice_label(name)}**: {preset.description}"
                for name, preset in DREAM_PRESETS.items()
            )
            if field.name == "look"
            else None,
            key=key,
        )
        return f"{field.name}={'|'.join(map(str, selected))}"
    steps = list_levels(field, default_range)
    initial = (
        list_levels(field, *parse_space(kind, [f"{field.name}={initial_range}"]).values())
        if initial_range
        else steps
    )
    low, high = st.select_slider(
        label, steps, value=(initial[0], initial[-1]), format_func=lambda value: f"{value:g}", key=key
    )
    return f"{field.name}={low}:{high}"
