"""The classifiers that a page can show: one just trained, those kept or imported, and ImageNet's own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.classify import imported_models
from pages.form import forms
from pages.jobs import jobs
from pages.widgets import words
from pages.widgets.owners import owner
from studio import engine
from studio.classify.data import matching
from studio.classify.models import available
from studio.classify.settings import IMAGENET
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.tasks import File, Inputs

KEY, WAY = "preset", "half"
HALVES = {"train": "Train", "try": "Try"}  # of the page: a new classifier, or one that is there
NEEDS_IMAGENET = ("resnet50", "imagenet-labels")
_JUST = "taught_last"
_NEXT = "classifier_next"  # what is chosen when the widgets are drawn next
_LAST = ""  # stands for the classifier that was trained last
TASK = "classify.train"
MOST_JOBS = 50  # the newest, among which the last training run is looked for


@dataclass(frozen=True)
class Shown:
    """A classifier as a page shows it.

    Attributes:
        title: what a user calls it.
        preset: its name; "" for one that is not kept under a name.
        file: the model as a kept zip, for one that is not.
        data: what it knows of its training: classes, evaluation, tested, map, learning_curve.
        settings: what it was made with.
        images: the data set that it learned from, if that is known.
        about: what it is, in one line, where that does not follow from the rest.
        imported: whether it is an imported model.
        flat: whether that takes an image as a row of numbers.
    """

    title: str
    preset: str = ""
    file: File | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    images: File | None = None
    about: str = ""
    imported: bool = False
    flat: bool = False

    @property
    def asked(self) -> dict[str, Any]:
        """The settings that name it, and how it takes images."""
        return ({"flat": True} if self.flat else {}) | ({"preset": self.preset} if self.preset else {})

    @property
    def inputs(self) -> Inputs:
        """The input that holds it."""
        return {"model": [self.file]} if self.file else {}

    @property
    def side(self) -> int:
        """The px that images are read at for it."""
        own = self.data.get("side") or (self.data.get("network") or {}).get("side")
        return own or self.settings.get("size", 224)

    @property
    def needs(self) -> tuple[str, ...]:
        """The weights that it takes next to its own."""
        backbone = "" if self.data.get("network") else self.settings.get("backbone")
        return NEEDS_IMAGENET if self.preset == IMAGENET else (backbone,) if backbone else ()


def of_file(model: File, images: File | None = None) -> Shown:
    """The classifier of a kept zip. Raises `InvalidInput` if its zip is not whole."""
    found = presets.from_zip(model)
    title = model.name.rpartition(".")[0] or model.name
    return Shown(title, "", model, found.data(), found.settings().model_dump(), images)


def of_preset(name: str) -> Shown:
    """The classifier of a name. Raises `InvalidInput` if it is not whole."""
    if name == IMAGENET:
        return Shown(title(name), name)
    found = presets.find(name)
    images = None
    with suppress(StudioError, IndexError, KeyError):
        source = found.recipe().inputs["data"][0]
        images = File(source.digest, "dataset", source.name)
    settings = found.settings().model_dump()
    return Shown(title(name), name, None, found.data(), settings, images)


def of_imported(file: File) -> Shown:
    """An imported classifier. Raises `InvalidInput` if it is refused."""
    facts = imported_models.known(file)
    data = {"classes": facts.classes, "side": matching.side(facts.size)}
    about, flat = imported_models.about(facts), imported_models.flat(file)
    return Shown(facts.name, "", file, data, about=about, imported=True, flat=flat)


def just_taught(shown: Shown) -> None:
    """Remembers a classifier of this tab, which is then the one to try, whatever was tried before."""
    before: Shown | None = st.session_state.get(_JUST)
    if before is None or before.file != shown.file:
        st.session_state[_NEXT] = _LAST
    st.session_state[_JUST] = shown


def _last_taught() -> Shown | None:
    """The classifier that was trained last: in this tab, else, as after a reload, the newest that is here."""
    if just := st.session_state.get(_JUST):
        return just
    for job in engine.connect().jobs(owner(), MOST_JOBS):
        if job.task == TASK and job.result is not None and job.result.files[0].here:
            with suppress(StudioError):
                return of_file(job.result.files[0], job.inputs["data"][0])
    return None


def choose_half() -> str:
    """Lets the user choose between the halves; a link to a job opens the one that shows it."""
    if jobs.linked_job("classify"):
        st.session_state[WAY] = "train"
    return forms.one_of("What to do", HALVES, key=WAY, hidden=True)


def choose() -> Shown | None:
    """Lets a user choose a classifier; None after saying what is wrong with it."""
    if _NEXT in st.session_state:
        st.session_state[KEY] = st.session_state.pop(_NEXT)
    imported_models.take(choose=lambda digest: st.session_state.update({KEY: digest}))
    just = _last_taught()
    mine = imported_models.mine()
    titles = {_LAST: f"{just.title} (last trained)"} if just else {}
    titles |= {name: title(name) for name in available.names()}
    titles |= {digest: file.name for digest, file in mine.items()}
    name = st.selectbox(
        "Classifier", list(titles), format_func=titles.__getitem__, key=KEY, bind="query-params"
    )
    imported_models.ask()
    try:
        shown = of_imported(mine[name]) if name in mine else of_preset(name) if name else just
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None
    if shown is None:
        return None
    st.caption(words.plain(describe(shown)))
    if name in mine:
        imported_models.name_classes(mine[name], select)
    return shown


def select(name: str) -> None:
    """Chooses a classifier when the page is drawn next.

    Args:
        name: of a preset, or the SHA-256 of an imported model.
    """
    st.session_state[_NEXT] = name


def use(name: str) -> str:
    """Chooses a classifier and opens the half of the page that tries it. Call it from a callback.

    Returns:
        What a user can do with it now, in a few words.
    """
    select(name)
    st.session_state[WAY] = "try"
    return "try it on an image"


def title(name: str) -> str:
    """A classifier as people call it: "my-flowers" -> "My flowers"."""
    return "ImageNet, a thousand things" if name == IMAGENET else words.model(name)


def describe(shown: Shown) -> str:
    """The classes and the test accuracy, in one line."""
    if shown.about:
        return shown.about
    if shown.preset == IMAGENET:
        return "ResNet50 with the 1,000 classes of ImageNet, such as animals, tools, vehicles and food."
    classes = list(shown.data.get("classes", ()))
    told = ", ".join(classes[:6]) + (f" and {len(classes) - 6} more" if len(classes) > 6 else "")
    accuracy = (shown.data.get("evaluation") or {}).get("accuracy")
    right = f" Test accuracy: {accuracy:.0%}." if accuracy is not None else ""
    return f"Classes: {told}.{right}"
