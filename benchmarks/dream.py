"""Dreams: time in passes of the backbone, coverage, how far activations rise, large pictures.

    python -m benchmarks.dream [--json] [--only overhead coverage rise large]

P is the median time of one forward and backward pass of the backbone up to the deepest layer of the dream, at
the size of an octave, in the same process.
"""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import ROOT, arguments, fresh, note, seconds, show

RISE = {
    "vgg16": ("block3_conv3", "block4_conv1", "block4_conv3", "block5_conv1", "block5_conv3"),
    "resnet50": (
        "conv4_block1_out",
        "conv3_block4_out",
        "conv4_block3_out",
        "conv4_block6_out",
        "conv5_block1_out",
    ),
    "inceptionv3": ("mixed3", "mixed4", "mixed5", "mixed6", "mixed7"),
}


def sky() -> np.ndarray:
    """The clouds of the test data; without it, a sample photo."""
    from studio.core.pictures import images, sample_photos

    data = Path(os.environ.get("STUDIO_TEST_DATA", ROOT.parent / "shared" / "data")) / "images"
    return images.read(data / "sky1024px.jpg") if data.is_dir() else sample_photos.photo("chelsea")


def one_pass(backbone: str, layer: str, height: int, width: int) -> float:
    """P at a size: forward to a layer and back to the picture, compiled, nothing else."""
    from keras import ops

    from studio.core.objectives import backbones
    from studio.core.objectives.gradients import compiled, value_and_grad

    extractor = backbones.load(backbone).features((layer,))
    picture = np.random.default_rng(0).random((1, height, width, 3), "float32")
    work = compiled(value_and_grad(lambda x: (ops.sum(extractor(x)[layer]), ())))
    return seconds(lambda: np.asarray(work(picture)[2]))


def overhead(asked: Namespace) -> dict[str, object]:
    """The default dream against its passes alone."""
    from studio.dream.ascend import ascend
    from studio.dream.settings import DreamSettings

    settings = DreamSettings(**_small(asked))
    ascend(sky(), settings.model_copy(update={"steps": 1}))
    began = time.perf_counter()
    dreamt = ascend(sky(), settings)
    taken = time.perf_counter() - began
    layer = settings.wanted.layers[0]
    sizes = [(octave["height"], octave["width"]) for octave in dreamt.figures["octaves"]]
    passes = sum(settings.steps * one_pass("vgg16", layer, *size) for size in sizes)
    return {"dream_seconds": taken, "its_passes_seconds": passes, "overhead": taken / passes}


def _small(asked: Namespace) -> dict[str, int]:
    """The settings of a dream that are asked for otherwise than usual."""
    return {name: value for name in ("size", "steps") if (value := getattr(asked, name))}


