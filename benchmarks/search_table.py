"""Two hundred training runs of a small LSTM, whose curves `benchmarks.tune --only table` looks searches up
in.

    python -m benchmarks.search_table TEXT

Makes `search_table.json` next to this file: for ten learning rates, five dropouts and four sizes the loss on
the validation part of the text's first characters, in nats per character, at each test. Made in parts: what
is there is not trained again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.report import note
from studio.core import paths, tasks
from studio.core.progress import Progress, Report
from studio.core.tasks import File

PATH = Path(__file__).with_suffix(".json")
CHARS = 20_000
RATES = tuple(float(f"{rate:.4f}") for rate in np.geomspace(0.0005, 0.05, 10))
DROPOUTS = (0.0, 0.15, 0.3, 0.45, 0.6)
UNITS = (16, 32, 64, 96)
SHARED = {"epochs": 9, "layers": 1, "embedding": 16, "streams": 8, "sequence": 32, "patience": 0}

Cell = tuple[float, float, int]


def cells() -> Iterator[Cell]:
    """The settings of all training runs: learning rate, dropout, units."""
    return itertools.product(RATES, DROPOUTS, UNITS)


def nearest(learning_rate: float, dropout: float, units: float) -> Cell:
    """The training whose settings are the nearest, by ratio of rates and of units."""
    return (
        min(RATES, key=lambda one: abs(np.log(one / learning_rate))),
        min(DROPOUTS, key=lambda one: abs(one - dropout)),
        min(UNITS, key=lambda one: abs(np.log(one / units))),
    )


@cache
def curves() -> dict[Cell, list[float]]:
    """The losses of each training run, test by test; of those that there are."""
    if not PATH.exists():
        return {}
    found = json.loads(PATH.read_bytes())["curves"]
    return {(rate, dropout, units): losses for rate, dropout, units, losses in found}


def learn(text: File, cell: Cell) -> list[float]:
    """Trains once, and gives the loss at each test."""
    rate, dropout, units = cell
    settings = tasks.get("text.train").settings.parse(
        {**SHARED, "learning_rate": rate, "dropout": dropout, "units": units}
    )
    losses: list[float] = []

    def hear(report: Report) -> None:
        loss = round(report.metrics.get("validation", math.inf), 4)
        if math.isfinite(loss) and losses[-1:] != [loss]:  # told again at every step until the next test
            losses.append(loss)

    tasks.run("text.train", settings, {"text": [text]}, Progress(hear))
    return losses


def main() -> None:
    """Trains what is missing."""
    import keras

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path, help="a text file, of which the first characters are read")
    chars = parser.parse_args().text.read_text()[:CHARS]
    text = File.keep(chars.encode(), "text", "table.txt")
    known = dict(curves())
    for cell in cells():
        if cell in known:
            continue
        known[cell] = learn(text, cell)
        keras.backend.clear_session()
        note(f"{len(known)}: rate {cell[0]}, dropout {cell[1]}, {cell[2]} units: {min(known[cell])}")
        rows = ",\n".join(json.dumps([*cell, losses]) for cell, losses in known.items())
        paths.write(PATH, f'{{"shared": {json.dumps(SHARED)}, "curves": [\n{rows}\n]}}\n'.encode())


if __name__ == "__main__":
    main()
