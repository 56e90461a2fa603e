"""Trains a small LSTM with two hundred settings, for the table of `benchmarks.tune --only table`.

    python -m benchmarks.search_table TEXT

Writes `search_table.json` next to this file: the validation loss of the text's first characters, in nats per
character, at each test, for ten learning rates, five dropout rates and four sizes. Runs in the table are not
repeated.
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


def list_cells() -> Iterator[Cell]:
    """Yields the settings of all training runs: learning rate, dropout, units."""
    return itertools.product(RATES, DROPOUTS, UNITS)


def find_nearest(learning_rate: float, dropout: float, units: float) -> Cell:
    """Returns the training run with the nearest settings, by ratio of rates and of units."""
    return (
        min(RATES, key=lambda rate: abs(np.log(rate / learning_rate))),
        min(DROPOUTS, key=lambda value: abs(value - dropout)),
        min(UNITS, key=lambda value: abs(np.log(value / units))),
    )


@cache
def read_curves() -> dict[Cell, list[float]]:
    """Returns the losses of the available training runs at each test."""
    if not PATH.exists():
        return {}
    rows = json.loads(PATH.read_bytes())["curves"]
    return {(rate, dropout, units): losses for rate, dropout, units, losses in rows}


def train_cell(text: File, cell: Cell) -> list[float]:
    """Trains once and returns the loss at each test."""
    rate, dropout, units = cell
    settings = tasks.get("text.train").settings.parse(
        {**SHARED, "learning_rate": rate, "dropout": dropout, "units": units}
    )
    losses: list[float] = []

    def record_loss(report: Report) -> None:
        loss = round(report.metrics.get("validation", math.inf), 4)
        if math.isfinite(loss) and losses[-1:] != [loss]:  # repeated at every step until the next test
            losses.append(loss)

    tasks.run("text.train", settings, {"text": [text]}, Progress(record_loss))
    return losses


def main() -> None:
    """Trains the missing runs."""
    import keras

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", type=Path, help="a text file, of which the first characters are read")
    chars = parser.parse_args().text.read_text()[:CHARS]
    text = File.store(chars.encode(), "text", "table.txt")
    losses_by_cell = dict(read_curves())
    for cell in list_cells():
        if cell in losses_by_cell:
            continue
        losses_by_cell[cell] = train_cell(text, cell)
        keras.backend.clear_session()
        note(
            f"{len(losses_by_cell)}: rate {cell[0]}, dropout {cell[1]}, {cell[2]} units: "
            f"{min(losses_by_cell[cell])}"
        )
        rows = ",\n".join(json.dumps([*cell, losses]) for cell, losses in losses_by_cell.items())
        paths.write(PATH, f'{{"shared": {json.dumps(SHARED)}, "curves": [\n{rows}\n]}}\n'.encode())


if __name__ == "__main__":
    main()
