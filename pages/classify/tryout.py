"""Trying a classifier: an image, its class probabilities, and a Grad-CAM heatmap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.classify import classifiers, data_sets, evaluations, imported_models, live_predictions
from pages.classify.classifiers import Classifier
from pages.form import forms, image_input, samples
from pages.form.samples import Sample
from pages.jobs import live
from pages.widgets import browser_images, keys, weight_downloads, words
from studio import engine
from studio.classify.settings import ExplainSettings, PredictSettings
from studio.core.imaging import image_io
from studio.core.tasks import File

TASK = "classify.explain"
SLOT = "image"
VIEWS = {"beside": "Side by side", "over": "Overlaid", "light": "Only what counts"}
_EVIDENCE = {"beside": "Warm colors", "over": "Warm colors", "light": "Bright regions"}
MAX_SAMPLES = 6


def choose(classifier: Classifier) -> Sample:
    """Asks for an image: a test image, a sample photo, an upload or a camera photo."""
    candidates = [*_load_test_samples(classifier), *samples.list_photos()][: 2 * MAX_SAMPLES]
    titles = [sample.title for sample in candidates] + list(st.session_state.get(keys.part(SLOT, "own"), ()))
    if st.session_state.get(SLOT) not in (None, *titles):
        del st.session_state[SLOT]  # a test image of another classifier
    return image_input.choose_image(SLOT, "Image", candidates, own_title="Your image")


def show(classifier: Classifier, image: Sample | None = None) -> None:
    """Shows the class probabilities and the Grad-CAM heatmap of an image, or classifies the camera live.

    Args:
        classifier: to try.
        image: to classify; None asks for one here.
    """
    help = "Classifies camera images continuously until you stop"
    on_camera = st.toggle("Live on the camera", key="try_live", help=help)
    if not on_camera and image is None:
        image = choose(classifier)
    if engine.connect().status() != "ready":
        if image is not None:
            browser_images.show_image(image.get_file(), caption=image.title)
        live.show_warm_up()
        return
    if missing := weight_downloads.list_missing(classifier.needs):
        sizes = weight_downloads.describe_sizes(missing)
        st.info(f"This classifier needs {sizes} first.", icon=":material/download:")
        weight_downloads.offer_download(missing)
        return
    if on_camera:
        live_predictions.show(classifier)
        _ask_preprocessing(classifier)
    elif image is not None and classifier.has_layers:
        _show_explanation(classifier, image)
    elif image is not None:
        _show_labels(classifier, image)


def _show_labels(classifier: Classifier, image: Sample) -> None:
    """Shows the class probabilities of an image by a classifier without gradients."""
    settings = PredictSettings.parse(classifier.model_settings)
    with st.spinner("Computing ..."):
        result = live.make_result(
            live_predictions.TASK, settings, {"images": [image.get_file()], **classifier.inputs}, "labels"
        )
    if result is None:
        return
    browser_images.show_image(image.get_file(), caption=image.title)
    live_predictions.show_prediction(result.figures["images"][0])
    st.caption(
        ":material/info: A TFLite file has no gradients or features: no Grad-CAM, training or exports."
    )
    _ask_preprocessing(classifier)


@st.fragment
def _show_explanation(classifier: Classifier, image: Sample) -> None:
    """Shows the Grad-CAM heatmap. A fragment: another view or class does not rerun the rest of the page."""
    output, controls = st.container(), st.container()
    with controls:
        view = forms.ask_choice("Grad-CAM view", VIEWS, key="look_view")
        label = st.session_state.get(_label_key(classifier, image)) or ""
    settings = ExplainSettings.parse({**classifier.model_settings, "view": view, "label": label})
    inputs = {"image": [image.get_file()], **classifier.inputs}
    with output, st.spinner("Computing ..."):
        result = live.make_result(TASK, settings, inputs, "looked", max_results=12)
    if result is None:
        return
    with output:
        label_name = result.figures["label"]
        crop_note = "" if result.figures["whole"] else "; center crop only, the darkened sides are ignored"
        caption = f"{_EVIDENCE[view]}: evidence for “{label_name}” (Grad-CAM){crop_note}"
        browser_images.show_image(result.data, caption=caption)
        live_predictions.show_prediction(result.figures)
        _ask_preprocessing(classifier)
    with controls:
        _ask_label(classifier, image, result.figures["labels"])
        live.show_actions(result, key="looked")


def _ask_preprocessing(classifier: Classifier) -> None:
    """Lets the user change the preprocessing of an imported model."""
    if classifier.imported and classifier.file:
        imported_models.choose_preprocessing(classifier.file, classifiers.select)


def _label_key(classifier: Classifier, image: Sample) -> str:
    return f"look_for:{classifier.title}:{image.title}"


def _ask_label(classifier: Classifier, image: Sample, labels: Sequence[Mapping[str, Any]]) -> None:
    """Lets the user select the class to explain."""
    names = [entry["label"] for entry in labels]
    st.pills(
        "Class to explain",
        names,
        format_func=words.escape,
        key=_label_key(classifier, image),
        help="Class that the heatmap explains; if none is selected, it explains the most probable class",
    )


def _load_test_samples(classifier: Classifier) -> list[Sample]:
    """Returns images of the test split, of each class in turn; none once the data set is deleted."""
    test_results = classifier.data.get("tested") or {}
    if classifier.images is None or not test_results.get("names"):
        return []
    dataset = data_sets.load_if_available(classifier.images, classifier.side)
    if dataset is None:
        return []
    candidates: list[Sample] = []
    counts: dict[str, int] = {}
    rows = {name: row for row, name in enumerate(dataset.names)}
    for position in _interleave_classes(test_results["truth"]):
        name, truth = test_results["names"][position], test_results["truth"][position]
        if name in rows and len(candidates) < MAX_SAMPLES:
            class_name = evaluations.name_labels(classifier.data["classes"], truth)
            counts[class_name] = counts.get(class_name, 0) + 1
            title = (
                class_name.capitalize()
                if counts[class_name] == 1
                else f"{class_name.capitalize()} {counts[class_name]}"
            )
            candidates.append(_make_sample(title, name, dataset.images[rows[name]]))
    return candidates


def _interleave_classes(truth: Sequence[int | Sequence[int]]) -> list[int]:
    """Returns the positions of all labels: first one of each class, then a second of each, and so on.

    Several labels of an image are like a class of their own.
    """
    counts: dict[tuple[int, ...], int] = {}
    sort_keys = []
    for position, labels in enumerate(truth):
        label = (labels,) if isinstance(labels, int) else tuple(labels)
        sort_keys.append((counts.get(label, 0), label, position))
        counts[label] = counts.get(label, 0) + 1
    return [position for *_, position in sorted(sort_keys)]


def _make_sample(title: str, name: str, image: np.ndarray) -> Sample:
    credit = f"{words.escape(name)}: from the test split, not used in training."
    return Sample(title, credit, samples.encode_square(np.asarray(image)), lambda: _store_image(name, image))


def _store_image(name: str, image: np.ndarray) -> File:
    body = image_io.encode_png(np.asarray(image))
    return File.store(body, "image", f"{name.replace('/', ' ').rpartition('.')[0] or name}.png")
