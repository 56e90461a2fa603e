"""Shared helpers of the benchmarks: arguments, timing and output."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from studio.core.process import children

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("STUDIO_TEST_DATA", ROOT.parent / "shared" / "data"))


class Parser(argparse.ArgumentParser):
    """The arguments of a benchmark with a quick form.

    Args:
        quick: arguments that `--quick` stands for; explicit arguments override them.
    """

    def __init__(self, description: str, quick: str):
        super().__init__(description=description)
        self._quick = quick.split()

    def parse_args(self, args=None, namespace=None):
        """Parses arguments; `--quick` stands for those of the quick form."""
        arguments = list(sys.argv[1:] if args is None else args)
        return super().parse_args(
            [*self._quick, *arguments] if "--quick" in arguments else arguments, namespace
        )


def make_parser(description: str, quick: str = "") -> Parser:
    """Returns a parser with the arguments that all benchmarks share.

    Args:
        quick: arguments of the quick form, which runs within seconds; "" if none are needed.
    """
    parser = Parser(description, quick)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument(
        "--quick", action="store_true", help=f"only to see that it runs: {quick or 'it is short as it is'}"
    )
    return parser


def print_figures(figures: dict[str, object], as_json: bool) -> None:
    """Prints the figures, one per line."""
    if as_json:
        text = json.dumps(figures)
    else:
        width = max(len(name) for name in figures)
        text = "\n".join(f"{name:<{width}}  {_format_value(value)}" for name, value in figures.items())
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Prints to stderr what is being measured."""
    sys.stderr.write(text + "\n")


def _format_value(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def measure_seconds(
    work: Callable[[], object],
    times: int = 5,
    warm: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Returns the median seconds of some work by a clock, after `warm` untimed runs."""
    for _ in range(warm):
        work()
    return statistics.median(time_once(work, clock) for _ in range(times))


def time_once(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Returns the seconds of some work by a clock."""
    began = clock()
    work()
    return clock() - began


def run_fresh(code: str) -> Any:
    """Runs code in a fresh process and returns its last line of output, parsed as JSON."""
    completed = subprocess.run(
        children.build_command("-c", code),
        env=children.build_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(completed.stdout.splitlines()[-1])


def print_peak() -> None:
    """Prints the peak memory of this process in GiB, for `run_fresh`."""
    # Not getrusage, whose peak starts at the memory of the parent process.
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if "VmHWM" in line)
    sys.stdout.write(json.dumps(int(peak.split()[1]) / 2**20) + "\n")


def measure_pass(size: int) -> float:
    """Measures P: one compiled forward and backward pass of VGG16 up to block5_conv1 at a size."""
    from keras import ops

    from studio.core.imaging import image_io, sample_photos
    from studio.core.objectives import backbones
    from studio.core.objectives.gradients import compile_function, value_and_grad

    layer = "block5_conv1"
    extractor = backbones.load("vgg16").build_extractor((layer,))
    photo = image_io.to_01(image_io.fit(sample_photos.read_photo("chelsea"), size))
    work = compile_function(value_and_grad(lambda x: (ops.sum(extractor(x)[layer]), ())))
    return measure_seconds(lambda: np.asarray(work(photo)[2]))
