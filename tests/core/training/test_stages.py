"""Stages of a training run: when sample grids are stored, how large they are, and resuming."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.training import stages
from studio.core.training.stages import Stages


def make_shades(count: int, side: int, channels: int = 3) -> np.ndarray:
    """Returns images of one color each."""
    rng = np.random.default_rng(0)
    colors = rng.integers(0, 256, (count, 1, 1, channels))
    return np.broadcast_to(colors, (count, side, side, channels)).astype("uint8")


@pytest.mark.parametrize(
    "steps, grids", [(1, 1), (6, 6), (8000, stages.MAX_GRIDS), (1_000_000, stages.MAX_GRIDS)]
)
def test_grids_are_limited_and_denser_at_the_start(steps, grids):
    history = Stages(steps)
    due = [step for step in range(steps + 1) if history.is_due(step)]
    assert len(due) == grids and due[0] >= 1 and due[-1] == steps
    if grids == stages.MAX_GRIDS:
        gaps = np.diff(due)
        assert (np.diff(gaps) >= -1).all() and gaps[-1] > 10 * gaps[0]


@pytest.mark.parametrize("side, shown_side", [(28, 28), (64, 64), (128, 64)])
def test_a_sheet_holds_all_grids(side, shown_side):
    history = Stages(100)
    for step in (4, 25, 100):
        history.add(step, np.full((36, side, side, 1), 2 * step, "uint8"), {"discriminator": step / 2})
    sheet = image_io.read(history.encode_sheet())
    height = 4 * (shown_side + 2) - 2
    assert sheet.shape == (height, stages.COLUMNS * height, 3), "sixteen images per grid, in gray too"
    for n, step in enumerate((4, 25, 100)):
        assert abs(int(sheet[5, n * height + 5, 0]) - 2 * step) <= 4
    assert history.metrics == {"steps": [4, 25, 100], "discriminator": [2, 12.5, 50]}


def test_large_images_are_downscaled_by_averaging():
    history = Stages(1)
    checks = np.indices((128, 128)).sum(0) % 2 * 255
    history.add(1, np.broadcast_to(checks[None, ..., None], (16, 128, 128, 3)).astype("uint8"), {})
    assert abs(int(history.grids[0][3, 3, 0]) - 127) <= 1


@pytest.mark.slow
def test_a_sheet_of_noise_stays_within_the_size_limit():
    history, rng = Stages(8000), np.random.default_rng(0)
    for step in range(stages.MAX_GRIDS):
        history.add(step, rng.integers(0, 256, (16, 64, 64, 3), "uint8"), {})
    assert 0 < len(history.encode_sheet()) <= stages.MAX_SHEET_BYTES
    assert image_io.read(history.encode_sheet()).shape[0] == stages.MAX_GRIDS / stages.COLUMNS * 262


def test_stages_are_restored_from_a_checkpoint():
    first, other = Stages(9), Stages(9)
    assert first.encode_sheet() is None
    first.add(1, make_shades(16, 28), {"discriminator": 1.0})
    other.restore(first.grids, first.metrics)
    for stages_run in (first, other):
        stages_run.add(4, make_shades(16, 28), {"discriminator": 0.5})
    assert other.metrics == first.metrics == {"steps": [1, 4], "discriminator": [1.0, 0.5]}
    assert other.encode_sheet() == first.encode_sheet()


def make_stages(steps, side, shade):
    stages_run = Stages(1)
    for step in steps:
        stages_run.add(step, np.full((16, side, side, 3), shade, "uint8"), {"discriminator": step / 2})
    return stages_run


def test_grids_of_the_start_model_precede_those_of_the_new_run():
    first, later = make_stages([1, 4, 100], 32, 200), make_stages([5, 50], 64, 40)
    later.metrics["mark"] = [0.2, 0.3]
    joined = stages.join_stages(first.metrics, first.encode_sheet(), later)
    assert joined.metrics["steps"] == [1, 4, 100, 105, 150]
    assert joined.metrics["discriminator"] == [0.5, 2, 50, 2.5, 25]
    assert joined.metrics["mark"] == [None, None, None, 0.2, 0.3], "None where the first run has no value"
    assert {grid.shape for grid in joined.grids} == {(4 * 66 - 2, 4 * 66 - 2, 3)}, "scaled to the largest"
    for grid, shade in zip(joined.grids, (200, 200, 200, 40, 40), strict=True):
        assert abs(int(grid[9, 9, 0]) - shade) <= 6
    assert image_io.read(joined.encode_sheet()).shape[0] == 2 * 262


def test_joined_stages_are_denser_at_the_start_and_keep_the_last():
    steps = [int(1000 * (n / stages.MAX_GRIDS) ** 2) + n for n in range(stages.MAX_GRIDS)]
    first, later = make_stages(steps, 28, 200), make_stages([step + 1 for step in steps], 28, 40)
    joined_steps = stages.join_stages(first.metrics, first.encode_sheet(), later).metrics["steps"]
    assert len(joined_steps) <= stages.MAX_GRIDS and joined_steps[0] <= steps[1]
    assert joined_steps[-1] == steps[-1] + later.metrics["steps"][-1]
    assert (
        joined_steps == sorted(set(joined_steps))
        and joined_steps[3] - joined_steps[2] < joined_steps[-1] - joined_steps[-2]
    )


@pytest.mark.parametrize("metrics", [{}, {"steps": [1, 2, 3, 4, 5, 6, 7]}, {"steps": [1, None, 3]}])
def test_a_sheet_that_does_not_match_its_metrics_is_ignored(metrics):
    first, later = make_stages([1, 4, 100], 30, 200), make_stages([5, 50], 30, 40)
    assert stages.join_stages(metrics, first.encode_sheet(), later) is later
    assert stages.join_stages(first.metrics, b"no image", later) is later
    with pytest.raises(InvalidInput, match="stages"):
        stages.cut_sheet(first.encode_sheet(), 7)
