"""Loss against passes: L-BFGS, Adam and a pyramid, from the photo, the instant result, noise and the mix.

    python -m benchmarks.style_starts [--json] [--size 256] [--passes 80] [--plot benchmarks/style_starts.png]

All descend the same objective. A pass at half the size counts a quarter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import arguments, note, pictures, show
from studio.core.errors import Cancelled
from studio.core.objectives import backbones
from studio.core.objectives.evaluate import Evaluation, Evaluator
from studio.core.pictures import images
from studio.style import adain, instant
from studio.style.optimise import objective
from studio.style.optimise.lbfgs import descend
from studio.style.optimise.scene import Scene
from studio.style.settings import TransferSettings

Curve = tuple[list[float], list[float]]  # passes spent, lowest loss at the full size so far
Heard = Callable[[int, np.ndarray], None]  # told of the passes done, and of the picture
SHOWN = (10, 20, 32, 40, 60, 80, 120, 200)


def _deaf(_: int, __: np.ndarray) -> None:
    pass


class Race:
    """One scene, and every way to paint it.

    Args:
        size: of the longer side, in px.
        passes: at most, of each way.
        pair: a photo and a painting, each `(H, W, 3) uint8`.
        strength: how much of the style is wanted.
    """

    def __init__(
        self,
        size: int,
        passes: int,
        pair: tuple[np.ndarray, np.ndarray] | None = None,
        strength: float = 0.8,
    ):
        self.pair = content, style = pair or pictures()
        self.passes, self.size = passes, size
        self.scene = Scene(content, [style], [], TransferSettings(size=size, strength=strength))
        self.vgg16 = backbones.load("vgg16").averaged
        self.evaluate = Evaluator(self.vgg16, objective.objective(self.scene, self.vgg16, size))

    def starts(self) -> dict[str, np.ndarray]:
        """Every first picture, `(1, H, W, 3) float32 in [0, 1]`."""
        photo = self.scene.content_01(self.size)
        first = instant.paint(self.scene, adain.load(), self.size)
        noise = np.random.default_rng(0).random(photo.shape).astype("float32")
        mix = 0.5 * (first + self.scene.recoloured_01(self.size))
        return {"photo": photo, "instant": first, "noise": noise, "mix": mix}

    def lbfgs(self, start: np.ndarray, enough: float = 0.0, heard: Heard = _deaf) -> Curve:
        """The studio's own descent at the full size, until the loss is low enough."""
        values: list[float] = []

        def passed(done: int, found: Evaluation, best: np.ndarray) -> None:
            values.append(found.value)
            heard(done, best)
            if found.value <= enough:
                raise Cancelled

        descend(self.evaluate, start, self.passes, passed)
        return _lowest(values)

    def adam(self, start: np.ndarray, rate: float = 0.02, heard: Heard = _deaf) -> Curve:
        """Adam with a cosine schedule. Reference: Kingma and Ba 2014, arXiv:1412.6980."""
        picture, mean, square, values = start.copy(), 0.0, 0.0, []
        for step in range(1, self.passes + 1):
            found = self.evaluate(picture)
            values.append(found.value)
            heard(step, picture)
            mean = 0.8 * mean + 0.2 * found.gradient
            square = 0.95 * square + 0.05 * found.gradient**2
            length = rate * 0.5 * (1 + np.cos(np.pi * step / self.passes))
            move = mean / (1 - 0.8**step) / (np.sqrt(square / (1 - 0.95**step)) + 1e-12)
            picture = np.clip(picture - length * move, 0, 1).astype("float32")
        return _lowest(values)

    def pyramid(self, start: np.ndarray) -> Curve:
        """L-BFGS at half the size for a third of the budget, then at the full size."""
        half = self.size // 2
        small = images.to_01(images.resize(images.to_uint8(start), *self.scene.content_01(half).shape[1:3]))
        coarse = int(self.passes * 4 / 3)
        goal = objective.objective(self.scene, self.vgg16, half)
        small = descend(Evaluator(self.vgg16, goal), small, coarse).images_01
        large = images.to_01(images.resize(images.to_uint8(small), *start.shape[1:3]))
        values: list[float] = []
        count = self.passes - coarse // 4
        descend(self.evaluate, large, count, lambda _, found, __: values.append(found.value))
        spent, lowest = _lowest(values)
        return [coarse / 4 + passes for passes in spent], lowest


def _lowest(values: list[float]) -> Curve:
    return list(range(1, len(values) + 1)), np.minimum.accumulate(values).tolist()


def plot(curves: dict[str, Curve], path: Path) -> None:
    """Draws all curves, the way by its line, the start by its colour."""
    from matplotlib.figure import Figure

    colors = {"photo": "#888888", "instant": "#2f5fb3", "noise": "#c9a227", "mix": "#b3382f"}
    lines = {"L-BFGS": "-", "Adam": ":", "pyramid": "--"}
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for name, (passes, losses) in curves.items():
        way, start = name.split(" from ")
        axes.plot(passes, losses, lines[way], color=colors[start], label=name, linewidth=1.6)
    axes.set(xlabel="passes at the full size (P)", ylabel="total loss", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, ncols=2)
    figure.savefig(path, dpi=110)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs every way from every start, prints the losses, draws the plot."""
    parser = arguments(__doc__.splitlines()[0], quick="--size 64 --passes 10 --plot .")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--passes", type=int, default=80)
    parser.add_argument("--plot", type=Path, default=Path(__file__).parent / "style_starts.png")
    chosen = parser.parse_args(argv)
    race = Race(chosen.size, chosen.passes)
    ways: dict[str, Callable[[np.ndarray], Curve]] = {
        "L-BFGS": race.lbfgs,
        "Adam": race.adam,
        "pyramid": race.pyramid,
    }
    curves: dict[str, Curve] = {}
    for way, run in ways.items():
        for start, picture in race.starts().items():
            note(f"{way} from {start}")
            curves[f"{way} from {start}"] = run(picture)
    if chosen.plot != Path():
        plot(curves, chosen.plot)
    figures: dict[str, object] = {}
    for name, (passes, losses) in curves.items():
        for mark in SHOWN:
            reached = [loss for spent, loss in zip(passes, losses, strict=True) if spent <= mark]
            if reached and mark <= chosen.passes:
                figures[f"{name}, {mark} P"] = reached[-1]
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
