"""How long a dream takes is told from its pixels and from the dreams before it."""

import subprocess
import sys
from pathlib import Path

import pytest

from studio.core import images, paths, tasks
from studio.dream import ASCEND, estimate
from studio.dream.settings import DreamSettings

PHOTO = (768, 1024)


@pytest.fixture(autouse=True)
def _home(home):
    """Each test begins on a machine that has not dreamt."""


def seconds(**settings):
    return estimate.seconds(DreamSettings(**settings), *PHOTO)


def test_a_pass_of_the_whole_picture_costs_its_pixels():
    settings = DreamSettings(size=512, octaves=1, steps=7)
    assert estimate.megapixel_passes(settings, *PHOTO) == pytest.approx(7 * 512 * 384 / 1e6)


def test_the_size_of_the_result_counts_not_that_of_the_picture():
    settings = DreamSettings()
    assert estimate.seconds(settings, 768, 1024) == estimate.seconds(settings, 3000, 4000)


def test_more_is_longer():
    assert seconds(steps=20) == pytest.approx(2 * seconds(steps=10))
    assert seconds(octaves=5) > seconds(octaves=4)
    assert seconds(size=1024) > 3.5 * seconds(size=512)
    assert seconds(look="spirals") < seconds(look="dogs")
    one, two, three = (seconds(zoom=frames) for frames in (100, 200, 300))
    assert seconds() < one
    assert three - two == pytest.approx(two - one)


def test_it_learns_from_the_dreams_of_this_machine():
    settings = DreamSettings()
    for _ in range(8):
        estimate.learn(settings, *PHOTO, 100.0)
    assert estimate.seconds(settings, *PHOTO) == pytest.approx(100.0, rel=0.02)
    assert seconds(look="spirals") < 100.0  # another backbone is as it was


@pytest.mark.parametrize("change", [{"size": 64}, {"most_steps": 3}])
def test_it_learns_nothing_from_a_dream_that_tells_nothing(change):
    before = seconds()
    estimate.learn(DreamSettings(**change), *PHOTO, 1000.0)
    assert seconds() == before


@pytest.mark.parametrize("record", ["", "[]", '{"vgg16": "fast"}', '{"vgg16": -1}', '{"vgg16": null}', "{"])
def test_a_damaged_record_is_as_none(record):
    before = seconds()
    paths.write(paths.folder("cache") / "dream-speed.json", record.encode())
    assert seconds() == before


def test_the_task_names_it(picture):
    content = tasks.File.keep(images.encode_png(picture), "picture", "photo.png")
    settings = DreamSettings(zoom=5, size=64)
    found = tasks.imported(ASCEND.estimate)(settings, {"content": [content]})
    assert found == estimate.seconds(settings, *picture.shape[:2])


def test_it_loads_nothing_heavy():
    code = "import sys, studio.dream.estimate; assert not {'keras', 'tensorflow', 'av'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
