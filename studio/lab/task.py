"""The tasks of the lab: train a small network, and apply it to a drawing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from studio.core import recipes
from studio.core.imaging import image_io
from studio.core.imaging.video_encoder import VideoEncoder
from studio.core.models.lru import get_or_make
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs, Result
from studio.lab import digits, drawings, images, network_file
from studio.lab.chain import GibbsChains, make_mask
from studio.lab.corrupt import compute_mean_absolute_error, corrupt
from studio.lab.settings import AutoencoderSettings, BoltzmannSettings, ImagineSettings, RepairSettings
from studio.lab.train import CORRUPTION_STREAM, TrainedNetwork, train_autoencoder, train_boltzmann

S = TypeVar("S", bound=Settings)
_NETWORKS: dict[str, TrainedNetwork] = {}  # the networks trained last in this process
_MAX_NETWORKS = 6
_LARGE_SCALE = 8  # px per pixel of a drawing


def train_autoencoder_network(settings: AutoencoderSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains an autoencoder; the result is a .npz file."""
    return _train_and_store("lab.train", "autoencoder.npz", settings, inputs, progress)


def train_boltzmann_machine(settings: BoltzmannSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a Boltzmann machine; the result is a .npz file."""
    return _train_and_store("lab.boltzmann", "boltzmann.npz", settings, inputs, progress)


def repair(settings: RepairSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains an autoencoder and shows reconstructions, filters or the latent map."""
    dataset = digits.load_digits(inputs.get("doodles", ()))
    result = _get_or_train(
        _select_training_settings(AutoencoderSettings, settings), dataset, inputs, progress
    )
    drawing, notes = _read_drawing(inputs, settings.fit)
    originals = dataset.test[: images.ROW_DIGITS] if drawing is None else drawing[None]
    corrupted = corrupt(
        originals, settings.noise, settings.holes, np.random.default_rng([settings.seed, CORRUPTION_STREAM])
    )
    codes = result.network.encode(corrupted)
    outputs = result.network.decode(codes)
    if settings.show == "filters":
        image = images.draw_filters(result.network, dataset.test)
    elif settings.show == "map":
        image = images.CodeMap(result.network, result.network.encode(dataset.test)).draw()
    else:
        is_corrupted = settings.noise or settings.holes
        rows = [originals, corrupted, outputs] if is_corrupted else [originals, outputs]
        image = (
            images.draw_rows(*rows)
            if drawing is None
            else images.draw_grid(np.concatenate(rows), 3, _LARGE_SCALE)
        )
    recipe = recipes.make("lab.repair", _make_repeatable_settings(settings, result), inputs, dataset.weights)
    file = File.store(image_io.encode_png(image, recipe), "image", f"{_find_stem(inputs)}-repaired.png")
    figures = {
        "error": compute_mean_absolute_error(outputs, originals),
        "corruption_error": compute_mean_absolute_error(corrupted, originals),
        "code": codes[0].astype(float).round(4).tolist(),
        "notes": notes,
    }
    return Result((file,), _collect_figures(result) | figures, recipe, result.stopped_early)


def imagine(settings: ImagineSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a Boltzmann machine and samples the rest of a drawing, or new digits."""
    dataset = digits.load_digits(inputs.get("doodles", ()))
    result = _get_or_train(_select_training_settings(BoltzmannSettings, settings), dataset, inputs, progress)
    drawing, notes = _read_drawing(inputs, fit=False)
    clamped = make_mask("nothing" if drawing is None else settings.keep)
    pixels = np.zeros(clamped.size, "float32") if drawing is None else drawing
    chain = GibbsChains(result.network, pixels, clamped, settings.n, settings.temperature, settings.seed)
    recipe = recipes.make("lab.imagine", _make_repeatable_settings(settings, result), inputs, dataset.weights)
    stem = f"{_find_stem(inputs)}-imagined"
    if settings.frames:
        with VideoEncoder(settings.video, settings.fps) as video:
            energies = _run_chain(chain, settings, video)
            file = File.store(video.finish(), "animation", f"{stem}.{settings.video}")
    else:
        energies = _run_chain(chain, settings, None)
        file = File.store(image_io.encode_png(_draw_chain(chain), recipe), "image", f"{stem}.png")
    figures = {"energy": energies[-1], "energies": energies, "notes": notes}
    return Result((file,), _collect_figures(result) | figures, recipe, result.stopped_early)


def _run_chain(chain: GibbsChains, settings: ImagineSettings, video: VideoEncoder | None) -> list[float]:
    """Runs the chain to its end; returns the energy after each round."""
    frame_rounds = {
        round((frame + 1) * settings.rounds / settings.frames) for frame in range(settings.frames)
    }
    energies = []
    for energy in chain.run(settings.rounds):
        energies.append(round(energy, 2))
        if video is not None and chain.rounds in frame_rounds:
            video.add(_draw_chain(chain))
    return energies


def _draw_chain(chain: GibbsChains) -> np.ndarray:
    """Draws the current samples of all chains."""
    return images.draw_grid(chain.probabilities, scale=_LARGE_SCALE if len(chain.probabilities) == 1 else 4)


def _train_and_store(
    task: str,
    file_name: str,
    settings: AutoencoderSettings | BoltzmannSettings,
    inputs: Inputs,
    progress: Progress,
) -> Result:
    dataset = digits.load_digits(inputs.get("doodles", ()))
    result = _get_or_train(settings, dataset, inputs, progress)
    recipe = recipes.make(task, _make_repeatable_settings(settings, result), inputs, dataset.weights)
    file = File.store(network_file.pack_network(result.network, dataset.test), "network", file_name)
    return Result((file,), _collect_figures(result), recipe, result.stopped_early)


def _get_or_train(
    settings: AutoencoderSettings | BoltzmannSettings,
    dataset: digits.Digits,
    inputs: Inputs,
    progress: Progress,
) -> TrainedNetwork:
    """Returns the network for these settings from memory, or trains it and caches it."""
    doodles = " ".join(file.digest for file in inputs.get("doodles", ()))
    key = f"{settings.model_dump_json()} {dataset.weights} {doodles}"
    result = get_or_make(_NETWORKS, key, lambda: _train(settings, dataset, progress), _MAX_NETWORKS)
    if result.stopped_early:  # cache it for the settings that reproduce it, not for the full run
        del _NETWORKS[key]
        repeatable_key = (
            f"{_make_repeatable_settings(settings, result).model_dump_json()} {dataset.weights} {doodles}"
        )
        get_or_make(_NETWORKS, repeatable_key, lambda: replace(result, stopped_early=False), _MAX_NETWORKS)
    return result


def _train(
    settings: AutoencoderSettings | BoltzmannSettings, dataset: digits.Digits, progress: Progress
) -> TrainedNetwork:
    if isinstance(settings, AutoencoderSettings):
        return train_autoencoder(dataset, settings, progress)
    return train_boltzmann(dataset, settings, progress)


def _select_training_settings(cls: type[S], settings: Settings) -> S:
    """Returns the training settings among the settings of a task."""
    return cls.model_validate({name: getattr(settings, name) for name in cls.model_fields})


def _make_repeatable_settings(settings: S, result: TrainedNetwork) -> S:
    """Returns the settings that repeat a result; those of a stopped one end at its last step."""
    return settings.model_copy(update={"most_steps": result.steps}) if result.stopped_early else settings


def _read_drawing(inputs: Inputs, fit: bool) -> tuple[np.ndarray | None, list[str]]:
    """Returns the drawing, `(PIXELS,) float32`, or None without one, and notes on it."""
    for file in inputs.get("content", ()):  # at most one
        drawing = drawings.convert_drawing(image_io.read(file.read(), file.name), fit)
        return drawing, [] if drawing.any() else [drawings.EMPTY_NOTE]
    return None, []


def _collect_figures(result: TrainedNetwork) -> dict[str, Any]:
    last = result.history[-1]
    return {
        "seconds": result.seconds,
        "steps": result.steps,
        "parameters": result.network.parameters,
        "training_error": last.get("training"),
        "test_error": last["validation"],
        "history": result.history,
    }


def _find_stem(inputs: Inputs) -> str:
    """Returns the stem of the drawing's file name; "digits" without a drawing."""
    return next((Path(file.name).stem for file in inputs.get("content", ())), "digits")
