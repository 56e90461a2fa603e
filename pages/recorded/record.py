"""Records the runs that pages show on a first visit: `python -m pages.recorded.record [PAGE ...]`.

It runs each task like its command, which needs the weights and some minutes, and writes the figures next to
this file. Run it after a figure changed that "Under the hood" draws, and commit its output.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from PIL import Image

from pages.recorded.runs import HERE
from studio.core import tasks
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.core.progress import Progress, Report
from studio.run import request
from studio.tune.by_preference.searches import Comparison, Taste

DIGITS = 4  # significant digits, more than a chart shows
MOST_POINTS = 100
LONGEST = 360  # px
PICKS, PREFERRED = 14, 0.7  # comparisons of the search by preference, and the strength that its rule prefers


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
        ("layers", "loudest", "seen"),
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
        ("classes", "learned", "tested", "main", "features", "strengths", "amounts", "votes", "hidden"),
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


def main(pages: Sequence[str] = ()) -> None:
    """Records the runs of some pages; of all pages by default."""
    for page in pages or [*RUNS, "by_preference"]:
        if page == "by_preference":
            _record_picks()
        else:
            _record(page, RUNS[page])


def _record(page: str, run: RunSpec) -> None:
    task = tasks.get(run.task)
    settings, inputs = request.resolve(task, *request.split_arguments(task, run.arguments))
    history: list[dict[str, float]] = []

    def listen(report: Report) -> None:
        if report.metrics:
            history.append({"step": report.step, **report.metrics})

    result = tasks.run(run.task, settings, inputs, Progress(listen))
    file = result.files[0]
    model_data = presets.from_zip(file).data() if task.produces == "model" else {}
    data = {
        "history": [] if model_data else history[:: max(1, len(history) // MOST_POINTS)],
        "figures": {name: {**model_data, **result.figures}[name] for name in run.figures},
        "settings": settings.model_dump(mode="json", exclude_unset=True),
        "command": run.command,
    }
    _write(page, data)
    if file.kind == "image":
        (HERE / f"{page}.webp").write_bytes(_small(file.read()))


def _record_picks() -> None:
    """Records a search by preference whose comparisons a rule decides, so no user's taste is published."""
    search = Taste(
        id="", owner="", task="style.transfer", settings={}, vary=("strength", "stroke_size"), inputs={}
    )
    while len(search.compared) < PICKS:
        pairs = search.pairs()
        pair = pairs.pair
        if pair is None:
            break
        left, right = (dict(zip(pairs.grid.names, point, strict=True)) for point in pair[:2])
        nearer = abs(left["strength"] - PREFERRED) <= abs(right["strength"] - PREFERRED)
        comparison = Comparison(left=left, right=right, picked="left" if nearer else "right")
        search = search.model_copy(update={"compared": (*search.compared, comparison)})
    _write("by_preference", search.model_dump(mode="json"))


def _write(page: str, data: Any) -> None:
    (HERE / f"{page}.json").write_text(json.dumps(_round(data), separators=(",", ":")) + "\n", "utf-8")


def _round(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: _round(item) for name, item in value.items()}
    return [_round(item) for item in value] if isinstance(value, list | tuple) else value


def _small(data: bytes) -> bytes:
    image = Image.fromarray(image_io.read(data))
    image.thumbnail((LONGEST, LONGEST))
    body = io.BytesIO()
    image.save(body, "WEBP", quality=80, method=6)
    return body.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
