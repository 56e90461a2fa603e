"""The tasks of the lab: train a small network, and apply it to a drawing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from studio.core import recipes
from studio.core.imaging import image_io
from studio.core.imaging.animations import Video
from studio.core.models.recently_used import get_or_make
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs, Result
from studio.lab import digits, drawings, images, network_file
from studio.lab.chain import Chain, half_mask
from studio.lab.corrupt import corrupt, levels
from studio.lab.settings import AutoencoderSettings, BoltzmannSettings, ImagineSettings, RepairSettings
from studio.lab.train import CORRUPTION_STREAM, TrainedNetwork, train_autoencoder, train_boltzmann

S = TypeVar("S", bound=Settings)
_NETWORKS: dict[str, TrainedNetwork] = {}  # the networks trained last in this process
_MOST = 6
_LARGE = 8  # px per pixel of a drawing


def train(settings: AutoencoderSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains an autoencoder; the result is an .npz file."""
    return _network("lab.train", "autoencoder.npz", settings, inputs, progress)


def boltzmann(settings: BoltzmannSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a Boltzmann machine; the result is an .npz file."""
    return _network("lab.boltzmann", "boltzmann.npz", settings, inputs, progress)


def repair(settings: RepairSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains an autoencoder and shows reconstructions, filters or the latent map."""
    dataset = digits.digits(inputs.get("doodles", ()))
    result = _trained_network(_base(AutoencoderSettings, settings), dataset, inputs, progress)
    drawing, notes = _drawing(inputs, settings.fit)
    originals = dataset.test[: images.ROW_DIGITS] if drawing is None else drawing[None]
    corrupted = corrupt(
        originals, settings.noise, settings.holes, np.random.default_rng([settings.seed, CORRUPTION_STREAM])
    )
    code = result.network.encode(corrupted)
    outputs = result.network.decode(code)
    if settings.show == "filters":
        image = images.filters(result.network, dataset.test)
    elif settings.show == "map":
        image = images.CodeMap(result.network, result.network.encode(dataset.test)).image()
    else:
        columns = (
            [originals, corrupted, outputs] if settings.noise or settings.holes else [originals, outputs]
        )
        image = (
            images.rows(*columns)
            if drawing is None
            else images.digit_grid(np.concatenate(columns), 3, _LARGE)
        )
    recipe = recipes.make("lab.repair", _reproducible(settings, result), inputs, dataset.weights)
    file = File.keep(image_io.encode_png(image, recipe), "image", f"{_stem(inputs)}-repaired.png")
    figures = {
        "off": levels(outputs, originals),
        "corrupted": levels(corrupted, originals),
        "code": code[0].astype(float).round(4).tolist(),
        "notes": notes,
    }
    return Result((file,), _figures(result) | figures, recipe, result.stopped_early)


def imagine(settings: ImagineSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a Boltzmann machine and samples the rest of a drawing, or new digits."""
    dataset = digits.digits(inputs.get("doodles", ()))
    result = _trained_network(_base(BoltzmannSettings, settings), dataset, inputs, progress)
    drawing, notes = _drawing(inputs, fit=False)
    clamped = half_mask("nothing" if drawing is None else settings.keep)
    pixels = np.zeros(clamped.size, "float32") if drawing is None else drawing
    chain = Chain(result.network, pixels, clamped, settings.n, settings.temperature, settings.seed)
    recipe = recipes.make("lab.imagine", _reproducible(settings, result), inputs, dataset.weights)
    stem = f"{_stem(inputs)}-imagined"
    if settings.frames:
        with Video(settings.video, settings.fps) as video:
            energies = _run_chain(chain, settings, video)
            file = File.keep(video.finish(), "animation", f"{stem}.{settings.video}")
    else:
        energies = _run_chain(chain, settings, None)
        file = File.keep(image_io.encode_png(_grid(chain), recipe), "image", f"{stem}.png")
    figures = {"energy": energies[-1], "energies": energies, "notes": notes}
    return Result((file,), _figures(result) | figures, recipe, result.stopped_early)


def _run_chain(chain: Chain, settings: ImagineSettings, video: Video | None) -> list[float]:
    """Runs the chain to its end; returns the energy after each round."""
    due = {round((frame + 1) * settings.rounds / settings.frames) for frame in range(settings.frames)}
    energies = []
    for energy in chain.run(settings.rounds):
        energies.append(round(energy, 2))
        if video is not None and chain.rounds in due:
            video.add(_grid(chain))
    return energies


def _grid(chain: Chain) -> np.ndarray:
    return images.digit_grid(chain.probabilities, scale=_LARGE if len(chain.probabilities) == 1 else 4)


def _network(
    name: str,
    file_name: str,
    settings: AutoencoderSettings | BoltzmannSettings,
    inputs: Inputs,
    progress: Progress,
) -> Result:
    dataset = digits.digits(inputs.get("doodles", ()))
    result = _trained_network(settings, dataset, inputs, progress)
    reproducible = _reproducible(settings, result)
    recipe = recipes.make(name, reproducible, inputs, dataset.weights)
    file = File.keep(network_file.pack(result.network, dataset.test), "network", file_name)
    return Result((file,), _figures(result), recipe, result.stopped_early)


def _trained_network(
    settings: AutoencoderSettings | BoltzmannSettings,
    dataset: digits.Digits,
    inputs: Inputs,
    progress: Progress,
) -> TrainedNetwork:
    """Returns the network for these settings, from memory or newly trained."""
    doodles = " ".join(file.digest for file in inputs.get("doodles", ()))
    key = f"{settings.model_dump_json()} {dataset.weights} {doodles}"
    result = get_or_make(_NETWORKS, key, lambda: _train(settings, dataset, progress), _MOST)
    if result.stopped_early:  # cache it for the settings that reproduce it, not for the full run
        del _NETWORKS[key]
        other_key = f"{_reproducible(settings, result).model_dump_json()} {dataset.weights} {doodles}"
        get_or_make(_NETWORKS, other_key, lambda: replace(result, stopped_early=False), _MOST)
    return result


def _train(
    settings: AutoencoderSettings | BoltzmannSettings, dataset: digits.Digits, progress: Progress
) -> TrainedNetwork:
    if isinstance(settings, AutoencoderSettings):
        return train_autoencoder(dataset, settings, progress)
    return train_boltzmann(dataset, settings, progress)


def _base(cls: type[S], settings: Settings) -> S:
    """Returns the training settings among the settings of a task."""
    return cls.model_validate({name: getattr(settings, name) for name in cls.model_fields})


def _reproducible(settings: S, result: TrainedNetwork) -> S:
    """Returns the settings that reproduce a result, also one that was stopped."""
    return settings.model_copy(update={"most_steps": result.steps}) if result.stopped_early else settings


def _drawing(inputs: Inputs, fit: bool) -> tuple[np.ndarray | None, list[str]]:
    """Returns the drawing, `(PIXELS,)`, or None, and notes on it."""
    for file in inputs.get("content", ()):
        drawing = drawings.read(image_io.read(file.read(), file.name), fit)
        return drawing, [] if drawing.any() else [drawings.EMPTY]
    return None, []


def _figures(result: TrainedNetwork) -> dict[str, Any]:
    last = result.history[-1]
    return {
        "seconds": result.seconds,
        "steps": result.steps,
        "parameters": result.network.parameters,
        "learned_off": last.get("training"),
        "held_out_off": last["validation"],
        "history": result.history,
    }


def _stem(inputs: Inputs) -> str:
    return next((Path(file.name).stem for file in inputs.get("content", ())), "digits")
