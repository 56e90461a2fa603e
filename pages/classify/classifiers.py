"""The classifiers that the page can show: the last trained one, presets, imported models and ImageNet's."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from pages.classify import imported_models
from pages.jobs import halves
from pages.widgets import css, page_errors, words
from pages.widgets.owners import get_owner
from studio import engine
from studio.classify.data import matching
from studio.classify.models import available
from studio.classify.settings import IMAGENET
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.tasks import File, Inputs

KEY, HALF_KEY = "preset", "half"
HALVES = {"train": "Train", "try": "Try"}
NEEDS_IMAGENET = ("resnet50", "imagenet-labels")
_LAST_KEY = "last_classifier"
_NEXT_KEY = "classifier_next"  # selection for the next time the widgets are drawn
_KEPT_KEY = "classifier_kept"  # of the session: whether one was kept just now
_LAST = ""  # option of the classifier that was trained last
TASK = "classify.train"
MAX_JOBS_SEARCHED = 50  # newest jobs that are searched for the last training run


@dataclass(frozen=True)
class Classifier:
    """A classifier as the page shows it.

    Attributes:
        title: name for the user.
        preset: name of the preset; "" if it is not saved as a preset.
        file: the stored model, if it is not a preset.
        data: results of its training: classes, evaluation, tested, map, learning_curve.
        settings: of its training.
        images: the data set that it was trained on, if known.
        about: description in one line; "" to derive it from `data`.
        imported: whether it is an imported model.
        flat: whether an imported model takes images as flat vectors.
        has_layers: whether it has gradients and layers to show; a TFLite file has none.
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
    has_layers: bool = True

    @property
    def model_settings(self) -> dict[str, Any]:
        """Returns the settings that select this model in jobs: `preset` and `flat`."""
        return ({"flat": True} if self.flat else {}) | ({"preset": self.preset} if self.preset else {})

    @property
    def inputs(self) -> Inputs:
        """Returns the job input that contains the model; empty for a preset."""
        return {"model": [self.file]} if self.file else {}

    @property
    def side(self) -> int:
        """Returns the side, in px, at which images are read for this model."""
        side = self.data.get("side") or (self.data.get("network") or {}).get("side")
        return side or self.settings.get("size", 224)

    @property
    def needs(self) -> tuple[str, ...]:
        """Returns the names of pretrained weights that it needs besides its own."""
        backbone = "" if self.data.get("network") else self.settings.get("backbone")
        return NEEDS_IMAGENET if self.preset == IMAGENET else (backbone,) if backbone else ()


def load_file(model: File, images: File | None = None) -> Classifier:
    """Returns the classifier in a stored zip. Raises `InvalidInput` if the zip is incomplete."""
    preset = presets.from_zip(model)
    title = model.name.rpartition(".")[0] or model.name
    return Classifier(title, "", model, preset.read_data(), preset.read_settings().model_dump(), images)


def load_preset(name: str) -> Classifier:
    """Returns the classifier of a preset. Raises `InvalidInput` if the preset is incomplete."""
    if name == IMAGENET:
        return Classifier(preset_title(name), name)
    preset = presets.find(name)
    images = None
    with suppress(StudioError, IndexError, KeyError):
        source = preset.read_recipe().inputs["data"][0]
        images = File(source.digest, "dataset", source.name)
    settings = preset.read_settings().model_dump()
    return Classifier(preset_title(name), name, None, preset.read_data(), settings, images)


def load_imported(file: File) -> Classifier:
    """Returns an imported classifier. Raises `InvalidInput` if the model is refused."""
    facts = imported_models.read_facts(file)
    data = {"classes": facts.classes, "side": matching.dataset_side(facts.size)}
    about, flat = imported_models.describe_model(facts), imported_models.is_flat(file)
    return Classifier(
        facts.name, "", file, data, about=about, imported=True, flat=flat, has_layers=facts.has_layers
    )


def find_preset(classifier: Classifier) -> Preset:
    """Returns the model of a classifier that was trained here; it has the title of the classifier.

    Raises:
        StudioError: if it is an imported model, ImageNet's, or incomplete.
    """
    if classifier.file is None or classifier.imported:
        return presets.find(classifier.preset)
    return replace(presets.from_zip(classifier.file), name=classifier.title)


