"""Training from the first step to the last, with looks on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from studio.core.errors import Cancelled
from studio.core.process import blas_threads
from studio.core.progress import Progress
from studio.lab import images
from studio.lab.autoencoder import Autoencoder
from studio.lab.boltzmann import Boltzmann, BoltzmannTeacher
from studio.lab.corrupt import levels, spoilt
from studio.lab.digits import Digits
from studio.lab.settings import BoltzmannSettings, TeachSettings
from studio.lab.teacher import Teacher

LOOK_SECONDS = 0.15
_CHECK_SECONDS = 0.03
_MOST_POINTS = 120
SPOILING = 7  # the stream of random numbers that corrupts what is looked at


class _Teacher(Protocol):
    steps: int
    off: float

    def step(self) -> None: ...


@dataclass(frozen=True)
class Taught:
    """What came of it.

    Attributes:
        network: an `Autoencoder` or a `Boltzmann`.
        steps: of training.
        history: `{"step", "learned", "held out"}` of some looks, the first and the last among them.
        stopped_early: whether a user stopped it.
        seconds: that it took.
    """

    network: Any
    steps: int
    history: list[dict[str, float]] = field(repr=False)
    stopped_early: bool
    seconds: float


def teach_autoencoder(digits: Digits, settings: TeachSettings, progress: Progress | None = None) -> Taught:
    """Trains an autoencoder.

    Args:
        digits: what it learns, and others to test it on.
        settings: of it.
        progress: told by how many levels it is off, and shown digits as they were, corrupted and repaired.

    Raises:
        Cancelled: if a user stopped it before the first step.
    """
    teacher = Teacher(digits.learned, settings)
    rng = np.random.default_rng([settings.seed, SPOILING])
    given = digits.others
    if settings.kind == "denoising":
        given = spoilt(given, settings.taught_noise, settings.taught_holes, rng)
    few = slice(0, images.SHOWN)

    def look() -> tuple[float, Callable[[], np.ndarray]]:
        drawn = teacher.network.redraw(given)
        before = [digits.others[few]] + ([given[few]] if given is not digits.others else [])
        return levels(drawn, digits.others), lambda: images.rows(*before, drawn[few])

    return _course(teacher, teacher.network, settings, look, progress or Progress())


def teach_boltzmann(digits: Digits, settings: BoltzmannSettings, progress: Progress | None = None) -> Taught:
    """Trains a restricted Boltzmann machine. As `teach_autoencoder`, but its dreams are shown."""
    teacher = BoltzmannTeacher(digits.learned, settings)
    network = teacher.network
    others = (digits.others >= 0.5).astype("float32")

    def look() -> tuple[float, Callable[[], np.ndarray]]:
        units = network.of_pixels(others)
        dreams = network.of_units(network.of_pixels(teacher.dreams[: 2 * images.SHOWN]))
        return levels(network.of_units(units), others), lambda: images.shown(dreams, images.SHOWN)

    return _course(teacher, network, settings, look, progress or Progress())


def _course(
    teacher: _Teacher,
    network: Autoencoder | Boltzmann,
    settings: TeachSettings | BoltzmannSettings,
    look: Callable[[], tuple[float, Callable[[], np.ndarray]]],
    progress: Progress,
) -> Taught:
    began, history, stopped = time.monotonic(), [], False
    next_look = next_check = 0.0

    def watch() -> None:
        off, preview = look()
        metrics = {"held out": off} | ({"learned": teacher.off} if teacher.steps else {})
        history.append({"step": teacher.steps, **metrics})
        progress.report(teacher.steps, settings.planned, metrics, preview)

    with blas_threads.limited(1):
        try:
            while teacher.steps < settings.last_step:
                now = time.monotonic()
                if now >= next_look:
                    watch()
                    next_look = now + max(LOOK_SECONDS, 5 * (time.monotonic() - now))
                elif now >= next_check:
                    progress.check()
                    next_check = now + _CHECK_SECONDS
                teacher.step()
        except Cancelled:
            if not teacher.steps:
                raise
            stopped = True
        else:
            progress = progress.deaf()
            watch()
    return Taught(network, teacher.steps, _thinned(history), stopped, time.monotonic() - began)


def _thinned(history: list[dict[str, float]]) -> list[dict[str, float]]:
    every = max(1, len(history) // _MOST_POINTS)
    kept = history[:-1:every] + history[-1:]
    return [{name: round(value, 4) for name, value in point.items()} for point in kept]
