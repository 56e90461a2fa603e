"""What a search asks for: the training, what it learns from, what varies and how far, how long each takes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from pages.form import data_set_input, forms
from pages.jobs.refill import Form
from pages.text import own_texts
from pages.tune import trials
from pages.widgets import keys, numbers, words
from studio import engine
from studio.core import amounts, tasks
from studio.core.errors import StudioError
from studio.core.settings import Described
from studio.core.tasks import Goal, Inputs
from studio.text.batches import plan
from studio.text.settings import TrainTextSettings
from studio.tune.settings import TuneSettings
from studio.tune.space import KINDS, YARDSTICK, Range, space
from studio.tune.task import shared_settings, trained

# Which change what is measured: training runs that differ in them cannot be compared, not on the way at
# least.
NEVER = (
    *YARDSTICK,
    "seed",
    "validation",
    "size",
    "colors",
    "beta",
    "free_bits",
    "likelihood",
    "perceptual",
    "adversarial",
)
TESTS = 4  # of each training run, where it does not say itself how many


class Subject(NamedTuple):
    """A training run that settings are searched for.

    Attributes:
        title: what a user calls it.
        length: the setting that says how long one training run takes, "" for none.
        short: its value in a search, unless a user changes it; 0: that depends on what is learned from.
        most: its largest value here.
        small: settings that keep each training run short, unless they vary.
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
    "colorize": Subject("Coloring", "steps", 400, 20_000),
    "enhance": Subject("Enlarging", "steps", 400, 20_000),
}


def ask() -> tuple[TuneSettings | None, Inputs]:
    """Draws the questions; gives the settings, None while they are no search yet, and what is learned
    from.
    """
    name = forms.one_of("Model", {one: subject.title for one, subject in SUBJECTS.items()}, key="train")
    inputs = _data(name)
    settings = _form(name, inputs)
    return (settings if inputs else None), inputs


def can_put(_job: engine.Job, settings: TuneSettings) -> bool:
    """Whether the form can ask for a search like this one."""
    if settings.train not in SUBJECTS:
        return False
    subject, task = SUBJECTS[settings.train], tasks.get(f"{settings.train}.train")
    varied = space(task.settings, settings.vary) if settings.vary else {}
    known = {word.partition("=")[0] for word in subject.small} | {subject.length, "test_every"}
    fixed = {word.partition("=")[0] for word in settings.fixed}
    able = {one.name for one in _able(subject, task.settings.described())}
    return bool(varied) and varied.keys() <= able and fixed <= known


def put(job: engine.Job, settings: TuneSettings) -> None:
    """Puts a search where the form finds it. Call it before the form is drawn."""
    name = settings.train
    subject, fields = SUBJECTS[name], tasks.get(f"{name}.train").settings.described()
    st.session_state["train"] = name
    for file in (file for files in job.inputs.values() for file in files):
        (own_texts if file.kind == "text" else data_set_input).put(file)
    varied = space(tasks.get(f"{name}.train").settings, settings.vary)
    st.session_state[f"vary_{name}"] = list(varied)
    for setting, one in varied.items():
        key = f"range_{name}_{setting}"
        if one.choices:
            st.session_state[key] = list(one.choices)
        else:
            for side, end in zip(("from", "to"), one.ends, strict=True):
                st.session_state[keys.part(key, side)] = _number(fields[setting], end)
    for word in settings.fixed:
        if word.partition("=")[0] == subject.length:
            st.session_state[_length_key(subject, job.inputs)] = int(word.partition("=")[2])


def cost_in_words(settings: TuneSettings, inputs: Inputs) -> str:
    """The cost of a trial: " One trial takes about 40 seconds on this machine."; "" if it is not known."""
    task = trained(settings)
    fixed = shared_settings(settings)
    seconds = tasks.expected_seconds(task, task.settings.parse(fixed), inputs)
    return f" One trial takes {amounts.about(seconds)} on this machine." if seconds else ""


