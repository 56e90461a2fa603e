"""Before training starts: the images as the model gets them, notes on them, and the expected time."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from pages.form import corrected_sets, estimates, named_sets, read_images, seen_images
from pages.form.learning_images import CHOOSER
from pages.form.read_images import ReadRequest
from pages.generator import repeated
from pages.generator.input_form import TASKS, VGG16, VGG16_SETTINGS, GeneratorSettings
from pages.widgets import weight_downloads, words
from studio.core import amounts, data, tasks
from studio.core.data import ImageDataset, repeats
from studio.core.errors import StudioError
from studio.core.generators.least_images import LEAST_IMAGES
from studio.core.metrics import comparison
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs

FEW = 500  # images; with fewer, a model mostly memorizes them


def request_of(file: File, settings: GeneratorSettings) -> ReadRequest:
    """Returns the request to read the images that a training run with these settings uses."""
    return ReadRequest(file, settings.size, settings.channels, LEAST_IMAGES)


def show(task: str, inputs: Inputs, settings: GeneratorSettings) -> bool:
    """Shows the images, or an error; returns whether training can start."""
    (file,) = inputs["data"]
    corrected_sets.show_changes(file, CHOOSER)  # before the check, so that "Undo" works if too few are left
    try:
        tasks.check(task, settings, inputs)
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return False
    missing_bytes = data.count_download_bytes(file)
    if missing_bytes is not None:
        st.markdown(
            f"**{words.plain(file.name)}** is not on this machine yet. **{words.plain(start_label(file))}** "
            f"fetches it first, {named_sets.size(missing_bytes)}, and keeps it. Then it trains a generator "
            f"on it{estimates.cost_in_words(task, settings, inputs)}."
        )
        st.caption("Its images then appear here. **Stop** waits for the fetch to end.")
        _first_run(settings)
        return True
    reading = read_images.with_facts(request_of(file, settings), repeats.find)
    if reading is None:
        return False
    dataset, near_duplicates = reading
    st.markdown(
        f"**{len(dataset.names):,} images**, {seen_images.sides(dataset)} along the shorter side. "
        "**Train** trains a generator of "
        f"similar images{estimates.cost_in_words(task, settings, inputs)}."
    )
    if task == TASKS["dcgan"]:
        st.caption(_vgg16_discriminator(task, inputs, settings))
    caption = f"As the model gets them: the central square of each, {settings.size} × {settings.size} px"
    seen_images.show(dataset, caption, _notes(dataset, settings.size))
    repeated.show(file, dataset, near_duplicates)
    _first_run(settings)
    return True


def start_label(file: File) -> str:
    """Returns the label of the start button, which names a data set that must be downloaded first."""
    missing_bytes = data.count_download_bytes(file)
    return "Train" if missing_bytes is None else f"Fetch {data.command_name(file)} and train"


def _first_run(settings: GeneratorSettings) -> None:
    needed = VGG16 if settings.vgg16_discriminator or getattr(settings, "perceptual", 0) else ()
    weight_downloads.first_run([*needed, *(comparison.WEIGHTS if settings.scored else ())])


def _vgg16_discriminator(task: str, inputs: Inputs, settings: GeneratorSettings) -> str:
    """Returns a sentence about the VGG16-feature discriminator, its benefit and its cost."""
    benefit = "uses features of VGG16, a network pretrained on photos, so shapes look right sooner"
    if settings.vgg16_discriminator:
        text = f"The VGG16-feature discriminator {benefit}"
        seconds = _seconds(task, inputs, settings.model_copy(update={"vgg16_discriminator": 0.0}))
        return f"{text}; without it, training takes {amounts.about(seconds)}." if seconds else f"{text}."
    text = (
        f"Set **VGG16-feature discriminator** to 1 and **Batch size** to {VGG16_SETTINGS['batch']} to add a "
        f"second discriminator, which {benefit}"
    )
    seconds = _seconds(task, inputs, settings.model_copy(update=VGG16_SETTINGS))
    costs = [f"takes {amounts.about(seconds)}"] if seconds else []
    if missing := weight_downloads.missing(VGG16):
        costs.append(f"first fetches {weight_downloads.sizes(missing)}")
    return f"{text}; training then {' and '.join(costs)}." if costs else f"{text}."


def _seconds(task: str, inputs: Inputs, settings: Settings) -> float | None:
    return tasks.expected_seconds(tasks.get(task), settings, inputs)


def _notes(dataset: ImageDataset, size: int) -> Iterator[str]:
    """Yields notes on the images, one sentence each."""
    small = int((dataset.sizes.min(1) < size).sum())
    if small:
        subject = "1 of them is" if small == 1 else f"{small:,} of them are"
        yield f"{subject} smaller than {size} px and will be upscaled; a smaller size trains faster."
    if len(dataset.names) < FEW:
        yield "With so few images the model memorizes them. Use a thousand or more if you can."
