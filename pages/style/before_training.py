"""Checks, warnings and the estimated time of a style training run, before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from pages.form import estimates, read_images, seen_images
from pages.form.read_images import ReadRequest
from pages.style.training_form import TASK, TrainingRequest
from pages.widgets import weight_downloads, words
from studio.core.errors import StudioError, invalid
from studio.core.tasks import File
from studio.style.house import known_styles
from studio.style.house.settings import MIN_PHOTOS

FEW = 500  # photos: with fewer a new network generalizes less well
LEAST_STEPS = 100  # per painting


def show(request: TrainingRequest) -> bool:
    """Shows the training data of a request, or what is wrong with it; returns whether it can start."""
    if request.source is None or request.settings is None:
        return False
    try:
        paintings = [painting.file() for painting in request.paintings]
        check(paintings, request.beginning.styles)
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return False
    settings, file = request.settings, request.source.file
    data = read_images.with_facts(ReadRequest(file, settings.photo_side, 3, MIN_PHOTOS))
    if data is None:
        return False
    dataset, _ = data
    count_text, style_text = "1 painting", "this style"
    if len(paintings) > 1:
        count_text, style_text = f"{len(paintings)} paintings", "these styles"
    cost = estimates.cost_in_words(TASK, settings, {"data": [file], "style": paintings})
    st.markdown(
        f"**{count_text}** and {len(dataset.names):,} photos to train on. **Train** starts training{cost}. "
        f"The network then applies {style_text} to any photo in an instant."
    )
    seen_images.show(dataset, "Training photos", _notes(request, len(dataset.names)))
    weight_downloads.first_run(("vgg16",))
    return True


def check(paintings: Sequence[File], old_styles: Sequence[str]) -> None:
    """Checks the paintings of a training run.

    Args:
        paintings: images of the styles.
        old_styles: styles that the network to start from has already.

    Raises:
        InvalidInput: if a painting cannot be used, or if some are new and others already known.
    """
    known_styles.check_names(paintings)
    known_styles.check_sizes(paintings)
    names = {known_styles.name_of(file.name): file.name for file in paintings}
    old = [names[name] for name in names if name in old_styles]
    if old and len(old) < len(names):
        expected = "either only new paintings or only ones that the network already knows"
        step = "take these out, or add to another network"
        raise invalid("paintings", expected=expected, received=", ".join(old), next_step=step)


def _notes(request: TrainingRequest, photos: int) -> Iterator[str]:
    """Yields notes on a training run, one sentence each."""
    names = [known_styles.name_of(painting.file().name) for painting in request.paintings]
    if known_names := [name.replace("_", " ") for name in names if name in request.beginning.styles]:
        yield f"The network already knows {words.plain(', '.join(known_names))} and is trained on it again."
    if not request.beginning.network and photos < FEW:
        yield "A new network needs more: with a thousand photos or more it generalizes far better."
    if request.settings is not None and (each := request.settings.steps // len(names)) < LEAST_STEPS:
        yield f"That is {each:,} steps per painting; with at least {LEAST_STEPS} the styles differ clearly."
