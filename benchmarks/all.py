"""Runs all benchmarks in turn; with --quick only to check that each still runs.

    python -m benchmarks.all --quick [--only style text] [--without crowd kills]

`api_fuzz` and `looks`, which have no quick form, and `search_table`, which makes the table of `tune`, are
left out.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence

from benchmarks.report import ROOT, note
from studio.core.process import children

# The first group shares this process, so that TensorFlow and weights are loaded once.
IN_PROCESS = ("house", "alternatives", "text", "faces", "unlabeled", "classify", "tune", "playground", "lab")
IN_PROCESS += (
    "enhance",
    "texture",
    "colorize",
    "restore",
    "sketch",
    "masks",
    "video",
    "classifier_confidence",
    "few_images",
    "multi_label",
)
SEPARATE = ("reliability",)
MULTI_PROCESS = ("answers", "distributed", "kills", "soak", "crowd", "live_camera")  # start other programs
NAMES = (*IN_PROCESS, *SEPARATE, *MULTI_PROCESS)


def run(name: str, arguments: Sequence[str]) -> bool:
    """Runs one benchmark, which prints its figures. Returns whether it succeeded."""
    if name not in IN_PROCESS:
        command = children.build_command("-m", f"benchmarks.{name}", *arguments)
        return not subprocess.run(command, cwd=ROOT, env=children.build_environment(), check=False).returncode
    environment = dict(os.environ)
    try:
        importlib.import_module(f"benchmarks.{name}").main(arguments)
    except (Exception, SystemExit):
        traceback.print_exc()
        return False
    finally:
        os.environ.clear()
        os.environ |= environment
    return True


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmarks. Returns 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the small form of each: seconds, not hours")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--without", nargs="+", choices=NAMES, default=())
    args = parser.parse_args(argv)
    failed = []
    for name in (name for name in args.only if name not in args.without):
        began = time.perf_counter()
        is_ok = run(name, ["--quick"] * args.quick)
        failed += [name] * (not is_ok)
        note(f"{name}: {'ran' if is_ok else 'FAILED'}, {time.perf_counter() - began:.0f} s")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
