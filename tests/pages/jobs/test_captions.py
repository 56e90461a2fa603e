"""Captions of results: sources, settings and completeness."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pages.jobs import captions
from studio.core.tasks import File, Result

COFFEE = {"content": [File("0" * 64, "image", "coffee.png")]}


def of(task, settings, inputs=COFFEE, seconds=0.0, figures=None, stopped=False):
    run = SimpleNamespace(task=task, settings=settings, inputs=inputs)
    return captions.of_run(run, Result((), figures or {}, None, stopped), seconds)


def test_mode_seed_and_time_are_told_apart():
    caption = of("style.transfer", {"house": ["mosaic"], "mode": "fine", "seed": 3}, seconds=42)
    assert caption == "coffee + mosaic · fine · seed 3 · took 42 s"


def test_no_seed_is_told_of_what_is_not_drawn_at_random():
    assert of("style.transfer", {"house": ["mosaic"], "seed": 3}) == "coffee + mosaic · instant"
    assert of("enhance.enlarge", {}) == "coffee"


@pytest.mark.parametrize(
    "task, settings, figures, expected",
    [
        ("video.repaint", {"task": "enhance.enlarge"}, {"frames": 2, "of": 24}, "the first 2 of 24 frames"),
        ("dream.ascend", {"zoom": 60}, {"frames": 7}, "the first 7 of 60 frames"),
        ("dream.ascend", {"zoom": 60}, {"frames": 60}, "the best so far"),
        ("dream.ascend", {}, {}, "the best so far"),
    ],
)
def test_a_video_that_was_stopped_says_how_many_of_its_frames_there_are(task, settings, figures, expected):
    assert of(task, settings, figures=figures, stopped=True).endswith(f"stopped early, {expected}")
    assert "stopped" not in of(task, settings, figures=figures)