def coverage(asked: Namespace) -> dict[str, object]:
    """The least change of a block of 32 by 32 px, in grey levels, on a picture of 1024 x 768 px."""
    from studio.core.pictures import images
    from studio.dream.ascend import ascend
    from studio.dream.settings import DreamSettings

    photo = images.resize(sky(), 768, 1024)
    found = {}
    for size in (asked.size,) if asked.size else (512, 1024):
        dreamt = ascend(photo, DreamSettings(**_small(asked) | {"size": size})).image
        before = images.resize(photo, *dreamt.shape[:2])
        change = np.abs(dreamt.astype("float32") - before).mean(axis=2)
        height, width = change.shape
        blocks = change.reshape(height // 32, 32, width // 32, 32).mean(axis=(1, 3))
        found |= {f"least_change_{size}px": blocks.min(), f"median_change_{size}px": np.median(blocks)}
    return found


def rise(backbone: str, layer: str, **small: int) -> tuple[float, float]:
    """How many times the mean square of a layer rises over the photo's, and in how many seconds."""
    from studio.core.objectives import backbones, terms
    from studio.core.objectives.evaluate import Evaluator
    from studio.core.pictures import images
    from studio.dream.ascend import ascend
    from studio.dream.settings import DreamSettings

    photo = images.resize(sky(), 384, 512)
    answer = Evaluator(backbones.load(backbone), terms.layer(layer))
    dreamt = ascend(photo, DreamSettings(layers=(layer,), **small))
    same = images.resize(photo, *dreamt.image.shape[:2])
    before, after = (answer(images.to_01(image)).value for image in (same, dreamt.image))
    return after / before, dreamt.figures["seconds"]


def rises(asked: Namespace) -> dict[str, object]:
    """The table of all backbones and layers."""
    found = {}
    for backbone in asked.backbones:
        for layer in RISE[backbone]:
            times, taken = rise(backbone, layer, **_small(asked))
            found |= {f"{backbone} {layer}": f"x {times:.1f} in {taken:.0f} s"}
            note(f"{backbone} {layer}: x {times:.1f} in {taken:.0f} s")
    return found


class _Recorded:
    """Draws rolls and remembers them."""

    def __init__(self):
        self._rng, self.rolls = np.random.default_rng(0), []

    def integers(self, *args):
        self.rolls.append(self._rng.integers(*args))
        return self.rolls[-1]


def seams(size: int, steps: int) -> float:
    """The mean step between pixels across the borders of all windows, against that elsewhere."""
    from studio.core.objectives import backbones, terms
    from studio.core.pictures import images
    from studio.core.progress import Progress
    from studio.dream.gradient import Slope, cuts

    rng = _Recorded()
    slope = Slope(backbones.load("vgg16"), terms.layer("block4_conv3"), 1.0, 16, rng, Progress())
    picture = images.to_01(images.fit(sky(), size))
    for _ in range(steps):
        picture = np.clip(picture + 0.012 * slope(picture)[1], 0, 1)
    shares = []
    for axis in (0, 1):
        across = np.abs(picture[0] - np.roll(picture[0], 1, axis)).mean(axis=(1 - axis, 2))
        borders = {(start - roll[axis]) % len(across) for roll in rng.rolls for start in cuts(len(across))[1]}
        at = np.isin(np.arange(len(across)), sorted(borders - {0}))
        elsewhere = ~at
        elsewhere[0] = False  # there the picture's two ends meet
        shares.append(across[at].mean() / across[elsewhere].mean())
    return float(np.mean(shares))


def peak(size: int) -> dict[str, float]:
    """Peak memory in GiB of a fresh process that dreams one picture in windows, and its seams."""
    code = f"from benchmarks import dream; dream.report_peak({size})"
    return fresh(code)


def report_peak(size: int) -> None:
    """Dreams one large picture and prints the peak memory of this process in GiB."""
    from studio.dream.ascend import ascend
    from studio.dream.settings import DreamSettings

    began = time.perf_counter()
    ascend(sky(), DreamSettings(size=size, steps=2))
    taken = time.perf_counter() - began
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    sys.stdout.write(json.dumps({"peak_gib": int(line.split()[1]) / 2**20, "seconds": taken}) + "\n")


def large(asked: Namespace) -> dict[str, object]:
    """A picture of 2048 px: memory of two steps an octave, and the seams after four steps."""
    found = peak(2048)
    return {
        "peak_gib_2048px": found["peak_gib"],
        "seconds_2048px_2_steps": found["seconds"],
        "across_borders_2048px": seams(2048, 4),
    }


PARTS = {"overhead": overhead, "coverage": coverage, "rise": rises, "large": large}


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(
        __doc__.partition("\n")[0],
        quick="--only overhead coverage rise --backbones vgg16 --size 128 --steps 1",
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--backbones", nargs="+", choices=list(RISE), default=list(RISE), help="of rise")
    parser.add_argument("--size", type=int, default=0, help="px of all but large (the usual ones)")
    parser.add_argument("--steps", type=int, default=0, help="an octave (the usual number)")
    asked = parser.parse_args(argv)
    figures: dict[str, object] = {}
    for part in asked.only:
        note(f"measuring {part}")
        figures |= PARTS[part](asked)
    show({name: float(v) if isinstance(v, np.floating) else v for name, v in figures.items()}, asked.json)


if __name__ == "__main__":
    main()
