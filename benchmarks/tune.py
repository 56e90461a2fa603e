"""Tune: efficiency of hyperparameter search by metric and by preference.

    python -m benchmarks.tune [--json] [--only branin|table|eye] [--people 10]

Uses a temporary STUDIO_HOME. The second part looks up its training runs among the two hundred of
`benchmarks.search_table`, so that a search takes seconds. The users of the last part are simulated: each has
a smooth utility with a standard deviation of 1 over the search space, compares with noise of .25, and finds
two images equal that are less than .15 apart.
"""

from __future__ import annotations

import math
import os
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import search_table
from benchmarks.report import make_parser, note, print_figures
from benchmarks.search_table import DROPOUTS, RATES, UNITS, find_nearest
from studio.core import recipes, tasks
from studio.core.errors import Cancelled
from studio.core.progress import Progress
from studio.core.settings import Settings, setting
from studio.core.tasks import File, Goal, Inputs, Result, Slot, Task

TRIALS = 40
SPACES = {
    "two numbers": ("strength", "stroke"),
    "three numbers": ("strength", "stroke=0.35:2.8", "depth=4:20"),
    "a choice of four, two numbers": ("look", "depth=4:20", "strength"),
}


class PlaneSettings(Settings):
    """A point of the plane."""

    x: float = setting(0.0, "Across.", ge=-5, le=10)
    y: float = setting(5.0, "Up.", ge=0, le=15)


def branin(x: float, y: float) -> float:
    """Computes the Branin function, with three minima of .3979 (Branin 1972)."""
    bend = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return bend**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def train_plane(settings: PlaneSettings, inputs: Inputs, progress: Progress) -> Result:
    """Runs a simulated training run that takes no time."""
    file = File.store(settings.model_dump_json().encode(), "model", "point.zip")
    recipe = recipes.Recipe(task="plane.train", settings=settings.model_dump(mode="json"))
    return Result((file,), {"loss": branin(settings.x, settings.y)}, recipe)


PLANE_RUN = Task(
    name="plane.train",
    settings=PlaneSettings,
    inputs=(Slot("text", "text"),),
    produces="model",
    lane="job",
    work="benchmarks.tune:train_plane",
    title="Plane",
    command="",
    help="a training run of the benchmark",
    goal=Goal("", "loss"),
)
PLANE_TASKS = {"plane.train": "benchmarks.tune:PLANE_RUN"}
TABLE_TASKS = {"table.train": "benchmarks.tune:TABLE_RUN"}


class TableSettings(Settings):
    """The settings of a training run in the table."""

    learning_rate: float = setting(0.005, "Of the steps.", ge=RATES[0], le=RATES[-1], scale="log")
    dropout: float = setting(0.0, "Share left out.", ge=DROPOUTS[0], le=DROPOUTS[-1])
    units: int = setting(32, "Size of the memory.", ge=UNITS[0], le=UNITS[-1], scale="log")


def replay_run(settings: TableSettings, inputs: Inputs, progress: Progress) -> Result:
    """Replays the nearest training run of the table, test by test."""
    losses, step, stopped = search_table.read_curves()[find_nearest(**settings.model_dump())], 0, False
    try:
        for step, loss in enumerate(losses, 1):
            progress.report(step, len(losses), {"held out": loss}, tests=step)
    except Cancelled:
        stopped = True
    file = File.store(settings.model_dump_json().encode(), "model", "table.zip")
    recipe = recipes.Recipe(task="table.train", settings=settings.model_dump(mode="json"))
    return Result((file,), {"loss": min(losses[:step])}, recipe, stopped)


TABLE_RUN = replace(
    PLANE_RUN,
    name="table.train",
    settings=TableSettings,
    work="benchmarks.tune:replay_run",
    title="Table",
    goal=Goal("held out", "loss"),
)


def make_search(seed: int, trials: int) -> tuple[Settings, dict[str, list[File]]]:
    """Returns the settings and inputs of a search over the plane."""
    vary = ("x=-5:10", "y=0:15")
    settings = tasks.get("tune.run").settings(train="plane.train", vary=vary, trials=trials, seed=seed)
    return settings, {"text": [File.store(b"so it is", "text", "so.txt")]}


def measure_branin(seeds: int, repeats: int) -> dict[str, object]:
    """Measures the best of 40 trials on Branin, by the search and at random."""
    note("branin")
    best = [tasks.run("tune.run", *make_search(seed, TRIALS)).figures["best"] for seed in range(seeds)]
    rng = np.random.default_rng(0)
    samples = rng.uniform((-5, 0), (10, 15), (repeats, TRIALS, 2))
    random_best = [min(branin(*point) for point in repeat) for repeat in samples]
    return {
        f"branin, best of {TRIALS} trials (least .398), median of {seeds} seeds": statistics.median(best),
        "  all seeds": ", ".join(f"{value:.3f}" for value in sorted(best)),
        f"  at random, median of {repeats}": statistics.median(random_best),
    }


