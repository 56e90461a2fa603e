"""The form of a search: the training task, its data, the search space, and the length of each trial."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.form import data_set_input, forms, problems
from pages.jobs.refill import Form
from pages.text import own_texts
from pages.tune import trials
from pages.widgets import keys, numbers, words
from studio import engine
from studio.core import amounts, tasks
from studio.core.settings import SettingInfo
from studio.core.tasks import Goal, Inputs, Task
from studio.text.batches import make_plan
from studio.text.settings import TrainTextSettings
from studio.tune.settings import TuneSettings
from studio.tune.space import METRIC_SETTINGS, TUNABLE_KINDS, Range, parse_space
from studio.tune.task import find_training_task, parse_shared_settings

TESTS_PER_TRIAL = 4  # validation passes per trial, for tasks with `test_every`


class Subject(NamedTuple):
    """A training task whose settings can be searched.

    Attributes:
        title: of the model.
        length: setting with the length of a training run; "" for none.
        short: default of `length` in a search; 0 derives it from the data.
        most: maximum of `length` in a search.
        small: settings that keep each trial short, unless they vary.
    """

    title: str
    length: str = ""
    short: int = 0
    most: int = 0
    small: tuple[str, ...] = ()


SUBJECTS = {
    "text": Subject("A language model", "epochs", 0, 100, ("units=96", "embedding=32")),
    "classify": Subject("A classifier"),
    "dcgan": Subject("A DCGAN", "steps", 400, 20_000),
    "vae": Subject("A VAE", "steps", 400, 20_000),
    "diffusion": Subject("A diffusion model", "steps", 400, 20_000),
    "colorize": Subject("Colorization", "steps", 400, 20_000),
    "enhance": Subject("Super-resolution", "steps", 400, 20_000),
    "restore": Subject("Damage detection", "steps", 400, 20_000),
}


def ask() -> tuple[TuneSettings | None, Inputs]:
    """Draws the form. Returns the settings, None if they are incomplete, and the inputs."""
    name = forms.ask_choice("Model", {name: subject.title for name, subject in SUBJECTS.items()}, key="train")
    inputs = _ask_data(name)
    settings = _ask_settings(name, inputs)
    return (settings if inputs else None), inputs


def can_put(_job: engine.Job, settings: TuneSettings) -> bool:
    """Returns whether the form can represent a search."""
    if settings.train not in SUBJECTS:
        return False
    subject, task = SUBJECTS[settings.train], tasks.get(f"{settings.train}.train")
    ranges = parse_space(task.settings, settings.vary) if settings.vary else {}
    fixed_names = {setting.partition("=")[0] for setting in subject.small} | {subject.length, "test_every"}
    fixed = {setting.partition("=")[0] for setting in settings.fixed}
    varying_names = {field.name for field in _list_variable_fields(subject, task)}
    return bool(ranges) and ranges.keys() <= varying_names and fixed <= fixed_names


def fill_form(job: engine.Job, settings: TuneSettings) -> None:
    """Fills the form with a search. Call it before the form is drawn."""
    name = settings.train
    subject, fields = SUBJECTS[name], tasks.get(f"{name}.train").settings.describe()
    st.session_state["train"] = name
    for file in (file for files in job.inputs.values() for file in files):
        (own_texts if file.kind == "text" else data_set_input).select(file)
    ranges = parse_space(tasks.get(f"{name}.train").settings, settings.vary)
    st.session_state[f"vary_{name}"] = list(ranges)
    for setting, value_range in ranges.items():
        key = f"range_{name}_{setting}"
        if value_range.choices:
            st.session_state[key] = list(value_range.choices)
        else:
            for side, end in zip(("from", "to"), value_range.bounds, strict=True):
                st.session_state[keys.part(key, side)] = _to_number(fields[setting], end)
    for word in settings.fixed:
        if word.partition("=")[0] == subject.length:
            st.session_state[_length_key(subject, job.inputs)] = int(word.partition("=")[2])


def describe_cost(settings: TuneSettings, inputs: Inputs) -> str:
    """Returns the cost of a trial: " One trial takes about 40 seconds on this machine."; "" if unknown."""
    task = find_training_task(settings)
    fixed = parse_shared_settings(settings)
    seconds = tasks.estimate_duration(task, task.settings.parse(fixed), inputs)
    return f" One trial takes {amounts.format_estimate(seconds)} on this machine." if seconds else ""


def _ask_data(name: str) -> Inputs:
    slot = tasks.get(f"{name}.train").inputs[0]
    if slot.kind == "text":
        text = own_texts.choose()
        return {slot.name: [text]} if text else {}
    data_set = data_set_input.choose()
    return {slot.name: [data_set.file]} if data_set else {}


def _ask_settings(name: str, inputs: Inputs) -> TuneSettings | None:
    subject, task = SUBJECTS[name], tasks.get(f"{name}.train")
    fields = task.settings.describe()
    names = st.multiselect(
        "Search space",
        [field.name for field in _list_variable_fields(subject, task)],
        default=list((task.goal or Goal()).search_settings),
        format_func=lambda name: fields[name].title,
        key=f"vary_{name}",
        persist_state="session",
    )
    vary = [_ask_range(name, fields[setting]) for setting in names]
    is_valid = None not in vary
    small = [word for word in subject.small if word.partition("=")[0] not in names]
    fixed = [*_ask_length(subject, fields, inputs), *small]
    extra = {"train": name, "vary": [text for text in vary if text], "fixed": fixed}
    if not names:
        problems.show("Choose at least one setting to vary.")
    settings = forms.ask_settings(TuneSettings, skip=tuple(extra), extra=extra, seed_mode="kept")
    return settings if names and is_valid else None


def _list_variable_fields(subject: Subject, task: Task) -> list[SettingInfo]:
    """Returns the settings that can vary without changing what the metric measures."""
    goal = task.goal or Goal()
    excluded = {*METRIC_SETTINGS, *goal.unit_settings, *goal.test_data_settings, "seed", subject.length}
    fields = task.settings.describe().values()
    return [field for field in fields if field.kind in TUNABLE_KINDS and field.name not in excluded]


def _ask_range(name: str, field: SettingInfo) -> str | None:
    """Asks for the range of a setting. Returns it in the form of `TuneSettings.vary`.

    Returns None after showing an error if it is not a range.
    """
    [default_range] = parse_space(tasks.get(f"{name}.train").settings, [field.name]).values()
    label, key = field.title, f"range_{name}_{field.name}"
    if default_range.choices:
        selected = st.pills(
            label,
            default_range.choices,
            default=list(default_range.choices),
            selection_mode="multi",
            format_func=words.choice_label,
            key=key,
            persist_state="session",
        )
        if len(selected) < 2:
            problems.show(f"Choose at least two values of {label}, or take it out of the search space.")
            return None
        return f"{field.name}={'|'.join(map(str, selected))}"
    ends = []
    sides = zip(st.columns(2), ("from", "to"), default_range.bounds, strict=True)
    for column, side, end in sides:
        with column:
            ends.append(
                numbers.ask_number(
                    f"{label}, {side}",
                    value=_to_number(field, end),
                    min_value=_to_number(field, field.minimum),
                    max_value=_to_number(field, field.maximum),
                    step=_step_of(field, default_range),
                    format=None if field.kind == "int" else "%g",
                    key=keys.part(key, side),
                    persist_state="session",
                )
            )
    start, end = ends
    if start >= end:
        problems.show(f"{label}: “from” must be below “to”, but {start:g} is not below {end:g}.")
        return None
    return f"{field.name}={start}:{end}"


def _to_number(field: SettingInfo, value: float | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if field.kind == "int" else float(value)


def _step_of(field: SettingInfo, default_range: Range) -> int | float:
    low, high = default_range.bounds
    return 1 if field.kind == "int" else (high - low) / 20


def _ask_length(subject: Subject, fields: dict[str, SettingInfo], inputs: Inputs) -> list[str]:
    if not subject.length:
        return []
    field = fields[subject.length]
    value = numbers.ask_number(
        f"{field.title} per trial",
        min_value=1,
        max_value=subject.most,
        value=subject.short or _compute_default_epochs(inputs),
        key=_length_key(subject, inputs),
        persist_state="session",
        help="Keep trials short: they show which settings work. Train the best one longer afterwards.",
    )
    # Pruning needs measurements during training.
    tests = [f"test_every={max(1, value // TESTS_PER_TRIAL)}"] if "test_every" in fields else []
    return [f"{subject.length}={value}", *tests]


def _length_key(subject: Subject, inputs: Inputs) -> str:
    return f"length_{subject.length}_{subject.short or _compute_default_epochs(inputs)}"


def _compute_default_epochs(inputs: Inputs) -> int:
    """Returns half the epochs of a default training run on the text: with fewer, it learns nothing."""
    if not inputs:
        return 1
    chars = own_texts.read_facts(inputs["text"][0]).facts.chars
    return max(1, make_plan(np.zeros(chars, "int8"), TrainTextSettings()).epochs // 2)


FORMS = (Form(task=trials.TASK, can_take=can_put, fill=fill_form),)
