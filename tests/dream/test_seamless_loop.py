"""A loop is the same whether its end was known or came early, and its end flows into its beginning."""

import numpy as np
import pytest

from studio.dream.seamless_loop import OVERLAP, Loop, closed, faded, overlap


@pytest.fixture(autouse=True)
def _home(home):
    """Frames wait in files of STUDIO_HOME."""


def looped(made):
    """The frames of a loop, from frames that are their own number all over."""
    found = []
    loop = Loop(found.append)
    for number in range(made):
        loop.add(np.full((4, 6, 3), number, "uint8"))
    assert loop.close() == len(found)
    return found


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 29, 30, 31, 600])
def test_what_was_made_is_enough_for_the_loop_that_was_wanted(frames):
    made = frames + overlap(frames)
    assert closed(made) == frames
    assert closed(made - 1) < frames


@pytest.mark.parametrize("made", [0, 1, 2, 3, 4, 5, 13, 38, 39, 40, 41, 42, 55, 120])
def test_a_loop_has_the_frames_as_they_were_made_and_then_its_fade(made):
    found = looped(made)
    frames, fading = closed(made), overlap(closed(made))
    assert len(found) == frames
    for i in range(frames - fading):
        assert (found[i] == fading + i).all()
    for i in range(fading):
        last = faded(
            np.full((4, 6, 3), frames + i, "uint8"), np.full((4, 6, 3), i, "uint8"), (i + 1) / (fading + 1)
        )
        assert np.array_equal(found[frames - fading + i], last)


@pytest.mark.parametrize("made", [3, 9, 41, 60])
def test_a_loop_that_ended_early_is_the_loop_that_was_asked_for_so_short(made):
    short, asked = looped(made), looped(closed(made) + overlap(closed(made)))
    assert len(short) > 0
    assert all(np.array_equal(one, other) for one, other in zip(short, asked, strict=True))


def test_frames_are_passed_on_before_the_end():
    found = []
    loop = Loop(found.append)
    for number in range(200):
        loop.add(np.full((4, 6, 3), number, "uint8"))
    assert len(found) == 200 - 2 * OVERLAP
    assert loop._file.seek(0, 2) == 4 * OVERLAP * 4 * 6 * 3


def test_a_fade_begins_in_the_middle_and_ends_in_the_corners():
    one, other = np.zeros((40, 60, 3), "uint8"), np.full((40, 60, 3), 200, "uint8")
    assert np.array_equal(faded(one, other, 0.0), one)
    assert np.array_equal(faded(one, other, 1.0), other)
    half = faded(one, other, 0.5)
    assert half[20, 30, 0] > 190
    assert half[0, 0, 0] < 10
    shares = [faded(one, other, share).mean() for share in np.linspace(0, 1, 9)]
    assert all(np.diff(shares) > 0)


def test_a_fade_keeps_the_strength_of_fine_detail():
    one, other = (np.random.default_rng(i).integers(60, 196, (64, 96, 3)).astype("uint8") for i in (1, 2))
    for share in (0.3, 0.5, 0.7):
        assert faded(one, other, share).std() == pytest.approx(one.std(), rel=0.05)
