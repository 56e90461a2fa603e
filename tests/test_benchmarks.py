"""Each benchmark runs; its results and speed do not matter here."""

import subprocess

import pytest

from benchmarks import all as every
from benchmarks.reliability import DATA
from benchmarks.report import ROOT, make_parser
from studio.core.process import children


def test_quick_sets_defaults_that_other_arguments_override():
    parser = make_parser("Measures.", quick="--size 64 --passes 2")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--passes", type=int, default=40)
    small, larger, default = (
        parser.parse_args(words.split()) for words in ("--quick", "--quick --size 96", "")
    )
    assert (small.size, small.passes) == (64, 2)
    assert (larger.size, larger.passes) == (96, 2)
    assert (default.size, default.passes) == (512, 40)


# Each takes a minute or more on two slow cores even in its quick form.
TAKE_MINUTES = ("house", "alternatives", "classify", "classifier_confidence", "multi_label")
TAKE_MINUTES += ("tune", "enhance", "texture")


@pytest.mark.slow
def test_a_benchmark_that_takes_seconds_runs_small(resnet50_home, inceptionv3_home):
    # Benchmarks with several processes start whole studios; other tests cover those.
    skipped = [*every.MULTI_PROCESS, *TAKE_MINUTES, *["reliability"] * (not DATA.is_dir())]
    command = children.build_command("-m", "benchmarks.all", "--quick", "--without", *skipped)
    done = subprocess.run(command, cwd=ROOT, env=children.build_environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    completed = [line.partition(":")[0] for line in done.stderr.splitlines() if ": ran, " in line]
    assert completed == [name for name in every.NAMES if name not in skipped]
