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


def store_photo(height, width):
    return {
        "content": [
            tasks.File.store(image_io.encode_png(np.zeros((height, width, 3), "uint8")), "image", "a.png")
        ]
    }


def estimate_seconds(shape=PHOTO, **settings):
    return estimate.estimate_seconds(DreamSettings(**settings), store_photo(*shape))


def test_a_pass_costs_the_pixels_of_the_image():
    settings = DreamSettings(size=512, octaves=1, steps=7)
    assert estimate.count_megapixel_passes(settings, *PHOTO) == pytest.approx(7 * 512 * 384 / 1e6)


def test_the_cost_depends_on_the_size_of_the_result():
    assert estimate_seconds((300, 400)) == estimate_seconds((768, 1024))


def test_more_steps_octaves_and_frames_take_longer():
    assert estimate_seconds(steps=20) == pytest.approx(2 * estimate_seconds(steps=10))
    assert estimate_seconds(octaves=5) > estimate_seconds(octaves=4)
    assert estimate_seconds(size=1024) > 3.5 * estimate_seconds(size=512)
    assert estimate_seconds(look="spirals") < estimate_seconds(look="dogs", precision="float32")
    assert estimate_seconds(look="dogs", precision="bfloat16") < estimate_seconds(
        look="dogs", precision="float32"
    )
    one, two, three = (estimate_seconds(zoom=frames) for frames in (100, 200, 300))
    assert estimate_seconds() < one
    assert three - two == pytest.approx(two - one)


def test_a_stopped_dream_is_estimated_shorter():
    assert estimate_seconds(steps=10, octaves=4, most_steps=10) == pytest.approx(
        estimate_seconds(steps=10, octaves=4) / 4
    )


def test_the_estimate_loads_no_keras():
    code = "import sys, studio.dream.estimate; assert not {'keras', 'tensorflow', 'av'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
