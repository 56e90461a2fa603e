"""The lab as tasks: a network's file, or what a network that was just trained makes of a drawing."""

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
from studio.lab.chain import Chain, half
from studio.lab.corrupt import levels, spoilt
from studio.lab.settings import BoltzmannSettings, ImagineSettings, RepairSettings, TeachSettings
from studio.lab.train import SPOILING, Taught, teach_autoencoder, teach_boltzmann

S = TypeVar("S", bound=Settings)
_TAUGHT: dict[str, Taught] = {}  # what a worker holds: the networks that were trained last
_MOST = 6
_LARGE = 8  # px of the screen for each of a drawing


def teach(settings: TeachSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains an autoencoder; gives its weights as a file of NumPy."""
    return _network("lab.train", "autoencoder.npz", settings, inputs, progress)


def boltzmann(settings: BoltzmannSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a Boltzmann machine; gives its weights as a file of NumPy."""
    return _network("lab.boltzmann", "boltzmann.npz", settings, inputs, progress)


def repair(settings: RepairSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains an autoencoder, and shows what it makes of a drawing, of digits, or what it has learned."""
    known = digits.digits(inputs.get("doodles", ()))
    taught = _taught(_base(TeachSettings, settings), known, inputs, progress)
    drawn, notes = _drawing(inputs, settings.fit)
    wanted = known.others[: images.SHOWN] if drawn is None else drawn[None]
    given = spoilt(wanted, settings.noise, settings.holes, np.random.default_rng([settings.seed, SPOILING]))
    code = taught.network.encode(given)
    made = taught.network.decode(code)
    if settings.show == "filters":
        image = images.filters(taught.network, known.others)
    elif settings.show == "map":
        image = images.CodeMap(taught.network, taught.network.encode(known.others)).image()
    else:
        shown = [wanted, given, made] if settings.noise or settings.holes else [wanted, made]
        image = images.rows(*shown) if drawn is None else images.shown(np.concatenate(shown), 3, _LARGE)
    recipe = recipes.make("lab.repair", _as_made(settings, taught), inputs, known.weights)
    file = File.keep(image_io.encode_png(image, recipe), "image", f"{_stem(inputs)}-repaired.png")
    told = {
        "off": levels(made, wanted),
        "spoilt": levels(given, wanted),
        "code": code[0].astype(float).round(4).tolist(),
        "notes": notes,
    }
    return Result((file,), _figures(taught) | told, recipe, taught.stopped_early)


def imagine(settings: ImagineSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a Boltzmann machine, and lets it imagine the rest of a drawing, or digits of its own."""
    known = digits.digits(inputs.get("doodles", ()))
    taught = _taught(_base(BoltzmannSettings, settings), known, inputs, progress)
    drawn, notes = _drawing(inputs, fit=False)
    kept = half("nothing" if drawn is None else settings.keep)
    drawing = np.zeros(kept.size, "float32") if drawn is None else drawn
    chain = Chain(taught.network, drawing, kept, settings.n, settings.temperature, settings.seed)
    recipe = recipes.make("lab.imagine", _as_made(settings, taught), inputs, known.weights)
    stem = f"{_stem(inputs)}-imagined"
    if settings.frames:
        with Video(settings.video, settings.fps) as video:
            energies = _follow(chain, settings, video)
            file = File.keep(video.finish(), "animation", f"{stem}.{settings.video}")
    else:
        energies = _follow(chain, settings, None)
        file = File.keep(image_io.encode_png(_grid(chain), recipe), "image", f"{stem}.png")
    told = {"energy": energies[-1], "energies": energies, "notes": notes}
    return Result((file,), _figures(taught) | told, recipe, taught.stopped_early)


def _follow(chain: Chain, settings: ImagineSettings, video: Video | None) -> list[float]:
    """Lets the chain go on to its end; gives its energy after each round."""
    due = {round((frame + 1) * settings.rounds / settings.frames) for frame in range(settings.frames)}
    energies = []
    for energy in chain.follow(settings.rounds):
        energies.append(round(energy, 2))
        if video is not None and chain.rounds in due:
            video.add(_grid(chain))
    return energies


def _grid(chain: Chain) -> np.ndarray:
    return images.shown(chain.chances, scale=_LARGE if len(chain.chances) == 1 else 4)


def _network(
    name: str,
    file_name: str,
    settings: TeachSettings | BoltzmannSettings,
    inputs: Inputs,
    progress: Progress,
) -> Result:
    known = digits.digits(inputs.get("doodles", ()))
    taught = _taught(settings, known, inputs, progress)
    made = _as_made(settings, taught)
    recipe = recipes.make(name, made, inputs, known.weights)
    file = File.keep(network_file.pack(taught.network, known.others), "network", file_name)
    return Result((file,), _figures(taught), recipe, taught.stopped_early)


def _taught(
    settings: TeachSettings | BoltzmannSettings, known: digits.Digits, inputs: Inputs, progress: Progress
) -> Taught:
    """The network of these settings, trained now unless this process still holds it."""
    doodles = " ".join(file.digest for file in inputs.get("doodles", ()))
    name = f"{settings.model_dump_json()} {known.weights} {doodles}"
    taught = get_or_make(_TAUGHT, name, lambda: _course(settings, known, progress), _MOST)
    if taught.stopped_early:  # it is not what was asked for, but what others ask for who saw it
        del _TAUGHT[name]
        other = f"{_as_made(settings, taught).model_dump_json()} {known.weights} {doodles}"
        get_or_make(_TAUGHT, other, lambda: replace(taught, stopped_early=False), _MOST)
    return taught


def _course(settings: TeachSettings | BoltzmannSettings, known: digits.Digits, progress: Progress) -> Taught:
    if isinstance(settings, TeachSettings):
        return teach_autoencoder(known, settings, progress)
    return teach_boltzmann(known, settings, progress)


def _base(cls: type[S], settings: Settings) -> S:
    """Those of the settings that are about training."""
    return cls.model_validate({name: getattr(settings, name) for name in cls.model_fields})


def _as_made(settings: S, taught: Taught) -> S:
    """The settings that make the same again, also where it was stopped."""
    return settings.model_copy(update={"most_steps": taught.steps}) if taught.stopped_early else settings


def _drawing(inputs: Inputs, fit: bool) -> tuple[np.ndarray | None, list[str]]:
    """The drawing, `(PIXELS,)`, if there is one, and what there is to say of it."""
    for file in inputs.get("content", ()):
        drawn = drawings.read(image_io.read(file.read(), file.name), fit)
        return drawn, [] if drawn.any() else [drawings.EMPTY]
    return None, []


def _figures(taught: Taught) -> dict[str, Any]:
    last = taught.history[-1]
    return {
        "seconds": taught.seconds,
        "steps": taught.steps,
        "parameters": taught.network.parameters,
        "learned_off": last.get("learned"),
        "held_out_off": last["held out"],
        "history": taught.history,
    }


def _stem(inputs: Inputs) -> str:
    return next((Path(file.name).stem for file in inputs.get("content", ())), "digits")
