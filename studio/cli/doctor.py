"""`studio doctor`: checks the installation, one line per check, with a fix for each problem."""

from __future__ import annotations

import argparse
import contextlib
from typing import Any

from studio.cli import console, flags
from studio.core.errors import Cancelled, as_sentence
from studio.core.machine import doctor_checks, speed

EXIT_PROBLEMS = 1  # exit code


def add(commands: Any) -> None:
    """Adds the command."""
    help = "check the installation and suggest fixes (exit code 1 on problems)"
    parser = flags.add_command(commands, "doctor", help, _run)
    parser.add_argument(
        "--benchmark", action="store_true", help="also measure how fast this machine is (takes a minute)"
    )


def _run(arguments: argparse.Namespace) -> int:
    checks = []
    for check in doctor_checks.run_checks():
        checks.append(check)
        if not arguments.json:
            remedy = f" {as_sentence(check.remedy)}" if check.remedy else ""
            console.print_line(f"{check.state:<8} {check.name}: {check.finding}.{remedy}")
    benchmarks = _run_benchmark(arguments) if arguments.benchmark else []
    is_well = all(check.state != "trouble" for check in checks)
    if arguments.json:
        seconds = {benchmark.title: benchmark.seconds for benchmark in benchmarks}
        timings = {"seconds": seconds} if arguments.benchmark else {}
        console.print_json({"well": is_well, "checks": [_as_json(check) for check in checks], **timings})
    return 0 if is_well else EXIT_PROBLEMS


def _as_json(check: doctor_checks.Check) -> dict[str, str]:
    """Returns a check with the field names of `studio doctor --json`."""
    return {"name": check.name, "state": check.state, "finding": check.finding, "remedy": check.remedy}


def _run_benchmark(arguments: argparse.Namespace) -> list[speed.BenchmarkResult]:
    """Measures the speed of this machine; if stopped, returns the timings until then."""
    benchmarks: list[speed.BenchmarkResult] = []
    with console.show_progress("Benchmark", arguments) as progress, contextlib.suppress(Cancelled):
        benchmarks.extend(speed.run_benchmarks(progress))
    if not arguments.json:
        for benchmark in benchmarks:
            speed_text = benchmark.note if benchmark.seconds is None else f"{benchmark.seconds:.2f} s"
            console.print_line(f"{'speed':<8} {benchmark.title}: {speed_text}.")
    return benchmarks
