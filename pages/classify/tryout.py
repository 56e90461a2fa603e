"""Trying a classifier: an image, its class probabilities, and a Grad-CAM heatmap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.classify import classifiers, data_sets, imported_models, live_camera
from pages.classify.classifiers import Shown
from pages.form import forms, image_input, samples
from pages.form.samples import Sample
from pages.jobs import live, results
from pages.widgets import browser_images, keys, weight_downloads, words
from studio import engine
from studio.classify.settings import ExplainSettings
from studio.core.imaging import image_io
from studio.core.tasks import File

TASK = "classify.explain"
SLOT = "image"
VIEWS = {"beside": "Side by side", "over": "Overlaid", "light": "Only what counts"}
_MARKED = {"beside": "Warm colors", "over": "Warm colors", "light": "Bright regions"}
MOST_OFFERED = 6
ANY = ""


def choose(classifier: Shown) -> Sample:
    """Asks for an image: some that the classifier never saw, sample photos, one's own, or the camera's."""
    offered = [*_held_out(classifier), *samples.photos()][: 2 * MOST_OFFERED]
    titles = [one.title for one in offered] + list(st.session_state.get(keys.part(SLOT, "own"), ()))
    if st.session_state.get(SLOT) not in (None, *titles):
        del st.session_state[SLOT]  # of another classifier
    return image_input.image(SLOT, "Image", offered, own="Your image")


def show(classifier: Shown, image: Sample | None = None) -> None:
    """What a classifier says of an image, and where it looks; or of the camera, again and again.

    Args:
        classifier: that looks.
        image: what it looks at; asked for here when None.
    """
    help = "Classifies camera images continuously until you stop"
    on_camera = st.toggle("Live on the camera", key="try_live", help=help)
    if not on_camera and image is None:
        image = choose(classifier)
    if engine.connect().status() != "ready":
        if image is not None:
            browser_images.image(image.file(), caption=image.title)
        live.wait()
        return
    absent = weight_downloads.missing(classifier.needs)
    for one in absent:
        st.info(f"This classifier needs {weight_downloads.sizes([one])} first.", icon=":material/download:")
        weight_downloads.offer(one)
    if absent:
        return
    if on_camera:
        live_camera.show(classifier)
        _preprocessing(classifier)
    elif image is not None:
        _looked(classifier, image)


@st.fragment
def _looked(classifier: Shown, image: Sample) -> None:
    """A fragment, so that another way of showing it draws nothing else again."""
    place, asked = st.container(), st.container()
    with asked:
        view = forms.one_of("Grad-CAM view", VIEWS, key="look_view")
        label = st.session_state.get(_wanted(classifier, image)) or ANY
    settings = ExplainSettings.parse({**classifier.asked, "view": view, "label": label})
    inputs = {"image": [image.file()], **classifier.inputs}
    with place, st.spinner("Computing ..."):
        made = live.live_result(TASK, settings, inputs, "looked", most=12)
    if made is None:
        return
    with place:
        told = made.figures["label"]
        unseen = "" if made.figures["whole"] else "; center crop only, the darkened sides are ignored"
        caption = f"{_MARKED[view]}: evidence for “{told}” (Grad-CAM){unseen}"
        browser_images.image(made.data, caption=caption)
        live_camera.bars(made.figures["labels"])
        _preprocessing(classifier)
    with asked:
        _labels(classifier, image, made.figures["labels"])
        with st.container(horizontal=True):
            results.download(made.data, TASK, key="looked", made=made.recipe)
            live.keep_button(made, key="looked")
        results.recipe(TASK, made.settings, made.inputs, made.recipe)


def _preprocessing(classifier: Shown) -> None:
    """The preprocessing of an imported model, next to its answer."""
    if classifier.imported and classifier.file:
        imported_models.choose_preprocessing(classifier.file, classifiers.select)


def _wanted(classifier: Shown, image: Sample) -> str:
    return f"look_for:{classifier.title}:{image.title}"


def _labels(classifier: Shown, image: Sample, likely: Sequence[Mapping[str, Any]]) -> None:
    """Lets a user ask where it sees something else."""
    names = [one["label"] for one in likely]
    st.pills(
        "Class to explain",
        names,
        format_func=words.plain,
        key=_wanted(classifier, image),
        help="Class whose evidence is shown; none: the most probable class",
    )


def _held_out(classifier: Shown) -> list[Sample]:
    """Images of its data set that it did not learn from, of each class in turn, while they are here."""
    tested = classifier.data.get("tested") or {}
    if classifier.images is None or not tested.get("names"):
        return []
    found = data_sets.if_available(classifier.images, classifier.side)
    if found is None:
        return []
    offered: list[Sample] = []
    counts: dict[str, int] = {}
    there = {name: place for place, name in enumerate(found.names)}
    for place in _in_turn(tested["truth"]):
        name, truth = tested["names"][place], tested["truth"][place]
        if name in there and len(offered) < MOST_OFFERED:
            known = classifier.data["classes"][truth]
            counts[known] = counts.get(known, 0) + 1
            title = known.capitalize() if counts[known] == 1 else f"{known.capitalize()} {counts[known]}"
            offered.append(_sample(title, name, found.images[there[name]]))
    return offered


def _in_turn(truth: Sequence[int]) -> list[int]:
    """The places of held-out images, first one of each class, then a second of each."""
    seen: dict[int, int] = {}
    order = []
    for place, one in enumerate(truth):
        order.append((seen.get(one, 0), one, place))
        seen[one] = seen.get(one, 0) + 1
    return [place for *_, place in sorted(order)]


def _sample(title: str, name: str, image: np.ndarray) -> Sample:
    credit = f"{words.plain(name)}: from the test split, not used in training."
    return Sample(title, credit, samples.square(np.asarray(image)), lambda: _kept(name, image))


def _kept(name: str, image: np.ndarray) -> File:
    body = image_io.encode_png(np.asarray(image))
    return File.keep(body, "image", f"{name.replace('/', ' ').rpartition('.')[0] or name}.png")
