"""Records the runs that pages show on a first visit: `python -m pages.recorded.record [PAGE ...]`.

It runs each task as its command would, which takes some minutes and the weights, and writes the numbers
next to this file. Run it after a figure that is drawn under a hood changed; its output is committed.
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
from studio.tune.by_preference.searches import Compared, Taste

DIGITS = 4  # significant ones, more than a chart shows
MOST_POINTS = 100
LONGEST = 360  # px
PICKS, LIKED = 14, 0.7  # comparisons of the search by preference, and the strength that its rule likes


class Recorded(NamedTuple):
    """A run to record: its task, what Python gives it, the same as a command, and what its page draws."""

    task: str
    given: dict[str, Any]
    command: str
    drawn: tuple[str, ...]


RUNS = {
    "style": Recorded(
        "style.transfer",
        {"content": "sample:chelsea", "style": "sample:brush_strokes", "mode": "draft", "size": 256},
        "studio style sample:chelsea sample:brush_strokes --mode draft --size 256 -o out.png",
        ("steps",),
    ),
    "dream": Recorded(
        "dream.ascend",
        {"content": "sample:rocket", "look": "palaces", "size": 384},
        "studio dream sample:rocket --look palaces --size 384 -o out.png",
        ("octaves",),
    ),
    "xray": Recorded(
        "xray.look",
        {"content": "sample:chelsea"},
        "studio xray sample:chelsea -o out.png",
        ("layers", "loudest", "seen"),
    ),
    "classify": Recorded(
        "classify.train",
        {"data": "sample:hair"},
        "studio classify train sample:hair -o runs/hair",
        ("classes", "map", "tested", "learning_curve"),
    ),
    "study": Recorded(
        "classify.study",
        {"data": "sample:hair"},
        "studio classify study sample:hair",
        ("classes", "learned", "tested", "main", "features", "strengths", "amounts", "votes", "hidden"),
    ),
    "tune": Recorded(
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
    "lab": Recorded("lab.repair", {"show": "filters"}, "studio lab repair --show filters -o out.png", ()),
    "lab_dreams": Recorded("lab.imagine", {}, "studio lab imagine -o out.png", ()),
}


def main(pages: Sequence[str] = ()) -> None:
    """Records the runs of these pages; of all, when none is named."""
    for page in pages or [*RUNS, "by_preference"]:
        if page == "by_preference":
            _record_picks()
        else:
            _record(page, RUNS[page])


def _record(page: str, run: Recorded) -> None:
    task = tasks.get(run.task)
    settings, inputs = request.resolve(task, *request.by_kind(task, run.given))
    history: list[dict[str, float]] = []

    def listen(report: Report) -> None:
        if report.metrics:
            history.append({"step": report.step, **report.metrics})

    result = tasks.run(run.task, settings, inputs, Progress(listen))
    made = result.files[0]
    known = presets.from_zip(made).data() if task.produces == "model" else {}
    told = {
        "history": [] if known else history[:: max(1, len(history) // MOST_POINTS)],
        "figures": {name: {**known, **result.figures}[name] for name in run.drawn},
        "settings": settings.model_dump(mode="json", exclude_unset=True),
        "command": run.command,
    }
    _write(page, told)
    if made.kind == "image":
        (HERE / f"{page}.webp").write_bytes(_small(made.read()))


def _record_picks() -> None:
    """A search by preference whose every pick is that of a rule, for nobody's taste is to be recorded."""
    taste = Taste(
        id="", owner="", task="style.transfer", settings={}, vary=("strength", "stroke_size"), inputs={}
    )
    while len(taste.compared) < PICKS:
        pairs = taste.duels()
        pair = pairs.pair
        if pair is None:
            break
        left, right = (dict(zip(pairs.grid.names, point, strict=True)) for point in pair[:2])
        nearer = abs(left["strength"] - LIKED) <= abs(right["strength"] - LIKED)
        one = Compared(left=left, right=right, picked="left" if nearer else "right")
        taste = taste.model_copy(update={"compared": (*taste.compared, one)})
    _write("by_preference", taste.model_dump(mode="json"))


def _write(page: str, told: Any) -> None:
    (HERE / f"{page}.json").write_text(json.dumps(_rounded(told), separators=(",", ":")) + "\n", "utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value


def _small(data: bytes) -> bytes:
    image = Image.fromarray(image_io.read(data))
    image.thumbnail((LONGEST, LONGEST))
    body = io.BytesIO()
    image.save(body, "WEBP", quality=80, method=6)
    return body.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
