"""Before training starts: the images as the model gets them, notes on them, and the expected time."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from pages.form import corrected_sets, estimates, named_sets, read_images, seen_images
from pages.form.learning_images import CHOOSER
from pages.form.read_images import Wish
from pages.generator import repeated
from pages.generator.wish import EYES, JUDGED, TASKS, GeneratorSettings
from pages.widgets import weight_downloads, words
from studio.core import amounts, data, tasks
from studio.core.data import ImageDataset, repeats
from studio.core.errors import StudioError
from studio.core.generators.least_images import LEAST_IMAGES
from studio.core.metrics import comparison
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs

FEW = 500  # images, below which a model mostly memorizes them


def wish(file: File, settings: GeneratorSettings) -> Wish:
    """Which images a training run of these settings learns from."""
    return Wish(file, settings.size, settings.channels, LEAST_IMAGES)


def show(task: str, inputs: Inputs, settings: GeneratorSettings) -> bool:
    """Shows the images, or an error; returns whether training can start."""
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
            f"fetches it first, {named_sets.size(absent)}, and keeps it. Then it trains a generator on it"
            f"{estimates.cost_in_words(task, settings, inputs)}."
        )
        st.caption("Its images then appear here. **Stop** waits for the fetch to end.")
        _first_run(settings)
        return True
    looked = read_images.with_facts(wish(file, settings), repeats.find)
    if looked is None:
        return False
    dataset, repeated_ones = looked
    st.markdown(
        f"**{len(dataset.names):,} images**, {seen_images.sides(dataset)} along the shorter side. "
        "**Train** trains a generator of "
        f"similar images{estimates.cost_in_words(task, settings, inputs)}."
    )
    if task == TASKS["dcgan"]:
        st.caption(_vgg16_discriminator(task, inputs, settings))
    told = f"As the model gets them: the central square of each, {settings.size} × {settings.size} px"
    seen_images.show(dataset, told, _notes(dataset, settings.size))
    repeated.show(file, dataset, repeated_ones)
    _first_run(settings)
    return True


def button(file: File) -> str:
    """The label of the start button, which names a data set that has to be fetched first."""
    absent = data.to_fetch(file)
    return "Train" if absent is None else f"Fetch {data.command_name(file)} and train"


def _first_run(settings: GeneratorSettings) -> None:
    looks = EYES if settings.vgg16_discriminator or getattr(settings, "perceptual", 0) else ()
    weight_downloads.first_run([*looks, *(comparison.WEIGHTS if settings.scored else ())])


def _vgg16_discriminator(task: str, inputs: Inputs, settings: GeneratorSettings) -> str:
    """What a VGG16-feature discriminator is, its benefit and its cost: one sentence."""
    does = "uses features of VGG16, a network pretrained on photos, so shapes look right sooner"
    if settings.vgg16_discriminator:
        found = f"The VGG16-feature discriminator {does}"
        seconds = _seconds(task, inputs, settings.model_copy(update={"vgg16_discriminator": 0.0}))
        return f"{found}; without it, training takes {amounts.about(seconds)}." if seconds else f"{found}."
    found = (
        f"Set **VGG16-feature discriminator** to 1 and **Batch size** to {JUDGED['batch']} to add a second "
        f"discriminator, which {does}"
    )
    seconds = _seconds(task, inputs, settings.model_copy(update=JUDGED))
    takes = [f"takes {amounts.about(seconds)}"] if seconds else []
    if absent := weight_downloads.missing(EYES):
        takes.append(f"first fetches {weight_downloads.sizes(absent)}")
    return f"{found}; training then {' and '.join(takes)}." if takes else f"{found}."


def _seconds(task: str, inputs: Inputs, settings: Settings) -> float | None:
    return tasks.expected_seconds(tasks.get(task), settings, inputs)


def _notes(dataset: ImageDataset, size: int) -> Iterator[str]:
    """Notes on the images, one sentence each."""
    small = int((dataset.sizes.min(1) < size).sum())
    if small:
        number = "1 of them is" if small == 1 else f"{small:,} of them are"
        yield f"{number} smaller than {size} px and will be upscaled; a smaller size trains faster."
    if len(dataset.names) < FEW:
        yield "With so few images the model memorizes them. Use a thousand or more if you can."
