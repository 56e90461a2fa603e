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
    from studio.style.house import paint
    from studio.style.house import train as training

    file, start_preset = inputs["data"][0], start_from.load_model(inputs)
    old_names = known_styles.styles_of(start_preset) if start_preset else ()
    start_network = paint.load_keras(start_preset) if start_preset else None
    known_styles.check_sizes(inputs["style"])
    style_images = {
        known_styles.name_of(style.name): image_io.read(style.read(), f"style {style.name}")
        for style in inputs["style"]
    }
    dataset = data.load_dataset(file, settings.photo_side, 3, progress, min_images=MIN_PHOTOS)
    train_rows, held_out_rows = split(compute_positions(dataset, progress), settings.held_out)
    new_names = [name for name in style_images if name not in old_names]
    names = [*old_names, *new_names]
    trained_names = new_names if settings.only_new and new_names else list(style_images)
    style_indices = [names.index(name) for name in trained_names]
    vgg16 = backbones.load("vgg16", progress)
    progress.report_stage("Computing the Gram matrices of the styles")
    target_grams = compute_style_grams(names, style_images, vgg16.average_pooling, settings, progress)
    job = publish.TrainingJob(known_styles.TASK, "train_style", settings, inputs)
    trainer_args = (settings, target_grams, style_indices, vgg16.average_pooling, job.run, start_network)
    trainer = training.Trainer(dataset.images, train_rows, held_out_rows, *trainer_args).fit(progress)
    notes = list(dataset.notes)
    if settings.only_new and not new_names:
        retrained = ", ".join(trained_names)
        notes.append(f"Trained again, because the network already knew them: {retrained}.")
    figures = {
        **job.collect_figures(trainer, notes),
        "photos": len(dataset.images),
        "held_out": len(held_out_rows),
        "styles": len(names),
        "trained_styles": trained_names,
        "tested_parts": settings.parts,
        **trainer.scores.to_figures(),
    }
    photos = trainer.crop_centers(held_out_rows[: len(names)])
    sheet = training.draw_results(trainer.learner, photos, range(len(names)), len(names))
    return job.publish(
        trainer.result,
        figures,
        partial(card.compose, styles=names),
        metadata={"styles": names},
        extra_arguments=["--style", *(style.name for style in inputs["style"])],
        weights={"vgg16": vgg16.digest},
        image=publish.draw_card_image(sheet, figures["curve"]),
        suffix="-styles",
    )


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
    zeros = {layer: np.zeros_like(gram) for layer, gram in next(iter(grams_by_name.values())).items()}
    return [grams_by_name.get(name, zeros) for name in names]
