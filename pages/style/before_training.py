"""Checks, warnings and the estimated time of a style training run, before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from pages.form import data_set_preview, data_set_reader, estimates, problems
from pages.form.data_set_reader import ReadRequest
from pages.style.training_form import TASK, TrainingRequest
from pages.widgets import weight_downloads, words
from studio.core.errors import StudioError, invalid
from studio.core.tasks import File
from studio.style.house import known_styles
from studio.style.house.settings import MIN_PHOTOS

FEW_PHOTOS = 500  # photos: with fewer a new network generalizes less well
MIN_STEPS = 100  # per painting


def show(request: TrainingRequest) -> bool:
    """Shows the training data of a request, or what is wrong with it; returns whether it can start."""
    if request.source is None or request.settings is None:
        problems.show_missing()
        return False
    try:
        paintings = [painting.get_file() for painting in request.paintings]
        check_paintings(paintings, request.learned_styles)
    except StudioError as error:
        problems.show(str(error))
        return False
    settings, file = request.settings, request.source.file
    data = data_set_reader.read(ReadRequest(file, settings.photo_side, 3, MIN_PHOTOS))
    if data is None:
        return False
    dataset, _ = data
    count_text, style_text = "1 painting", "this style"
    if len(paintings) > 1:
        count_text, style_text = f"{len(paintings)} paintings", "these styles"
    cost = estimates.describe_cost(TASK, settings, {"data": [file], "style": paintings})
    st.markdown(
        f"**{count_text}** and {len(dataset.names):,} photos to train on. **Train** starts training{cost}. "
        f"The network then applies {style_text} to any photo in an instant."
    )
    data_set_preview.show(dataset, "Training photos", _list_notes(request, len(dataset.names)))
    weight_downloads.announce_downloads(("vgg16",))
    return True


def check_paintings(paintings: Sequence[File], styles_in_network: Sequence[str]) -> None:
    """Checks the paintings of a training run.

    Args:
        paintings: images of the styles.
        styles_in_network: styles that the network to start from has already.

    Raises:
        InvalidInput: if a painting cannot be used, or if some are new and others already known.
    """
    known_styles.check_names(paintings)
    known_styles.check_sizes(paintings)
    names = {known_styles.name_of(file.name): file.name for file in paintings}
    known_paintings = [names[name] for name in names if name in styles_in_network]
    if known_paintings and len(known_paintings) < len(names):
        expected = "either only new paintings or only ones that the network already knows"
        step = "take these out, or add to another network"
        raise invalid("paintings", expected=expected, received=", ".join(known_paintings), next_step=step)


def _list_notes(request: TrainingRequest, photos: int) -> Iterator[str]:
    """Yields notes on a training run, one sentence each."""
    names = [known_styles.name_of(painting.get_file().name) for painting in request.paintings]
    if known_names := [name.replace("_", " ") for name in names if name in request.learned_styles]:
        yield f"The network already knows {words.escape(', '.join(known_names))} and is trained on it again."
    if not request.start_model.name and photos < FEW_PHOTOS:
        yield "A new network needs more: with a thousand photos or more it generalizes far better."
    if request.settings is not None and (each := request.settings.steps // len(names)) < MIN_STEPS:
        yield f"That is {each:,} steps per painting; with at least {MIN_STEPS} the styles differ clearly."
