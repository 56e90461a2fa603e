"""Restoring as a task: the chain, its switches, masks, sepia, and its errors."""

from __future__ import annotations

import numpy as np
import pytest

from studio.colorize.settings import QUICK_NETWORK
from studio.core import owners, recipes, tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.core.progress import Progress
from studio.core.tasks import File, Result
from studio.restore.settings import RestoreSettings
from studio.restore.task import measure_chroma

OFF = {"scratches": False, "clean": False, "colorize": False, "scale": 1.0}


def store(image: np.ndarray, name: str = "old.png") -> File:
    return File.store(image_io.encode_png(image), "image", name)


def restore(image: np.ndarray, inputs: dict[str, list[File]] | None = None, **values: object) -> Result:
    settings = RestoreSettings.parse({"colorizer": QUICK_NETWORK, **values})
    return tasks.run("restore.apply", settings, {"content": [store(image)], **(inputs or {})})


def read(result: Result) -> np.ndarray:
    return image_io.read(result.files[0].read())


@pytest.fixture
def gray(home) -> np.ndarray:
    """A gray photo, `(192, 192, 3) uint8`."""
    photo = sample_photos.read_photo("coffee")[60:252, 150:342]
    return np.ascontiguousarray(image_io.to_gray(photo).repeat(3, axis=2))


@pytest.fixture
def scratched(gray) -> np.ndarray:
    """The gray photo with a white scratch."""
    photo = gray.copy()
    photo[10:170, 30:32] = 250
    return photo


def make_mask(photo: np.ndarray) -> File:
    mask = np.zeros_like(photo)
    mask[8:172, 29:33] = 255
    return store(mask, "mask.png")


@pytest.mark.slow
def test_all_steps_run_in_one_chain_also_for_a_visitor(scratched):
    with owners.acting_as("a" * 32):
        result = restore(scratched)
    image = read(result)
    assert image.shape == (384, 384, 3)
    assert measure_chroma(image) > 3
    assert result.files[0].name == "old-restored.png"
    assert {"enlarge", QUICK_NETWORK} <= set(result.recipe.weights)
    assert recipes.read(result.files[0].read()).settings["scale"] == 2.0


def test_a_painted_scratch_is_filled_and_the_rest_unchanged(scratched, gray):
    result = restore(scratched, {"damage_mask": [make_mask(scratched)]}, **OFF)
    image, is_marked = read(result), image_io.read(make_mask(gray).read())[..., 0] > 0
    assert np.array_equal(image[~is_marked], scratched[~is_marked])
    error = np.abs(image.astype(int) - gray)[is_marked].mean()
    assert error < np.abs(scratched.astype(int) - gray)[is_marked].mean() / 2
    assert result.figures["damage"] == pytest.approx(is_marked.mean())


def test_the_keep_mask_protects_from_both(scratched):
    masks = {"damage_mask": [make_mask(scratched)], "keep_mask": [make_mask(scratched)]}
    result = restore(scratched, masks, **{**OFF, "scratches": True})
    is_kept = image_io.read(make_mask(scratched).read())[..., 0] > 0
    assert np.array_equal(read(result)[is_kept], scratched[is_kept])


def test_the_mask_is_a_result_that_can_be_edited_and_given_back(scratched):
    mask = read(restore(scratched, {"damage_mask": [make_mask(scratched)]}, mask_only=True))
    assert set(np.unique(mask)) == {0, 255} and mask[50, 31, 0] == 255
    assert restore(scratched, {"damage_mask": [store(mask)]}, **OFF).figures["damage"] == (mask > 0).mean()


@pytest.mark.slow
def test_a_sepia_scan_becomes_gray_first_and_comes_back_as_colorful(gray):
    sepia = np.clip(255 * (gray / 255) ** np.array([0.8, 1.0, 1.35]), 0, 255).astype("uint8")
    of_gray, of_sepia = (read(restore(photo, clean=False, scratches=False)) for photo in (gray, sepia))
    assert measure_chroma(of_sepia) >= 0.9 * measure_chroma(sepia) > 5
    assert measure_chroma(of_sepia) >= measure_chroma(of_gray) - 0.5
    # Gray first: no color cast is left of the tint.
    chroma_of_tint = (sepia[..., 0].astype(int) - sepia[..., 2]).mean()
    assert (of_sepia[..., 0].astype(int) - of_sepia[..., 2]).mean() < chroma_of_tint + 20


def test_a_photo_in_color_keeps_its_colors(home):
    photo = np.ascontiguousarray(sample_photos.read_photo("coffee")[60:188, 150:278])
    result = restore(photo, **{**OFF, "colorize": True})
    assert np.array_equal(read(result), photo) and "colorfulness" not in result.figures


def test_alpha_is_kept(scratched):
    alpha = np.full(scratched.shape[:2], 255, "uint8")
    alpha[:20] = 0
    result = restore(np.dstack([scratched, alpha]), {"damage_mask": [make_mask(scratched)]}, **OFF)
    image = image_io.read_transparent(result.files[0].read())
    assert np.array_equal(image[..., 3], alpha)


@pytest.mark.slow
def test_progress_rises_over_all_steps_with_their_names(scratched):
    reports = []
    progress = Progress(reports.append)
    tasks.run(
        "restore.apply", RestoreSettings(colorizer=QUICK_NETWORK), {"content": [store(scratched)]}, progress
    )
    shares = [report.share for report in reports]
    assert shares == sorted(shares) and shares[-1] > 0.95
    assert {"Finding scratches", "Colorizing", "Upscaling"} <= {report.stage for report in reports}
    assert any(report.preview is not None for report in reports)


def test_errors_say_what_to_do(scratched):
    with pytest.raises(InvalidInput, match="All steps are off"):
        restore(scratched, **OFF)
    white = store(np.full_like(scratched, 255), "white.png")
    with pytest.raises(InvalidInput, match="More than half"):
        restore(scratched, {"damage_mask": [white]}, **OFF)
    large = np.zeros((6000, 6000, 3), "uint8")
    with pytest.raises(InvalidInput, match="at most"):
        restore(large, scale=4.0)
