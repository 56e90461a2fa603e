"""Training house styles as a task: photos and style images in, a packed network with its card out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from studio.core import data
from studio.core.data.split import positions, split
from studio.core.errors import invalid
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, publish, start_from
from studio.style.house import card, known_styles
from studio.style.house.settings import LEAST_PHOTOS, TrainStyleSettings


def check(settings: TrainStyleSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless there is something to train, every style has a name of its own, and a
    network to start from fits."""
    known_styles.check_names(inputs["style"])
    for name in ("only_new", "kept"):
        if getattr(settings, name) and not inputs.get("start"):
            step = f"name one with --start-from, or leave {name} out"
            raise invalid(name, expected="a network to start from", received="none", next_step=step)
    start_from.check(settings, inputs, known_styles.TASK, "a network of styles", known_styles.SHAPE)


@checkpoints.one_at_a_time(known_styles.TASK)
def train(settings: TrainStyleSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network some styles. See `studio.style.house.train`."""
    from studio.core.objectives import backbones
    from studio.style.house import train as training

    file, (old, start) = inputs["data"][0], _start(inputs)
    known_styles.check_sizes(inputs["style"])
    drawn = {known_styles.name_of(one.name): _image(one) for one in inputs["style"]}
    dataset = data.load_dataset(file, settings.photo_side, 3, progress, least=LEAST_PHOTOS)
    learned, held_out = split(positions(dataset, progress), settings.held_out)
    names = [*old, *(name for name in drawn if name not in old)]
    taught = _taught(names, list(drawn), old, settings.only_new)
    vgg16 = backbones.load("vgg16", progress)
    progress.stage("Computing the Gram matrices of the styles")
    wanted = grams(names, drawn, vgg16.averaged, settings, progress)
    job = publish.Job(known_styles.TASK, "train_style", settings, inputs)
    asked = (settings, wanted, taught, vgg16.averaged, job.run, start)
    trainer = training.Trainer(dataset.images, learned, held_out, *asked).fit(progress)
    notes = [*dataset.notes, *_again(old, taught, names, settings.only_new)]
    figures = {
        **job.figures(trainer, notes),
        "photos": len(dataset.images),
        "held_out": len(held_out),
        "styles": len(names),
        "taught": [names[place] for place in taught],
        "tested_parts": settings.parts,
        **trainer.scores.figures(),
    }
    photos = trainer.middles(held_out[: len(names)])
    sheet = training.sheet(trainer.learner, photos, range(len(names)), len(names))
    return job.publish(
        trainer.result,
        figures,
        partial(card.write, styles=names),
        known={"styles": names},
        more=["--style", *(one.name for one in inputs["style"])],
        weights={"vgg16": vgg16.digest},
        image=publish.image(sheet, figures["curve"]),
        suffix="-styles",
    )


def _image(style: File) -> np.ndarray:
    return image_io.read(style.read(), f"style {style.name}")


def grams(
    names: Sequence[str],
    drawn: Mapping[str, np.ndarray],
    backbone: Any,
    settings: TrainStyleSettings,
    progress: Progress,
) -> list[dict[str, np.ndarray]]:
    """The Gram matrices of every style; of those that are not trained now none are needed: zeros."""
    from studio.style.house import gram_loss

    longest = round(known_styles.STYLE_SIDE * settings.stroke)
    found = {
        name: gram_loss.grams(backbone, image_io.to_01(image_io.fit(image, longest)), progress)
        for name, image in drawn.items()
    }
    empty = {layer: np.zeros_like(gram) for layer, gram in next(iter(found.values())).items()}
    return [found.get(name, empty) for name in names]


def _taught(names: Sequence[str], drawn: Sequence[str], old: Sequence[str], only_new: bool) -> list[int]:
    """The places in `names` of the styles to train: of those drawn all, or, where only new ones, the new."""
    new = [name for name in drawn if name not in old]
    return [names.index(name) for name in (only_new and new) or drawn]


def _again(old: Sequence[str], taught: Sequence[int], names: Sequence[str], only_new: bool) -> list[str]:
    """What to say where styles that were known are replaced: that of a file of the same name is another."""
    again = [names[place] for place in taught if only_new and names[place] in old]
    return [f"Trained again, because the network already knew them: {', '.join(again)}."] if again else []


def _start(inputs: Inputs) -> tuple[tuple[str, ...], Any]:
    """The styles of the network to start from, and that network; none and None if it begins again."""
    from studio.style.house import paint

    preset = start_from.model(inputs)
    return (known_styles.styles_of(preset), paint.load(preset)) if preset else ((), None)
