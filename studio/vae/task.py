"""Training a VAE as a task: from a data set to a packed model with its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core import data
from studio.core.data.split import compute_positions, split
from studio.core.errors import Cancelled
from studio.core.generators.least_images import LEAST_IMAGES
from studio.core.imaging.grids import make_grid
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


@checkpoints.lock_run(generator.TASK)
def train(settings: TrainVaeSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a VAE on images. See `studio.vae.train`."""
    from studio.vae import latent_analysis
    from studio.vae import train as training

    file = inputs["data"][0]
    start, discriminator = _start(inputs)
    dataset = data.load_dataset(file, settings.size, settings.channels, progress, least=LEAST_IMAGES)
    learned, validation, held_out = split(
        compute_positions(dataset, progress), settings.held_out / 2, settings.held_out
    )
    see, weights = _feature_extractor(settings, progress)
    job = publish.Job(generator.TASK, "train_vae", settings, inputs)
    trainer = training.Trainer(
        dataset.images, learned, validation, settings, job.run, start, discriminator, see
    ).fit(progress)
    stopped = trainer.ended == "cancelled"
    analysis_args = (trainer.result, settings, dataset, learned, held_out)
    try:
        analysis = latent_analysis.analyze(
            *analysis_args, validation, Progress() if stopped else progress, quick=stopped
        )
    except Cancelled:
        stopped, analysis = True, latent_analysis.analyze(*analysis_args, validation, Progress(), quick=True)
    density, samples, scored, stopped = _closest(analysis_args, analysis, progress, stopped)
    history = start_from.load_history(inputs, trainer.step, trainer.curves, trainer.stages)
    notes = [*dataset.notes, *analysis.notes, *scored.figures.get("notes", ())]
    figures = {
        **analysis.figures,
        **scored.figures,
        **job.figures(trainer, notes),
        "epochs": trainer.step * min(settings.batch, len(learned)) / len(learned),
        "images": len(dataset.images),
        "held_out": len(held_out),
        "density_parts": len(density.weights) if density else 0,
        "density_full": density is not None and density.factors is not None,
        "taught_by": start_from.list_teachers(inputs, weights),
        "curve": history.curve,
    }
    if stopped:
        figures["ended"] = "cancelled"
    return job.publish(
        _with_discriminators(trainer, settings),
        figures,
        card.write,
        metadata={
            "directions": {name: direction.to_json() for name, direction in analysis.directions.items()},
            "density": density.to_json() if density else None,
            "contrast": analysis.contrast,
            "stages": history.stages,
        },
        weights=weights,
        image=publish.draw_card_image(make_grid(samples[:GRID]), history.curve, scored.distances),
        stages=history.sheet,
    )


def _closest(
    analysis_args: tuple[Any, ...], analysis: LatentAnalysis, progress: Progress, stopped: bool
) -> tuple[Mixture | None, np.ndarray, comparison.Comparison, bool]:
    """Chooses the latent density whose samples are closer to real images.

    That is the density fitted to latents of real images, unless samples from the prior were scored and came
    closer: with a discriminator, training also shows it samples from the prior.

    Returns:
        The density (None for the prior), samples from it, their scores, and whether the user stopped scoring.
    """
    from studio.vae import codes, latent_analysis

    vae, settings, images, learned, held_out = analysis_args
    measured = settings.scored if not stopped else 0
    densities = {"mixture": analysis.density} | ({"prior": None} if analysis.density and measured else {})
    samples = {
        name: codes.decode(vae, latent_analysis.points(way, settings, max(GRID, measured)), analysis.contrast)
        for name, way in densities.items()
    }
    try:
        scorer = comparison.Scorer(images, learned, held_out, measured, progress)
        name, closest, others = scorer.closest(samples, None if stopped else progress)
    except Cancelled:
        return analysis.density, samples["mixture"], comparison.Comparison(), True
    other_figures = {
        f"{other}_{figure}": figures[figure]
        for other, figures in others.items()
        for figure in ("fid", "fid_error", "kid", "kid_error")
    }
    scored = comparison.Comparison({**closest.figures, **other_figures}, closest.distances)
    return densities[name], samples[name], scored, stopped


def _feature_extractor(settings: TrainVaeSettings, progress: Progress) -> tuple[Any, dict[str, str]]:
    """Returns the VGG16 features and the SHA-256 of its weights, if the settings need them."""
    from studio.vae.learner import vgg16_layers

    if not vgg16_layers(settings):
        return None, {}
    from studio.core.objectives import backbones

    return backbones.load_vgg16_features(vgg16_layers(settings), progress, settings.precision)


def _with_discriminators(trainer: Trainer, settings: TrainVaeSettings) -> Vae:
    """Returns the VAE, with the discriminators of its training if there are any."""
    from studio.vae.model import Vae

    weights = trainer.discriminator()
    if not weights:
        return trainer.result
    vae = Vae(settings, with_discriminators=True)
    vae.set_weights([*trainer.result.network_weights, *weights])
    return vae


def _start(inputs: Inputs) -> tuple[list[np.ndarray] | None, list[np.ndarray]]:
    """Returns the weights of the model to start from and of its discriminators, if there are any."""
    preset = start_from.load_model(inputs)
    if preset is None:
        return None, []
    vae = generator.load(preset)
    return vae.network_weights, vae.discriminator_weights
