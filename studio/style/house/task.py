"""Training house styles as a task: from photos and style images to a packed network with a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from studio.core import data
from studio.core.data.split import compute_positions, split
from studio.core.errors import invalid
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, publish, start_from
from studio.style.house import card, known_styles
from studio.style.house.settings import MIN_PHOTOS, TrainStyleSettings


def check(settings: TrainStyleSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless style names are unique and the network to start from fits the settings."""
    known_styles.check_names(inputs["style"])
    for name in ("only_new", "kept"):
        if getattr(settings, name) and not inputs.get("start"):
            step = f"name one with --start-from, or leave {name} out"
            raise invalid(name, expected="a network to start from", received="none", next_step=step)
    start_from.check(settings, inputs, known_styles.TASK, "a network of styles", known_styles.SHAPE_SETTINGS)


@checkpoints.lock_run(known_styles.TASK)
def train(settings: TrainStyleSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network of house styles; see `studio.style.house.train`."""
    from studio.core.objectives import backbones
    from studio.style.house import train as training

    file, (old, start) = inputs["data"][0], _load_start(inputs)
    known_styles.check_sizes(inputs["style"])
    style_images = {known_styles.name_of(file.name): _read_style(file) for file in inputs["style"]}
    dataset = data.load_dataset(file, settings.photo_side, 3, progress, least=MIN_PHOTOS)
    learned, held_out = split(compute_positions(dataset, progress), settings.held_out)
    names = [*old, *(name for name in style_images if name not in old)]
    style_indices = _styles_to_train(names, list(style_images), old, settings.only_new)
    vgg16 = backbones.load("vgg16", progress)
    progress.stage("Computing the Gram matrices of the styles")
    target_grams = compute_style_grams(names, style_images, vgg16.average_pooling, settings, progress)
    job = publish.Job(known_styles.TASK, "train_style", settings, inputs)
    trainer_args = (settings, target_grams, style_indices, vgg16.average_pooling, job.run, start)
    trainer = training.Trainer(dataset.images, learned, held_out, *trainer_args).fit(progress)
    notes = [*dataset.notes, *_retrained_note(old, style_indices, names, settings.only_new)]
    figures = {
        **job.figures(trainer, notes),
        "photos": len(dataset.images),
        "held_out": len(held_out),
        "styles": len(names),
        "taught": [names[place] for place in style_indices],
        "tested_parts": settings.parts,
        **trainer.scores.figures(),
    }
    photos = trainer.middles(held_out[: len(names)])
    sheet = training.draw_sheet(trainer.learner, photos, range(len(names)), len(names))
    return job.publish(
        trainer.result,
        figures,
        partial(card.write, styles=names),
        metadata={"styles": names},
        more=["--style", *(style.name for style in inputs["style"])],
        weights={"vgg16": vgg16.digest},
        image=publish.draw_card_image(sheet, figures["curve"]),
        suffix="-styles",
    )


def _read_style(style: File) -> np.ndarray:
    return image_io.read(style.read(), f"style {style.name}")


def compute_style_grams(
    names: Sequence[str],
    images: Mapping[str, np.ndarray],
    backbone: Any,
    settings: TrainStyleSettings,
    progress: Progress,
) -> list[dict[str, np.ndarray]]:
    """Returns the Gram matrices of each style; zeros for styles that are not trained."""
    from studio.style.house import gram_loss

    longest = round(known_styles.STYLE_IMAGE_SIDE * settings.stroke)
    grams_by_name = {
        name: gram_loss.compute_grams(backbone, image_io.to_01(image_io.fit(image, longest)), progress)
        for name, image in images.items()
    }
    empty = {layer: np.zeros_like(gram) for layer, gram in next(iter(grams_by_name.values())).items()}
    return [grams_by_name.get(name, empty) for name in names]


def _styles_to_train(
    names: Sequence[str], given_names: Sequence[str], old: Sequence[str], only_new: bool
) -> list[int]:
    """Returns the indices in `names` of the styles to train: all given ones, or only the new ones."""
    new = [name for name in given_names if name not in old]
    return [names.index(name) for name in (only_new and new) or given_names]


def _retrained_note(
    old: Sequence[str], style_indices: Sequence[int], names: Sequence[str], only_new: bool
) -> list[str]:
    """Returns a note if styles that the network already had are replaced."""
    retrained = [names[place] for place in style_indices if only_new and names[place] in old]
    return (
        [f"Trained again, because the network already knew them: {', '.join(retrained)}."]
        if retrained
        else []
    )


def _load_start(inputs: Inputs) -> tuple[tuple[str, ...], Any]:
    """Returns the styles of the network to start from, and the network; () and None without one."""
    from studio.style.house import paint

    preset = start_from.load_model(inputs)
    return (known_styles.styles_of(preset), paint.load_keras(preset)) if preset else ((), None)
