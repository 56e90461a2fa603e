"""What is wrong with a lesson, what to know of its photos, and how long it takes: before it starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from pages.form import estimates, read_images, seen_images
from pages.form.read_images import Wish
from pages.style.lesson import TASK, Lesson
from pages.widgets import weight_downloads, words
from studio.core.errors import StudioError, invalid
from studio.core.tasks import File
from studio.style.house import known_styles
from studio.style.house.settings import LEAST_PHOTOS

FEW = 500  # photos, with which a new network paints others less well
LEAST_STEPS = 100  # for each painting


def show(lesson: Lesson) -> bool:
    """Shows what it is to learn from, or what is wrong with it; returns whether it can start."""
    if lesson.source is None or lesson.settings is None:
        return False
    try:
        paintings = [painting.file() for painting in lesson.paintings]
        check(paintings, lesson.beginning.known)
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return False
    settings, file = lesson.settings, lesson.source.file
    looked = read_images.with_facts(Wish(file, settings.photo_side, 3, LEAST_PHOTOS))
    if looked is None:
        return False
    dataset, _ = looked
    what, these = "1 painting", "this style"
    if len(paintings) > 1:
        what, these = f"{len(paintings)} paintings", "these styles"
    cost = estimates.cost_in_words(TASK, settings, {"data": [file], "style": paintings})
    st.markdown(
        f"**{what}** and {len(dataset.names):,} photos to train on. **Train** starts training{cost}. "
        f"The network then applies {these} to any photo in an instant."
    )
    seen_images.show(dataset, "Training photos", _notes(lesson, len(dataset.names)))
    weight_downloads.first_run(("vgg16",))
    return True


def check(paintings: Sequence[File], known: Sequence[str]) -> None:
    """Raises `InvalidInput` where paintings cannot be learned from, or some of them are known and others new.

    Args:
        known: the styles that the network knows which is added to.
    """
    known_styles.check_names(paintings)
    known_styles.check_sizes(paintings)
    names = {known_styles.name_of(file.name): file.name for file in paintings}
    old = [names[name] for name in names if name in known]
    if old and len(old) < len(names):
        expected = "either only new paintings or only ones that the network already knows"
        step = "take these out, or add to another network"
        raise invalid("paintings", expected=expected, received=", ".join(old), next_step=step)


def _notes(lesson: Lesson, photos: int) -> Iterator[str]:
    """What to know of it, one sentence each."""
    names = [known_styles.name_of(painting.file().name) for painting in lesson.paintings]
    if again := [name.replace("_", " ") for name in names if name in lesson.beginning.known]:
        yield f"The network already knows {words.plain(', '.join(again))} and is trained on it again."
    if not lesson.beginning.network and photos < FEW:
        yield "A new network needs more: with a thousand photos or more it generalizes far better."
    if lesson.settings is not None and (each := lesson.settings.steps // len(names)) < LEAST_STEPS:
        yield f"That is {each:,} steps per painting; with at least {LEAST_STEPS} the styles differ clearly."
