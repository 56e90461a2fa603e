"""Training a VAE as a task: a data set in, a packed model with its card out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core import data
from studio.core.data.split import positions, split
from studio.core.errors import Cancelled
from studio.core.generators.least_images import LEAST_IMAGES
from studio.core.imaging.grids import grid
from studio.core.metrics import comparison
from studio.core.progress import Progress
from studio.core.tasks import Inputs, Result
from studio.core.training import checkpoints, publish, start_from
from studio.vae import card, generator
from studio.vae.settings import TrainVaeSettings

if TYPE_CHECKING:
    from studio.core.generators.latent import Mixture
    from studio.vae.latent_analysis import LatentAnalysis
    from studio.vae.model import Vae
    from studio.vae.train import Trainer

GRID = 64  # images on the card


@checkpoints.one_at_a_time(generator.TASK)
def train(settings: TrainVaeSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a VAE on images. See `studio.vae.train`."""
    from studio.vae import latent_analysis
    from studio.vae import train as training

    file = inputs["data"][0]
    start, discriminator = _start(inputs)
    dataset = data.load_dataset(file, settings.size, settings.channels, progress, least=LEAST_IMAGES)
    learned, validation, held_out = split(
        positions(dataset, progress), settings.held_out / 2, settings.held_out
    )
    see, weights = _sight(settings, progress)
    job = publish.Job(generator.TASK, "train_vae", settings, inputs)
    trainer = training.Trainer(
        dataset.images, learned, validation, settings, job.run, start, discriminator, see
    ).fit(progress)
    stopped = trainer.ended == "cancelled"
    asked = (trainer.result, settings, dataset, learned, held_out)
    try:
        found = latent_analysis.analyze(
            *asked, validation, Progress() if stopped else progress, quick=stopped
        )
    except Cancelled:
        stopped, found = True, latent_analysis.analyze(*asked, validation, Progress(), quick=True)
    density, made, scored, stopped = _closest(asked, found, progress, stopped)
    history = start_from.history(inputs, trainer.step, trainer.curves, trainer.stages)
    notes = [*dataset.notes, *found.notes, *scored.figures.get("notes", ())]
    figures = {
        **found.figures,
        **scored.figures,
        **job.figures(trainer, notes),
        "epochs": trainer.step * min(settings.batch, len(learned)) / len(learned),
        "images": len(dataset.images),
        "held_out": len(held_out),
        "density_parts": len(density.weights) if density else 0,
        "density_full": density is not None and density.factors is not None,
        "taught_by": start_from.taught_by(inputs, weights),
        "curve": history.curve,
    }
    if stopped:
        figures["ended"] = "cancelled"
    return job.publish(
        _with_discriminators(trainer, settings),
        figures,
        card.write,
        known={
            "directions": {name: one.to_json() for name, one in found.directions.items()},
            "density": density.to_json() if density else None,
            "contrast": found.contrast,
            "stages": history.stages,
        },
        weights=weights,
        image=publish.image(grid(made[:GRID]), history.curve, scored.distances),
        stages=history.sheet,
    )


def _closest(
    asked: tuple[Any, ...], found: LatentAnalysis, progress: Progress, stopped: bool
) -> tuple[Mixture | None, np.ndarray, comparison.Comparison, bool]:
    """What to draw from, images drawn so, how close they come, and whether a user stopped it.

    That is the density, where codes of real images lie, unless images from the prior were measured and
    came closer: a discriminator sees those while the VAE learns.
    """
    from studio.vae import codes, latent_analysis

    vae, settings, images, learned, held_out = asked
    measured = settings.scored if not stopped else 0
    ways = {"mixture": found.density} | ({"prior": None} if found.density and measured else {})
    drawn = {
        name: codes.decode(vae, latent_analysis.points(way, settings, max(GRID, measured)), found.contrast)
        for name, way in ways.items()
    }
    try:
        scorer = comparison.Scorer(images, learned, held_out, measured, progress)
        name, closest, others = scorer.closest(drawn, None if stopped else progress)
    except Cancelled:
        return found.density, drawn["mixture"], comparison.Comparison(), True
    more = {
        f"{other}_{figure}": figures[figure]
        for other, figures in others.items()
        for figure in ("fid", "fid_error", "kid", "kid_error")
    }
    scored = comparison.Comparison({**closest.figures, **more}, closest.distances)
    return ways[name], drawn[name], scored, stopped


def _sight(settings: TrainVaeSettings, progress: Progress) -> tuple[Any, dict[str, str]]:
    """The features of VGG16 and the digest of its weights, if the settings ask for them."""
    from studio.vae.learner import layers

    if not layers(settings):
        return None, {}
    from studio.core.objectives import backbones

    return backbones.vgg16_sight(layers(settings), progress, settings.precision)


def _with_discriminators(trainer: Trainer, settings: TrainVaeSettings) -> Vae:
    """The VAE, and the discriminators that it learned against, if there are some."""
    from studio.vae.model import Vae

    weights = trainer.discriminator()
    if not weights:
        return trainer.result
    found = Vae(settings, judged=True)
    found.set_weights([*trainer.result.drawing, *weights])
    return found


def _start(inputs: Inputs) -> tuple[list[np.ndarray] | None, list[np.ndarray]]:
    """The weights of the model to start from and those of its discriminator, where there are some."""
    preset = start_from.model(inputs)
    if preset is None:
        return None, []
    vae = generator.load(preset)
    return vae.drawing, vae.judging
