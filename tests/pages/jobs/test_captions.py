"""Captions of results: sources, settings and completeness."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pages.jobs import captions
from studio.core.tasks import File, Result

COFFEE = {"content": [File("0" * 64, "image", "coffee.png")]}


def describe(task, settings, inputs=COFFEE, seconds=0.0, figures=None, stopped=False):
    run = SimpleNamespace(task=task, settings=settings, inputs=inputs)
    return captions.describe_run(run, Result((), figures or {}, None, stopped), seconds)


def test_caption_lists_mode_seed_and_duration():
    caption = describe("style.transfer", {"house": ["mosaic"], "mode": "fine", "seed": 3}, seconds=42)
    assert caption == "coffee + mosaic · fine · seed 3 · took 42 s"


def test_caption_has_no_seed_without_randomness():
    assert describe("style.transfer", {"house": ["mosaic"], "seed": 3}) == "coffee + mosaic · instant"
    assert describe("enhance.enlarge", {}) == "coffee"


@pytest.mark.parametrize(
    "task, settings, figures, expected",
    [
        ("video.repaint", {"task": "enhance.enlarge"}, {"frames": 2, "of": 24}, "the first 2 of 24 frames"),
        ("dream.ascend", {"zoom": 60}, {"frames": 7}, "the first 7 of 60 frames"),
        ("dream.ascend", {"zoom": 60}, {"frames": 60}, "the best so far"),
        ("dream.ascend", {}, {}, "the best so far"),
    ],
)
def test_caption_of_a_stopped_video_counts_its_frames(task, settings, figures, expected):
    assert describe(task, settings, figures=figures, stopped=True).endswith(f"stopped early, {expected}")
    assert "stopped" not in describe(task, settings, figures=figures)
