"""A seamless loop is the same whether its length was known or it stopped early."""

import numpy as np
import pytest

from studio.dream.seamless_loop import OVERLAP, Loop, crossfade, loop_length, overlap


@pytest.fixture(autouse=True)
def _home(home):
    """A STUDIO_HOME, where frames are buffered."""


def looped(count):
    """Returns the frames of a loop of `count` frames whose pixels are their index."""
    frames = []
    loop = Loop(frames.append)
    for number in range(count):
        loop.add(np.full((4, 6, 3), number, "uint8"))
    assert loop.close() == len(frames)
    return frames


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 29, 30, 31, 600])
def test_what_was_made_is_enough_for_the_loop_that_was_wanted(frames):
    needed = frames + overlap(frames)
    assert loop_length(needed) == frames
    assert loop_length(needed - 1) < frames


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 13, 38, 39, 40, 41, 42, 55, 120])
def test_a_loop_has_the_frames_as_they_were_made_and_then_its_fade(count):
    result = looped(count)
    frames, fading = loop_length(count), overlap(loop_length(count))
    assert len(result) == frames
    for i in range(frames - fading):
        assert (result[i] == fading + i).all()
    for i in range(fading):
        last = crossfade(
            np.full((4, 6, 3), frames + i, "uint8"), np.full((4, 6, 3), i, "uint8"), (i + 1) / (fading + 1)
        )
        assert np.array_equal(result[frames - fading + i], last)


@pytest.mark.parametrize("count", [3, 9, 41, 60])
def test_a_loop_that_ended_early_is_the_loop_that_was_asked_for_so_short(count):
    short, requested = looped(count), looped(loop_length(count) + overlap(loop_length(count)))
    assert len(short) > 0
    assert all(np.array_equal(first, second) for first, second in zip(short, requested, strict=True))


def test_frames_are_passed_on_before_the_end():
    frames = []
    loop = Loop(frames.append)
    for number in range(200):
        loop.add(np.full((4, 6, 3), number, "uint8"))
    assert len(frames) == 200 - 2 * OVERLAP
    assert loop._file.seek(0, 2) == 4 * OVERLAP * 4 * 6 * 3


def test_a_fade_begins_in_the_middle_and_ends_in_the_corners():
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
