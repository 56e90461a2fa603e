"""Blending results along the optical flow: less flicker, and no trail, lag or mixture at a cut."""

import itertools

import numpy as np
import pytest
from scipy import ndimage

from studio.core.imaging import sample_photos
from studio.video.temporal_consistency import TemporalBlender, estimate_motion

HEIGHT, WIDTH, COUNT = 48, 64, 6


def draw_frames(shift=0.0, fade=0.0):
    """Returns frames of a photo that moves by `shift` px and gets brighter by `fade` levels each time."""
    photo = sample_photos.read_photo("coffee")[60:260, 100:360].astype("float32")
    rng = np.random.default_rng(0)
    for number in range(COUNT):
        moved = ndimage.shift(photo, (0, -shift * number, 0), order=1)[20 : 20 + HEIGHT, 20 : 20 + WIDTH]
        noise = rng.normal(0, 1, moved.shape)
        yield (moved + fade * number + noise).clip(0, 255).astype("uint8")


def add_flicker(frames, size=1):
    """Returns results: each frame, enlarged, with noise of its own."""
    rng = np.random.default_rng(1)
    for frame in frames:
        large = frame.repeat(size, axis=0).repeat(size, axis=1)
        yield (large + rng.normal(0, 20, large.shape)).clip(0, 255).astype("uint8")


def blend(frames, results, **options):
    blender = TemporalBlender(**{"strength": 1.0, **options})
    return [blender.blend(frame, result) for frame, result in zip(frames, results, strict=True)]


def measure_change(images):
    return np.mean([np.abs(b.astype(float) - a).mean() for a, b in itertools.pairwise(images)])


@pytest.mark.parametrize("size", [1, 2])
def test_flicker_of_a_still_video_is_reduced(size):
    frames = list(draw_frames())
    results = list(add_flicker(frames, size))
    blended = blend(frames, results)
    assert blended[-1].shape == results[-1].shape
    assert measure_change(blended) < 0.2 * measure_change(results)


def test_blended_results_follow_the_motion():
    frames = list(draw_frames(shift=1.0))
    results = list(add_flicker(frames))
    last = blend(frames, results)[-1][8:-8, 8:-8].astype(float)
    truth = frames[-1][8:-8, 8:-8]
    assert np.abs(last - truth).mean() < 0.85 * np.abs(results[-1][8:-8, 8:-8].astype(float) - truth).mean()
    assert np.abs(last - truth).mean() < np.abs(last - frames[0][8:-8, 8:-8]).mean()


def test_flat_parts_move_with_the_camera():
    frame = np.full((80, 120, 3), 100, "float32")
    frame[:, 20:30] = frame[:, 90:100] = np.random.default_rng(0).uniform(0, 255, (80, 10, 1))
    frame = ndimage.gaussian_filter(frame, (1, 1, 0))
    flow, weight = estimate_motion(frame, np.roll(frame, 2, axis=1))
    assert flow[1, 20:-20, 50:70] == pytest.approx(-2, abs=0.2)
    assert weight[20:-20, 50:70].min() > 0.5
    assert weight[:, :2].max() == 0, "enters the frame"


def test_blended_results_follow_a_slow_fade():
    frames = list(draw_frames(fade=4.0))
    last = blend(frames, frames)[-1]
    assert np.abs(last.astype(float) - frames[-1]).mean() < 8


def test_a_cut_shows_the_new_scene_only():
    first, second = next(iter(draw_frames())), 255 - next(iter(draw_frames()))
    assert np.abs(blend([first, second], [first, second])[1].astype(int) - second).mean() < 1


def test_strength_0_keeps_results():
    frames = list(draw_frames())
    results = list(add_flicker(frames))
    assert np.array_equal(blend(frames, results, strength=0.0), results)


def test_the_chroma_alone_is_blended():
    frames = list(draw_frames())
    results = list(add_flicker(frames))
    blended = np.array(blend(frames, results, band="chroma"), "float32")
    luma = np.array([0.299, 0.587, 0.114], "float32")
    unclipped = (blended > 0).all(axis=-1) & (blended < 255).all(axis=-1)
    assert np.abs(blended @ luma - np.array(results) @ luma)[unclipped].max() < 1
    color = blended[..., 0] - blended[..., 2]
    assert measure_change(color) < 0.4 * measure_change(
        np.array(results, "float32")[..., 0] - np.array(results, "float32")[..., 2]
    )


def test_transparency_is_kept():
    frames = list(draw_frames())
    alpha = np.random.default_rng(2).integers(0, 256, (COUNT, HEIGHT, WIDTH, 1), dtype="uint8")
    results = [np.concatenate(pair, axis=-1) for pair in zip(frames, alpha, strict=True)]
    assert np.array_equal(np.array(blend(frames, results))[..., 3:], alpha)