def remember_trained(classifier: Classifier) -> None:
    """Remembers the classifier that this tab trained last, and selects it under "Try"."""
    previous: Classifier | None = st.session_state.get(_LAST_KEY)
    if previous is None or previous.file != classifier.file:
        st.session_state[_NEXT_KEY] = _LAST
    st.session_state[_LAST_KEY] = classifier


def _find_last_classifier() -> Classifier | None:
    """Returns the classifier that this tab trained last; after a reload, that of the user's newest job."""
    if last := st.session_state.get(_LAST_KEY):
        return last
    for job in engine.connect().list_jobs(get_owner(), MAX_JOBS_SEARCHED):
        if job.task == TASK and job.result is not None and job.result.files[0].is_available:
            with suppress(StudioError):
                return load_file(job.result.files[0], job.inputs["data"][0])
    return None


def choose_half() -> str:
    """Lets the user choose between "Train" and "Try"; a link to a job opens "Train"."""
    return halves.choose("classify", HALVES, key=HALF_KEY, half_of=lambda _: "train")


def choose() -> Classifier | None:
    """Lets the user select a classifier. Returns None after showing an error."""
    if _NEXT_KEY in st.session_state:
        st.session_state[KEY] = st.session_state.pop(_NEXT_KEY)
    imported_models.check_upload(choose=lambda digest: st.session_state.update({KEY: digest}))
    last_trained = _find_last_classifier()
    imported = imported_models.get_session_models()
    titles = {_LAST: f"{last_trained.title} (last trained)"} if last_trained else {}
    titles |= {name: preset_title(name) for name in available.list_names()}
    titles |= {digest: file.name for digest, file in imported.items()}
    name = st.selectbox(
        "Classifier", list(titles), format_func=titles.__getitem__, key=KEY, bind="query-params"
    )
    imported_models.ask_upload()
    try:
        classifier = (
            load_imported(imported[name]) if name in imported else load_preset(name) if name else last_trained
        )
    except StudioError as error:
        page_errors.show_error(error)
        return None
    if classifier is None:
        return None
    st.caption(words.escape(describe(classifier)))
    if name in imported:
        imported_models.name_classes(imported[name], select)
    return classifier


def select(name: str) -> None:
    """Selects a classifier for the next time the page is drawn.

    Args:
        name: of a preset, or the SHA-256 of an imported model.
    """
    st.session_state[_NEXT_KEY] = name


def open_to_try(name: str) -> str:
    """Selects a saved classifier and opens "Try". Call it from a callback of "Train".

    Returns:
        What the user can do with it now, in a few words.
    """
    select(name)
    # For a reload: a new widget does not write the value it is given.
    st.query_params[KEY] = preset_title(name)
    st.session_state[HALF_KEY], st.session_state[_KEPT_KEY] = "try", True
    return "try it on an image, or share it"


def scroll_to_kept() -> None:
    """On a phone, scrolls to the top after a classifier was kept: *Share* is there."""
    if st.session_state.pop(_KEPT_KEY, False):
        css.scroll_to("h1")


def preset_title(name: str) -> str:
    """Returns the title of a preset: "my-flowers" -> "My flowers"."""
    return "ImageNet, a thousand things" if name == IMAGENET else words.model_label(name)


def describe(classifier: Classifier) -> str:
    """Returns the classes and the test accuracy, or the mean average precision, in one line."""
    if classifier.about:
        return classifier.about
    if classifier.preset == IMAGENET:
        return "ResNet50 with the 1,000 classes of ImageNet, such as animals, tools, vehicles and food."
    classes = list(classifier.data.get("classes", ()))
    class_list = ", ".join(classes[:6]) + (f" and {len(classes) - 6} more" if len(classes) > 6 else "")
    evaluation = classifier.data.get("evaluation") or {}
    for name, title in (("mean_average_precision", "Mean average precision"), ("accuracy", "Test accuracy")):
        if name in evaluation:
            return f"Classes: {class_list}. {title}: {evaluation[name]:.0%}."
    return f"Classes: {class_list}."
