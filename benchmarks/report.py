"""How every benchmark reads its images, takes its times and prints its figures."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.process import children

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("STUDIO_TEST_DATA", ROOT.parent / "shared" / "data"))


class Parser(argparse.ArgumentParser):
    """Of the flags of a benchmark, which has a small form.

    Args:
        quick: the words that make it small, for `--quick`; words that a user gives count for more.
    """

    def __init__(self, description: str, quick: str):
        super().__init__(description=description)
        self._quick = quick.split()

    def parse_args(self, args=None, namespace=None):
        """As always; `--quick` stands for the words of the small form."""
        words = list(sys.argv[1:] if args is None else args)
        return super().parse_args([*self._quick, *words] if "--quick" in words else words, namespace)


def arguments(description: str, quick: str = "") -> Parser:
    """A parser with the flags that all benchmarks share.

    Args:
        quick: the words that make it small, so that it runs within seconds; "" if it is small as it is.
    """
    parser = Parser(description, quick)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument(
        "--quick", action="store_true", help=f"only to see that it runs: {quick or 'it is short as it is'}"
    )
    return parser


def show(figures: dict[str, object], as_json: bool) -> None:
    """Prints the figures, one a line."""
    if as_json:
        text = json.dumps(figures)
    else:
        width = max(len(name) for name in figures)
        text = "\n".join(f"{name:<{width}}  {_shown(value)}" for name, value in figures.items())
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Says on stderr what is being measured."""
    sys.stderr.write(text + "\n")


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def spread(numbers: Sequence[float]) -> str:
    """The mean of several numbers with its standard error, and how many they are."""
    mean, count = statistics.fmean(numbers), len(numbers)
    error = f" ± {statistics.stdev(numbers) / count**0.5:.3f}" if count > 1 else ""
    return f"{mean:.3f}{error} (n = {count})"


def seconds(work: Callable[[], object], times: int = 5, warm: int = 1) -> float:
    """The median time of some work, after it has run `warm` times."""
    for _ in range(warm):
        work()
    return statistics.median(timed(work) for _ in range(times))


def timed(work: Callable[[], object]) -> float:
    """Seconds by the clock that some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def fresh(code: str) -> Any:
    """What some code prints last, as JSON; run in a process of its own, with nothing in memory yet."""
    done = subprocess.run(
        children.command("-c", code),
        env=children.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def tell_peak() -> None:
    """Prints the peak memory of this process in GiB, for `fresh`."""
    # Not getrusage: what it says begins with the memory of the process that started this one.
    lines = Path("/proc/self/status").read_text().splitlines()
    high = next(line for line in lines if "VmHWM" in line)
    sys.stdout.write(json.dumps(int(high.split()[1]) / 2**20) + "\n")


def one_pass(size: int) -> float:
    """P at a size: VGG16 forward to block5_conv1 and back to the image, compiled, nothing else."""
    from keras import ops

    from studio.core.imaging import image_io, sample_photos
    from studio.core.objectives import backbones
    from studio.core.objectives.gradients import compiled, value_and_grad

    layer = "block5_conv1"
    extractor = backbones.load("vgg16").features((layer,))
    photo = image_io.to_01(image_io.fit(sample_photos.photo("chelsea"), size))
    work = compiled(value_and_grad(lambda x: (ops.sum(extractor(x)[layer]), ())))
    return seconds(lambda: np.asarray(work(photo)[2]))