WHOLE_TABLE = (  # by default a setting varies by a factor of four around its default
    f"learning_rate={RATES[0]}:{RATES[-1]}",
    f"dropout={DROPOUTS[0]}:{DROPOUTS[-1]}",
    f"units={UNITS[0]}:{UNITS[-1]}",
)


def measure_table(repeats: int) -> dict[str, object]:
    """Measures the best of 40 trials among real training runs, and what pruning saves."""
    curves = search_table.read_curves()
    if len(curves) < len(list(search_table.list_cells())):
        raise SystemExit("The table is not whole. Next: python -m benchmarks.search_table TEXT")
    ends = np.array([min(losses) for losses in curves.values()])
    rng = np.random.default_rng(0)
    random_best = [rng.choice(ends, TRIALS, replace=False).min() for _ in range(repeats)]
    figures: dict[str, object] = {
        f"{len(ends)} training runs of an LSTM, nats: least": float(ends.min()),
        f"  best of {TRIALS} at random, median of {repeats}": float(np.median(random_best)),
    }
    unpruned_tests = 0.0
    for pruning in ("none", "halving", "hyperband"):
        note(f"table, {pruning}")
        results = [_search_table(pruning, seed) for seed in range(repeats)]
        best, tests = (statistics.median(values) for values in zip(*results, strict=True))
        unpruned_tests = unpruned_tests or tests
        figures[f"  best of {TRIALS} by the search, pruning {pruning}, median of {repeats}"] = best
        figures[f"  tests that it took, pruning {pruning}"] = f"{tests:.0f} (x {tests / unpruned_tests:.2f})"
    return figures


def _search_table(pruning: str, seed: int) -> tuple[float, int]:
    """Returns the best loss of a search in the table, and the number of tests of its training runs."""
    settings = tasks.get("tune.run").settings(
        train="table.train", vary=WHOLE_TABLE, trials=TRIALS, pruning=pruning, seed=seed
    )
    text = {"text": [File.store(b"so it is", "text", "so.txt")]}
    figures = tasks.run("tune.run", settings, text).figures
    return figures["best"], sum(len(trial["curve"]) for trial in figures["trials"])


def measure_preferences(people: int, repeats: int) -> dict[str, object]:
    """Measures the regret after thirty comparisons, and of a knock-out among thirty random rivals."""
    from studio.tune.by_preference.pairs import MAX_COMPARISONS
    from tests.fakes.simulated_users import SimulatedUser, make_grid, run_search, run_tournament

    figures: dict[str, object] = {}
    for title, vary in SPACES.items():
        note(title)
        grid = make_grid(*vary)
        crowd = [SimulatedUser(grid, seed) for seed in range(people)]
        best = [run_search(grid, user, seed).best for seed, user in enumerate(crowd)]
        tournaments = [
            (user, run_tournament(grid, user, seed, MAX_COMPARISONS))
            for user in crowd
            for seed in range(repeats)
        ]
        figures[f"by preference, {title}"] = _format_regret(list(zip(crowd, best, strict=True)))
        figures[f"  {title}, a knock-out at random"] = _format_regret(tournaments)
    return figures


def _format_regret(results: list) -> str:
    regrets = [user.regret(point) for user, point in results]
    better = [user.share_better(point) for user, point in results]
    return (
        f"misses {statistics.median(regrets):.2f} (mean {statistics.fmean(regrets):.2f}); "
        f"{statistics.median(better):.1%} is better (worst {max(better):.1%})"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--people 1 --seeds 1 --repeats 1")
    names = ("branin", "table", "eye")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="some parts alone")
    parser.add_argument("--people", type=int, default=10, help="how many search by preference")
    parser.add_argument("--seeds", type=int, default=5, help="searches of branin")
    parser.add_argument("--repeats", type=int, default=20, help="random samples or searches in the table")
    args = parser.parse_args(argv)
    parts = {
        "branin": lambda: measure_branin(args.seeds, args.repeats),
        "table": lambda: measure_table(args.repeats),
        "eye": lambda: measure_preferences(args.people, args.repeats),
    }
    with tempfile.TemporaryDirectory() as home:
        os.environ["STUDIO_HOME"] = str(Path(home))
        tasks.TASKS |= PLANE_TASKS | TABLE_TASKS
        figures: dict[str, object] = {}
        for name, part in parts.items():
            if name in args.only:
                figures |= part()
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
