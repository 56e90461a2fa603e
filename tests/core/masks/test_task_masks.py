"""Masks of a task: from files or by name, feathered, inverted, and blended with a photo."""

from __future__ import annotations

import numpy as np
import pytest

from studio.colorize.settings import QUICK_NETWORK, ColorizeSettings
from studio.core import recipes, tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.core.masks import litert_files, selection, task_masks
from studio.core.tasks import File


def make_half_mask(height=20, width=40):
    """Returns a mask whose left half is white."""
    mask = np.zeros((height, width, 3), "uint8")
    mask[:, : width // 2] = 255
    return mask


def store(image, name="mask.png"):
    return File.store(image_io.encode_png(image), "image", name)


def test_a_file_is_read_and_inverted(home):
    inputs = {"mask": [store(make_half_mask())]}
    masks = task_masks.resolve(ColorizeSettings(), inputs, make_half_mask())
    np.testing.assert_array_equal(masks.arrays[0], make_half_mask()[..., 0] / np.float32(255))
    assert masks.weights == {}
    inverted = task_masks.resolve(ColorizeSettings(mask_invert=True), inputs, make_half_mask())
    np.testing.assert_array_equal(inverted.arrays[0], 1 - masks.arrays[0])


def test_a_feather_is_a_share_of_the_longer_side(home):
    inputs = {"mask": [store(make_half_mask(100, 200))]}
    mask = task_masks.resolve(ColorizeSettings(mask_feather=5), inputs, make_half_mask()).arrays[0]
    assert mask[50, 100 - 10] == pytest.approx(0.84, abs=0.03), "one sigma inside"
    assert mask[50, 100 + 10] == pytest.approx(0.16, abs=0.03)


def test_no_mask_keeps_the_result(home):
    masks = task_masks.resolve(ColorizeSettings(), {}, make_half_mask())
    assert masks.arrays == [] and masks.blend(make_half_mask(), 255 - make_half_mask()).max() == 255


def test_a_black_file_is_refused(home):
    with pytest.raises(InvalidInput, match="Mask 1 is black"):
        task_masks.resolve(ColorizeSettings(), {"mask": [store(0 * make_half_mask())]}, make_half_mask())


def test_an_empty_selection_is_allowed_only_within_a_context(weights_home):
    photo = sample_photos.read_photo("rocket")
    with task_masks.allow_empty_selections():
        assert not task_masks.resolve(ColorizeSettings(mask=("face",)), {}, photo).arrays[0].any()
    with pytest.raises(InvalidInput, match="No face found"):
        task_masks.resolve(ColorizeSettings(mask=("face",)), {}, photo)


def test_names_and_files_together_are_refused(home):
    with pytest.raises(InvalidInput, match="either names or files"):
        task_masks.check(ColorizeSettings(mask=("person",)), {"mask": [store(make_half_mask())]})


def test_an_unknown_name_is_refused():
    with pytest.raises(InvalidInput, match="`person` or `background` or `face`"):
        ColorizeSettings.parse({"mask": ["persons"]})
    with pytest.raises(InvalidInput, match="at most 1"):
        ColorizeSettings.parse({"mask": ["person", "face"]})


def test_blending_shows_the_result_inside_the_mask(home):
    result, photo = np.full((40, 80, 4), 200, "uint8"), np.full((40, 80, 4), 100, "uint8")
    blended = task_masks.blend(result, photo, make_half_mask()[..., 0] / np.float32(255))
    assert (blended[:, :36] == 200).all() and (blended[:, 44:] == 100).all()
    assert blended.shape == photo.shape and blended.dtype == np.uint8


def test_a_litert_file_is_stored_like_weights(tmp_path):
    file = litert_files.build_file({"a.tflite": b"TFL3" + bytes(range(256))})
    file.save_weights(tmp_path / "a.weights.h5")
    copy = litert_files.build_file()
    copy.load_weights(tmp_path / "a.weights.h5")
    assert copy.data == file.data


def test_a_color_of_the_photo_stays_outside_the_mask(weights_home):
    gray = image_io.to_gray(image_io.fit(sample_photos.read_photo("astronaut"), 160)).repeat(3, axis=2)
    settings = ColorizeSettings(mask=("person",), vividness=1, network=QUICK_NETWORK)
    result = tasks.run("colorize.apply", settings, {"content": [store(gray, "gray.png")]})
    colored = image_io.read(result.files[0].read())
    mask, is_colored = selection.select(gray, "person"), np.ptp(colored, axis=2) > 6
    assert is_colored[mask > 0.9].mean() > 0.3 and not is_colored[mask < 0.01].any()
    recipe = recipes.read(result.files[0].read())
    assert recipe.settings["mask"] == ["person"] and "selfie-segmentation" in recipe.weights


def test_enhancing_inside_a_mask_leaves_a_resized_photo_outside(home):
    photo = image_io.fit(sample_photos.read_photo("chelsea"), 90)
    inputs = {"content": [store(photo, "cat.png")], "mask": [store(make_half_mask())]}
    settings = tasks.get("enhance.enlarge").settings(clean=False)
    result = image_io.read(tasks.run("enhance.enlarge", settings, inputs).files[0].read())
    plain = image_io.resize(photo, *result.shape[:2])
    middle = result.shape[1] // 2
    np.testing.assert_array_equal(result[:, middle + 9 :], plain[:, middle + 9 :])
    assert np.abs(result[:, : middle - 9].astype(int) - plain[:, : middle - 9]).max() > 5
