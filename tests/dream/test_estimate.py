"""The estimated time of a dream follows from its pixels."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from studio.core import tasks
from studio.core.imaging import image_io
from studio.dream import estimate
from studio.dream.settings import DreamSettings

PHOTO = (768, 1024)


@pytest.fixture(autouse=True)
def _home(home):
    """A STUDIO_HOME of this test."""


def photo(height, width):
    return {
        "content": [
            tasks.File.keep(image_io.encode_png(np.zeros((height, width, 3), "uint8")), "image", "a.png")
        ]
    }


def seconds(shape=PHOTO, **settings):
    return estimate.estimate_seconds(DreamSettings(**settings), photo(*shape))


def test_a_pass_of_the_whole_image_costs_its_pixels():
    settings = DreamSettings(size=512, octaves=1, steps=7)
    assert estimate.megapixel_passes(settings, *PHOTO) == pytest.approx(7 * 512 * 384 / 1e6)


def test_the_size_of_the_result_counts_not_that_of_the_image():
    assert seconds((300, 400)) == seconds((768, 1024))


def test_more_is_longer():
    assert seconds(steps=20) == pytest.approx(2 * seconds(steps=10))
    assert seconds(octaves=5) > seconds(octaves=4)
    assert seconds(size=1024) > 3.5 * seconds(size=512)
    assert seconds(look="spirals") < seconds(look="dogs", precision="float32")
    assert seconds(look="dogs", precision="bfloat16") < seconds(look="dogs", precision="float32")
    one, two, three = (seconds(zoom=frames) for frames in (100, 200, 300))
    assert seconds() < one
    assert three - two == pytest.approx(two - one)


def test_a_dream_that_was_stopped_is_replayed_in_less():
    assert seconds(steps=10, octaves=4, most_steps=10) == pytest.approx(seconds(steps=10, octaves=4) / 4)


def test_it_loads_nothing_heavy():
    code = "import sys, studio.dream.estimate; assert not {'keras', 'tensorflow', 'av'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
