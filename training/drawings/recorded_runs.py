"""Records the runs that pages show on a first visit: `python -m training.drawings.recorded_runs [PAGE ...]`.

It runs each task with the settings of its command, which needs the weights and some minutes, and writes the
figures into `pages/recorded`. Run it when "Under the hood" needs other figures, and commit its output.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from studio.core import tasks
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.core.progress import Progress, Report
from studio.run import request
from studio.tune.by_preference.search_store import Comparison, PreferenceSearch

FOLDER = Path(__file__).parents[2] / "pages" / "recorded"
SIGNIFICANT_DIGITS = 4  # significant digits, more than a chart shows
MAX_POINTS = 100
MAX_SIDE = 360  # px
COMPARISONS = 14  # of the search by preference
PREFERRED_STRENGTH = 0.7  # the strength that its rule prefers


class RunSpec(NamedTuple):
    """A run to record.

    Attributes:
        task: name of the task.
        arguments: inputs and settings, as `studio.make` takes them.
        command: the equivalent command.
        figures: names of the figures that the page draws.
    """

    task: str
    arguments: dict[str, Any]
    command: str
    figures: tuple[str, ...]


RUNS = {
    "style": RunSpec(
        "style.transfer",
        {"content": "sample:chelsea", "style": "sample:brush_strokes", "mode": "draft", "size": 256},
        "studio style sample:chelsea sample:brush_strokes --mode draft --size 256 -o out.png",
        ("steps",),
    ),
    "dream": RunSpec(
        "dream.ascend",
        {"content": "sample:rocket", "look": "palaces", "size": 384},
        "studio dream sample:rocket --look palaces --size 384 -o out.png",
        ("octaves",),
    ),
    "xray": RunSpec(
        "xray.look",
        {"content": "sample:chelsea"},
        "studio xray sample:chelsea -o out.png",
        ("layers", "strongest", "input_size"),
    ),
    "classify": RunSpec(
        "classify.train",
        {"data": "sample:hair"},
        "studio classify train sample:hair -o runs/hair",
        ("classes", "map", "tested", "learning_curve"),
    ),
    "study": RunSpec(
        "classify.study",
        {"data": "sample:hair"},
        "studio classify study sample:hair",
        (
            "classes",
            "training_images",
            "tested",
            "backbone",
            "features",
            "regularization",
            "dataset_sizes",
            "ensemble",
            "wrong_labels",
        ),
    ),
    "tune": RunSpec(
        "tune.run",
        {
            "data": "sample:hair",
            "train": "classify",
            "vary": ("strength=0.000001:1", "size=64:160"),
            "trials": 16,
        },
        "studio tune classify sample:hair --vary strength=0.000001:1,size=64:160 --trials 16 -o runs/hair",
        ("trials",),
    ),
    "lab": RunSpec("lab.repair", {"show": "filters"}, "studio lab repair --show filters -o out.png", ()),
    "lab_dreams": RunSpec("lab.imagine", {}, "studio lab imagine -o out.png", ()),
}


def main(page_names: Sequence[str] = ()) -> None:
    """Records the runs of some pages; of all pages by default."""
    for page_name in page_names or [*RUNS, "by_preference"]:
        if page_name == "by_preference":
            _record_preference_search()
        else:
            _record_run(page_name, RUNS[page_name])


def _record_run(page_name: str, run: RunSpec) -> None:
    task = tasks.get(run.task)
    settings, inputs = request.resolve(task, *request.split_arguments(task, run.arguments))
    history: list[dict[str, float]] = []

    def record_metrics(report: Report) -> None:
        if report.metrics:
            history.append({"step": report.step, **report.metrics})

    result = tasks.run(run.task, settings, inputs, Progress(record_metrics))
    file = result.files[0]
    model_data = presets.from_zip(file).read_data() if task.produces == "model" else {}
    data = {
        "history": [] if model_data else history[:: max(1, len(history) // MAX_POINTS)],
        "figures": {name: {**model_data, **result.figures}[name] for name in run.figures},
        "settings": settings.model_dump(mode="json", exclude_unset=True),
        "command": run.command,
    }
    _write_json(page_name, data)
    if file.kind == "image":
        (FOLDER / f"{page_name}.webp").write_bytes(_encode_small_image(file.read()))


def _record_preference_search() -> None:
    """Records a search by preference whose comparisons a rule decides, so no user's taste is published."""
    search = PreferenceSearch(
        id="", owner="", task="style.transfer", settings={}, vary=("strength", "stroke_size"), inputs={}
    )
    while len(search.compared) < COMPARISONS:
        pairs = search.make_selector()
        pair = pairs.next_pair
        if pair is None:
            break
        left, right = (dict(zip(pairs.grid.names, point, strict=True)) for point in pair[:2])
        nearer = abs(left["strength"] - PREFERRED_STRENGTH) <= abs(right["strength"] - PREFERRED_STRENGTH)
        comparison = Comparison(left=left, right=right, picked="left" if nearer else "right")
        search = search.model_copy(update={"compared": (*search.compared, comparison)})
    _write_json("by_preference", search.model_dump(mode="json"))


def _write_json(page_name: str, data: Any) -> None:
    (FOLDER / f"{page_name}.json").write_text(
        json.dumps(_round_floats(data), separators=(",", ":")) + "\n", "utf-8"
    )


def _round_floats(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    if isinstance(value, dict):
        return {name: _round_floats(item) for name, item in value.items()}
    return [_round_floats(item) for item in value] if isinstance(value, list | tuple) else value


def _encode_small_image(data: bytes) -> bytes:
    image = Image.fromarray(image_io.read(data))
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    body = io.BytesIO()
    image.save(body, "WEBP", quality=80, method=6)
    return body.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
