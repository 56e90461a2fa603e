"""The sizes and passes that a painting grows through."""

import pytest

from studio.style.optimise.schedule import cost, first_look, levels, scales, schedule, stages
from studio.style.settings import TransferSettings


@pytest.mark.parametrize(
    "size, wanted",
    [
        (64, [64]),
        (256, [128, 256]),
        (512, [128, 256, 512]),
        (640, [160, 320, 640]),
        (900, [128, 225, 450, 900]),
        (2048, [128, 256, 512, 1024, 2048]),
    ],
)
def test_scales_begin_with_the_large_strokes(size, wanted):
    assert scales(size) == wanted


@pytest.mark.parametrize(
    "size, wanted",
    [(256, [256]), (512, [512]), (640, [640]), (1024, [512, 1024]), (900, [512, 900])],
)
def test_the_first_painter_begins_no_smaller_than_the_content_could_bear(size, wanted):
    assert scales(size, painter=1) == wanted


def test_finer_scales_get_fewer_passes_but_at_least_one():
    assert schedule([512, 1024, 2048], 36) == [36, 18, 9]
    assert schedule([512, 1024], 1) == [1, 1]
    assert schedule([128, 256, 512], 80, lasting=0.55) == [80, 44, 24]


def test_an_instant_picture_has_no_stages_and_is_its_own_first_look():
    assert stages(TransferSettings(size=1024)) == []
    assert first_look(TransferSettings(size=1024)) == 1024
    assert first_look(TransferSettings(size=1024, mode="fine")) == 512


def test_a_picture_is_judged_at_half_and_half_again_down_to_what_the_network_can_see():
    assert levels(512) == [512, 256, 128, 64]
    assert levels(100) == [100]
    assert levels(512, painter=1) == [512]


def work(mode, size=512):
    """In passes at 512 px of the network alone."""
    asked = TransferSettings(mode=mode, size=size)
    return sum(count * cost(side, asked.painter) for side, count in stages(asked)) / 0.512**2


def test_each_mode_costs_what_it_is_said_to():
    assert work("draft") == pytest.approx(12, abs=1)
    assert work("fine") == pytest.approx(60, abs=1)
    assert work("finest") == pytest.approx(300, abs=5)


def test_twice_the_size_adds_as_much_again_not_four_times():
    assert work("fine", 1024) < 2.5 * work("fine")
    assert work("fine", 2048) < 5.2 * work("fine")
