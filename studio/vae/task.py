"""Training a VAE as a task: from a data set to a packed model with its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core import data
from studio.core.data.split import compute_positions, split
from studio.core.errors import Cancelled
from studio.core.generators import MIN_IMAGES, classes
from studio.core.generators.publish import CARD_IMAGES, Evaluation, publish_generator
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


@checkpoints.lock_run(generator.TASK)
def train(settings: TrainVaeSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a VAE on images and publishes the packed model; the training is in `studio.vae.train`."""
    from studio.vae import latent_analysis
    from studio.vae import train as training

    data_file = inputs["data"][0]
    start, discriminator_weights, start_classes = _load_start_weights(inputs)
    dataset = data.load_dataset(data_file, settings.size, settings.channels, progress, min_images=MIN_IMAGES)
    class_names, notes = classes.select(dataset, settings.conditional)
    labels = dataset.known_labels if class_names else None
    if start is not None:
        classes.check_same(start_classes, class_names)
    train_rows, validation_rows, test_rows = split(
        compute_positions(dataset, progress), settings.held_out / 2, settings.held_out
    )
    feature_extractor, weights = _load_feature_extractor(settings, progress)
    job = publish.TrainingJob(generator.TASK, "train_vae", settings, inputs)
    trainer = training.Trainer(
        dataset.images,
        train_rows,
        validation_rows,
        settings,
        job.run,
        start,
        discriminator_weights,
        feature_extractor,
        len(class_names),
        labels,
    ).fit(progress)
    stopped = trainer.stop_reason == "cancelled"
    analysis_args = (trainer.result, settings, dataset, train_rows, test_rows)
    try:
        analysis = latent_analysis.analyze(
            *analysis_args, validation_rows, Progress() if stopped else progress, stopped, labels
        )
    except Cancelled:
        stopped, analysis = (
            True,
            latent_analysis.analyze(*analysis_args, validation_rows, Progress(), True, labels),
        )
    density, samples, scored, stopped = _choose_density(analysis_args, analysis, progress, stopped, labels)
    return publish_generator(
        job,
        trainer,
        Evaluation(dataset, train_rows, test_rows, samples, scored, stopped, (*notes, *analysis.notes)),
        card.compose,
        figures={
            **analysis.figures,
            "classes": len(class_names),
            "density_parts": len(density.weights) if density else 0,
            "density_full": density is not None and density.factors is not None,
        },
        metadata={
            "directions": {name: direction.to_json() for name, direction in analysis.directions.items()},
            "density": density.to_json() if density else None,
            "contrast": analysis.contrast,
            "classes": list(class_names),
        },
        weights=weights,
        network=_add_discriminators(trainer, settings),
    )


def _choose_density(
    analysis_args: tuple[Any, ...],
    analysis: LatentAnalysis,
    progress: Progress,
    stopped: bool,
    labels: np.ndarray | None,
) -> tuple[Mixture | None, np.ndarray, comparison.Comparison, bool]:
    """Chooses the latent density whose samples are closer to real images.

    That is the density fitted to latents of real images, unless samples from the prior were scored and came
    closer: with a discriminator, training also shows it samples from the prior.

    Returns:
        The density (None for the prior), samples from it, their scores, and whether the user stopped scoring.
    """
    from studio.vae import encoding, latent_analysis

    vae, settings, dataset, train_rows, test_rows = analysis_args
    scored_images = settings.scored if not stopped else 0
    densities = {"mixture": analysis.density} | (
        {"prior": None} if analysis.density and scored_images else {}
    )
    train_labels, count = None if labels is None else labels[train_rows], max(CARD_IMAGES, scored_images)
    samples = {
        name: encoding.decode(
            vae,
            latent_analysis.sample_fixed_latents(vae, settings, density, train_labels, count),
            analysis.contrast,
        )
        for name, density in densities.items()
    }
    try:
        scorer = comparison.Scorer(dataset, train_rows, test_rows, scored_images, progress)
        name, closest, other_candidates = scorer.compare_candidates(samples, None if stopped else progress)
    except Cancelled:
        return analysis.density, samples["mixture"], comparison.Comparison(), True
    other_figures = {
        f"{other}_{figure}": figures[figure]
        for other, figures in other_candidates.items()
        for figure in ("fid", "fid_error", "kid", "kid_error")
    }
    scored = comparison.Comparison({**closest.figures, **other_figures}, closest.distances)
    return densities[name], samples[name], scored, stopped


def _load_feature_extractor(settings: TrainVaeSettings, progress: Progress) -> tuple[Any, dict[str, str]]:
    """Returns VGG16's feature extractor and the SHA-256 of its weights if the settings need them."""
    from studio.core.objectives import backbones
    from studio.vae.losses import vgg16_layers

    layers = vgg16_layers(settings)
    return backbones.load_vgg16_features(layers, progress, settings.precision) if layers else (None, {})


def _add_discriminators(trainer: Trainer, settings: TrainVaeSettings) -> Vae:
    """Returns the VAE, with the discriminators of its training if there are any."""
    from studio.vae.model import Vae

    weights = trainer.get_discriminator_weights()
    if not weights:
        return trainer.result
    vae = Vae(settings, trainer.class_count, with_discriminators=True)
    vae.set_weights([*trainer.result.network_weights, *weights])
    return vae


def _load_start_weights(
    inputs: Inputs,
) -> tuple[list[np.ndarray] | None, list[np.ndarray], tuple[str, ...]]:
    """Returns the weights of the model to start from, those of its discriminators, and its classes."""
    preset = start_from.load_model(inputs)
    if preset is None:
        return None, [], ()
    vae = generator.load_vae(preset)
    return vae.network_weights, vae.discriminator_weights, classes.read(preset.read_data())
