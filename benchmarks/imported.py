"""Imported models: how many are taken, with the right preprocessing, and how long an answer takes.

    python -m benchmarks.imported FLOWERS DIGITS [--json] [--looks N] [--only KIND]

Trains the classifiers of `benchmarks.imported_models` on FLOWERS, a folder or tar of images in folders, and
on DIGITS, MNIST as `.npz`; saves each as `.keras` and `.h5`; and imports them. One is taken if its safe copy
answers as it did; its preprocessing is right if it is that of its training. `--looks` times the first and
later answers of the Teachable Machine file by `studio classify predict`, so many times, each in a process of
its own. `--only` makes those alone whose name has that in it.
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import imported_models
from benchmarks.classify import fresh_home
from benchmarks.imported_models import Made, Sets
from benchmarks.report import arguments, note, show
from studio.core.process import children

MOST_AWAY = 1e-4  # of an answer, above which a copy is another model


def main() -> None:
    """Measures what was asked for."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("flowers", type=Path)
    parser.add_argument("digits", type=Path)
    parser.add_argument("--looks", type=int, default=1)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    from studio.core import data
    from studio.core.data import sample_sets

    pictures = data.pictures(sample_sets.resolve(str(given.flowers)), imported_models.WIDE)
    with np.load(given.digits) as digits, tempfile.TemporaryDirectory() as place:
        sets = Sets(
            (pictures.images, pictures.known_labels),
            (digits["x_train"], digits["y_train"]),
        )
        rows = [_imported(one) for one in imported_models.made(sets, Path(place), given.only)]
        figures = _figures(rows)
        for one in rows:
            if one["made"].kind == "teachable machine" and one["made"].path.suffix == ".h5":
                figures |= _seconds(one["made"].path, given.looks)
                break
    show(figures, given.json)


def _imported(made: Made) -> dict[str, Any]:
    """Whether a file is taken and rightly so, by what runs in the sandbox; here it runs in this process."""
    import keras

    from studio.core.untrusted.refusals import Refused
    from studio.imported import resave

    with tempfile.TemporaryDirectory() as place:
        try:
            facts = resave.run(made.path, Path(place))
            copy = keras.saving.load_model(Path(place) / resave.COPY, compile=False)
        except Refused as error:
            note(f"  {made.path.name}: refused, {error}")
            return {"made": made, "taken": False, "right": False}
        away = float(np.abs(np.asarray(copy(made.asked, training=False)) - made.answers).max())
    image_input = facts["image_input"] or {}
    chosen, reason = image_input.get("preprocessing"), image_input.get("reason") or "assumed"
    right = chosen == made.preprocessing
    judged = "right" if right else f"WRONG, takes {made.preprocessing}"
    note(f"  {made.path.name}: {chosen}, {judged}; {reason}; off by {away:.1g}")
    return {"made": made, "taken": away <= MOST_AWAY, "right": right}


def _figures(rows: list[dict[str, Any]]) -> dict[str, object]:
    taken = [one for one in rows if one["taken"]]
    wrong = sorted({one["made"].kind for one in taken if not one["right"]})
    return {
        "networks": len({one["made"].kind for one in rows}),
        "files": len(rows),
        "taken, %": 100 * len(taken) / len(rows),
        "preprocessing right of those taken, %": 100
        * sum(one["right"] for one in taken)
        / max(1, len(taken)),
        "preprocessing wrong": ", ".join(wrong) or "none",
    }


def _seconds(path: Path, looks: int) -> dict[str, object]:
    """Of the first and of later looks: by the clock, and of all processors."""
    found: dict[str, list[tuple[float, float]]] = {"first": [], "later": []}
    for _ in range(looks):
        with fresh_home():
            for which in found:
                found[which].append(_timed(path))
    return {
        f"{which} look, s by the clock; of processor": "; ".join(
            f"{clock:.1f}, {used:.1f}" for clock, used in rows
        )
        for which, rows in found.items()
    }


def _timed(path: Path) -> tuple[float, float]:
    asked = children.command("-m", "studio", "classify", "predict", str(path), "sample:chelsea", "--quiet")
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(asked, check=True, capture_output=True, env=children.environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, used


if __name__ == "__main__":
    main()
