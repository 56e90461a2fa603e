"""The pictures as a model would see them, what to know of them, and how long it takes: before it starts."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from pages.drawing import repeated
from pages.drawing.wish import EYES, JUDGED, TASKS, GeneratorSettings
from pages.form import corrected_sets, estimates, named_sets, read_pictures, seen_pictures
from pages.form.learning_pictures import CHOOSER
from pages.form.read_pictures import Wish
from pages.widgets import weight_downloads, words
from studio.core import amounts, data, tasks
from studio.core.data import Pictures, repeats
from studio.core.errors import StudioError
from studio.core.generators.least_pictures import LEAST_PICTURES
from studio.core.metrics import comparison
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs

FEW = 500  # pictures, below which a model mostly learns them by heart


def wish(file: File, settings: GeneratorSettings) -> Wish:
    """Which pictures a training of these settings learns from."""
    return Wish(file, settings.size, settings.channels, LEAST_PICTURES)


def show(task: str, inputs: Inputs, settings: GeneratorSettings) -> bool:
    """Shows them, or what is wrong with what is asked for; returns whether it can start as it stands."""
    (file,) = inputs["data"]
    corrected_sets.tell(file, CHOOSER)  # first, so that it can be undone where too few are left
    try:
        tasks.check(task, settings, inputs)
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return False
    absent = data.to_fetch(file)
    if absent is not None:
        st.markdown(
            f"**{words.plain(file.name)}** is not on this machine yet. **{words.plain(button(file))}** "
            f"fetches it first, {named_sets.size(absent)}, and keeps it. Then a model learns from it"
            f"{estimates.cost_in_words(task, settings, inputs)}."
        )
        st.caption("Its pictures appear here after that. **Stop** waits for a fetch to end.")
        _first_run(settings)
        return True
    looked = read_pictures.with_facts(wish(file, settings), repeats.find)
    if looked is None:
        return False
    pictures, repeated_ones = looked
    st.markdown(
        f"**{len(pictures.names):,} pictures**, {seen_pictures.sides(pictures)} along the shorter side. "
        "**Teach** makes a model that "
        f"draws others like them{estimates.cost_in_words(task, settings, inputs)}."
    )
    if task == TASKS["dcgan"]:
        st.caption(_second_judge(task, inputs, settings))
    told = f"As it sees them: the square in the middle of each, {settings.size} px a side"
    seen_pictures.show(pictures, told, _notes(pictures, settings.size))
    repeated.show(file, pictures, repeated_ones)
    _first_run(settings)
    return True


def button(file: File) -> str:
    """What the button that starts is called: it says what is fetched first, if anything is."""
    absent = data.to_fetch(file)
    return "Teach" if absent is None else f"Fetch {data.command_name(file)} and teach"


def _first_run(settings: GeneratorSettings) -> None:
    looks = EYES if settings.perceptual_judge or getattr(settings, "perceptual", 0) else ()
    weight_downloads.first_run([*looks, *(comparison.WEIGHTS if settings.scored else ())])


def _second_judge(task: str, inputs: Inputs, settings: GeneratorSettings) -> str:
    """What a second judge is, what it wins and what it takes: one sentence."""
    sees = "sees what VGG16 sees, a network that knows photos, and shapes look right sooner"
    if settings.perceptual_judge:
        found = f"The second judge {sees}"
        seconds = _seconds(task, inputs, settings.model_copy(update={"perceptual_judge": 0.0}))
        return f"{found}; without it the training takes {amounts.about(seconds)}." if seconds else f"{found}."
    found = (
        f"With **VGG16-feature discriminator** at 1 and **Batch** at {JUDGED['batch']}, a second judge {sees}"
    )
    seconds = _seconds(task, inputs, settings.model_copy(update=JUDGED))
    takes = [f"takes {amounts.about(seconds)}"] if seconds else []
    if absent := weight_downloads.missing(EYES):
        takes.append(f"first fetches {weight_downloads.sizes(absent)}")
    return f"{found}; the training then {' and '.join(takes)}." if takes else f"{found}."


def _seconds(task: str, inputs: Inputs, settings: Settings) -> float | None:
    return tasks.expected_seconds(tasks.get(task), settings, inputs)


def _notes(pictures: Pictures, size: int) -> Iterator[str]:
    """What to know of them, one sentence each."""
    small = int((pictures.sizes.min(1) < size).sum())
    if small:
        number = "1 of them is" if small == 1 else f"{small:,} of them are"
        yield f"{number} smaller than {size} px and enlarged; a smaller size learns sooner."
    if len(pictures.names) < FEW:
        yield (
            "With so few it learns them by heart and draws little else; a thousand and more are far better."
        )
