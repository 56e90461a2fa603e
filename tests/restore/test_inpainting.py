"""Filling continues the surroundings, and changes nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import Cancelled
from studio.core.progress import Progress
from studio.restore import inpainting


def make_ramp(dtype: str = "uint8") -> np.ndarray:
    rows, columns = np.mgrid[:80, :120]
    ramp = np.stack([40 + columns, 60 + rows, 30 + rows + columns // 2], axis=-1)
    return (ramp * (np.iinfo(dtype).max // 255)).astype(dtype)


def make_mask() -> np.ndarray:
    mask = np.zeros((80, 120), bool)
    mask[10:70, 40:43], mask[0:4, 100:110] = True, True
    return mask


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_ramp_is_continued_and_the_rest_unchanged(dtype):
    ramp, mask = make_ramp(dtype), make_mask()
    damaged = np.where(mask[..., None], np.iinfo(dtype).max, ramp).astype(dtype)
    filled = inpainting.fill(damaged, mask)
    assert filled.dtype == dtype and np.array_equal(filled[~mask], ramp[~mask])
    error = np.abs(filled.astype(float) - ramp)[mask] * 255 / np.iinfo(dtype).max
    assert error.mean() < 2


def test_a_large_area_is_filled_at_a_lower_resolution(monkeypatch):
    ramp, mask = make_ramp(), make_mask()
    mask[20:60, 60:100] = True
    damaged = np.where(mask[..., None], 255, ramp).astype("uint8")
    monkeypatch.setattr(inpainting, "MAX_SOLVED", 200)
    filled = inpainting.fill(damaged, mask)
    assert np.array_equal(filled[~mask], ramp[~mask])
    assert np.abs(filled.astype(float) - ramp)[mask].mean() < 6


def test_it_can_be_cancelled_between_areas():
    with pytest.raises(Cancelled):
        inpainting.fill(make_ramp(), make_mask(), Progress(cancelled=lambda: True))
