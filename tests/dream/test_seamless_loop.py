"""A seamless loop is the same whether its length was known or it stopped early."""

import numpy as np
import pytest

from studio.dream.seamless_loop import MAX_OVERLAP, Loop, count_overlap, crossfade, find_loop_length


@pytest.fixture(autouse=True)
def _home(home):
    """A STUDIO_HOME, where frames are buffered."""


def loop_frames(count):
    """Returns the frames of a loop of `count` frames whose pixels are their index."""
    frames = []
    loop = Loop(frames.append)
    for number in range(count):
        loop.add(np.full((4, 6, 3), number, "uint8"))
    assert loop.close() == len(frames)
    return frames


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 29, 30, 31, 600])
def test_the_rendered_frames_suffice_for_the_loop(frames):
    needed = frames + count_overlap(frames)
    assert find_loop_length(needed) == frames
    assert find_loop_length(needed - 1) < frames


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 13, 38, 39, 40, 41, 42, 55, 120])
def test_a_loop_has_its_frames_in_order_and_then_the_fade(count):
    result = loop_frames(count)
    frames, fading = find_loop_length(count), count_overlap(find_loop_length(count))
    assert len(result) == frames
    for i in range(frames - fading):
        assert (result[i] == fading + i).all()
    for i in range(fading):
        last = crossfade(
            np.full((4, 6, 3), frames + i, "uint8"), np.full((4, 6, 3), i, "uint8"), (i + 1) / (fading + 1)
        )
        assert np.array_equal(result[frames - fading + i], last)


@pytest.mark.parametrize("count", [3, 9, 41, 60])
def test_a_loop_stopped_early_equals_a_shorter_loop(count):
    short, requested = (
        loop_frames(count),
        loop_frames(find_loop_length(count) + count_overlap(find_loop_length(count))),
    )
    assert len(short) > 0
    assert all(np.array_equal(first, second) for first, second in zip(short, requested, strict=True))


def test_frames_are_emitted_before_the_end():
    frames = []
    loop = Loop(frames.append)
    for number in range(200):
        loop.add(np.full((4, 6, 3), number, "uint8"))
    assert len(frames) == 200 - 2 * MAX_OVERLAP
    assert loop._file.seek(0, 2) == 4 * MAX_OVERLAP * 4 * 6 * 3


def test_a_fade_starts_in_the_center_and_ends_in_the_corners():
    one, other = np.zeros((40, 60, 3), "uint8"), np.full((40, 60, 3), 200, "uint8")
    assert np.array_equal(crossfade(one, other, 0.0), one)
    assert np.array_equal(crossfade(one, other, 1.0), other)
    half = crossfade(one, other, 0.5)
    assert half[20, 30, 0] > 190
    assert half[0, 0, 0] < 10
    shares = [crossfade(one, other, share).mean() for share in np.linspace(0, 1, 9)]
    assert all(np.diff(shares) > 0)


def test_a_fade_keeps_the_strength_of_fine_detail():
    one, other = (np.random.default_rng(i).integers(60, 196, (64, 96, 3)).astype("uint8") for i in (1, 2))
    for share in (0.3, 0.5, 0.7):
        assert crossfade(one, other, share).std() == pytest.approx(one.std(), rel=0.05)
