"""Playground: PSNR of a photo after some seconds of training, and vanishing gradients of ten layers.

    python -m benchmarks.playground [--json] [--seconds 3] [--large]

One thread, in seconds of processor time, so that other work on the machine does not count. The photo is
chelsea at 96 px. `--large` also renders 4,096 px in a separate process and measures its memory.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.report import make_parser, note, print_figures, run_fresh
from studio.core.imaging import sample_photos
from studio.core.process import blas_threads
from studio.playground.learner import Learner
from studio.playground.settings import PlaygroundSettings

NETWORKS = {
    "fourier_features": {},
    "no waves": {"fourier_features": 0},
    "straight lines": {"fourier_features": 0, "activation": "none"},
    "overfitted": {"fourier_features": 128, "fourier_scale": 24, "held_out": 0.75, "width": 96},
}
DEEP = {"activation": "sigmoid", "initializer": "glorot", "depth": 10}

_LARGE_CODE = """
import json, resource, sys, time
from studio.core.imaging import sample_photos
from studio.core.process import blas_threads
from studio.playground.learner import Learner
from studio.playground.settings import PlaygroundSettings
with blas_threads.limit_threads(1):
    learner = Learner(sample_photos.read_photo("chelsea"), PlaygroundSettings())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    learner.render(2725, 4096)
    took = time.process_time() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
figures = {"4,096 px painted, s": took, "above what learning took, MB": (peak - before) / 1024}
sys.stdout.write(json.dumps(figures))
"""


def train_network(controls: dict[str, object], seconds: float) -> dict[str, float]:
    """Trains a network for some seconds of processor time and returns its PSNR."""
    photo = sample_photos.read_photo("chelsea")
    began = time.process_time()
    learner = Learner(photo, PlaygroundSettings.parse(controls))
    learner.take_snapshot()
    first = time.process_time() - began
    began = time.process_time()
    while time.process_time() - began < seconds:
        learner.step()
    duration = time.process_time() - began
    last = learner.take_snapshot()
    return {
        "first image, ms": 1000 * first,
        "a step, ms": 1000 * duration / learner.steps,
        "steps": learner.steps,
        "training, dB": last.psnr_training,
        "held out, dB": last.psnr_held_out or 0.0,
    }


def measure_gradients() -> dict[str, object]:
    """Returns the gradients of the first and last of ten sigmoid layers before the first step."""
    gradients = (
        Learner(sample_photos.read_photo("chelsea"), PlaygroundSettings.parse(DEEP)).take_snapshot().gradients
    )
    return {
        "ten sigmoid layers, gradient of the first and the last": f"{gradients[0]:.1e}, {gradients[-1]:.1e}"
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--seconds 0.1")
    parser.add_argument("--seconds", type=float, default=3.0, help="of processor time that each learns")
    parser.add_argument("--large", action="store_true", help="4,096 px, too")
    args = parser.parse_args(argv)
    figures: dict[str, object] = {}
    with blas_threads.limit_threads(1):
        for name, controls in NETWORKS.items():
            note(name)
            figures |= {
                f"{name}: {metric}": value for metric, value in train_network(controls, args.seconds).items()
            }
        figures |= measure_gradients()
    if args.large:
        note("4,096 px")
        figures |= run_fresh(_LARGE_CODE)
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