def _data(name: str) -> Inputs:
    slot = tasks.get(f"{name}.train").inputs[0]
    if slot.kind == "text":
        text = own_texts.choose()
        return {slot.name: [text]} if text else {}
    chosen = data_set_input.choose()
    return {slot.name: [chosen.file]} if chosen else {}


def _form(name: str, inputs: Inputs) -> TuneSettings | None:
    subject, task = SUBJECTS[name], tasks.get(f"{name}.train")
    fields = task.settings.described()
    chosen = st.multiselect(
        "Search space",
        [one.name for one in _able(subject, fields)],
        default=list((task.goal or Goal()).varies),
        format_func=lambda one: fields[one].title,
        key=f"vary_{name}",
        persist_state="session",
    )
    vary = [_how_far(name, fields[one]) for one in chosen]
    small = [word for word in subject.small if word.partition("=")[0] not in chosen]
    fixed = [*_length(subject, fields, inputs), *small]
    extra = {"train": name, "vary": vary, "fixed": fixed}
    made = forms.form(TuneSettings, skip=tuple(extra), extra=extra)
    if not chosen:
        st.caption(":material/info: Choose at least one setting to vary.")
        return None
    try:
        space(task.settings, vary)
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None
    return made


def _able(subject: Subject, fields: dict[str, Described]) -> list[Described]:
    """The settings that can vary."""
    return [one for one in fields.values() if one.kind in KINDS and one.name not in (*NEVER, subject.length)]


def _how_far(name: str, field: Described) -> str:
    """The range of one setting, as `vary` takes it."""
    [usual] = space(tasks.get(f"{name}.train").settings, [field.name]).values()
    label, key = field.title, f"range_{name}_{field.name}"
    if usual.choices:
        picked = st.pills(
            label,
            usual.choices,
            default=list(usual.choices),
            selection_mode="multi",
            format_func=words.choice,
            key=key,
            persist_state="session",
        )
        # The first one alone where none is left: that is refused, and says what is asked for.
        return f"{field.name}={'|'.join(str(one) for one in picked or usual.choices[:1])}"
    low, high = st.columns(2, vertical_alignment="bottom")
    limits: dict[str, Any] = {
        "min_value": _number(field, field.least),
        "max_value": _number(field, field.most),
        "step": _step(field, usual),
        "format": None if field.kind == "int" else "%g",
    }
    ends = [
        place.number_input(
            f"{label}, {side}",
            value=_number(field, end),
            **limits,
            key=keys.part(key, side),
            persist_state="session",
        )
        for place, side, end in ((low, "from", usual.low), (high, "to", usual.high))
    ]
    return f"{field.name}={ends[0]}:{ends[1]}"


def _number(field: Described, value: float | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if field.kind == "int" else float(value)


def _step(field: Described, usual: Range) -> int | float:
    low, high = usual.ends
    return 1 if field.kind == "int" else (high - low) / 20


def _length(subject: Subject, fields: dict[str, Described], inputs: Inputs) -> list[str]:
    if not subject.length:
        return []
    field = fields[subject.length]
    value = numbers.number(
        f"{field.title} per trial",
        min_value=1,
        max_value=subject.most,
        value=subject.short or _enough(inputs),
        key=_length_key(subject, inputs),
        persist_state="session",
        help="Keep trials short: they show which settings work. Train the best one longer afterwards.",
    )
    # Without tests on the way none could be stopped early as poor.
    tests = [f"test_every={max(1, value // TESTS)}"] if "test_every" in fields else []
    return [f"{subject.length}={value}", *tests]


def _length_key(subject: Subject, inputs: Inputs) -> str:
    return f"length_{subject.length}_{subject.short or _enough(inputs)}"


def _enough(inputs: Inputs) -> int:
    """How often half a usual training reads the text: in fewer steps a short one learns nothing."""
    if not inputs:
        return 1
    chars = own_texts.facts_of(inputs["text"][0]).facts.chars
    return max(1, plan(np.zeros(chars, "int8"), TrainTextSettings()).epochs // 2)


FORMS = (Form(task=trials.TASK, can_take=can_put, fill=put),)
