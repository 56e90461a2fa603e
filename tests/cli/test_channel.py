"""`studio channel`: feature visualization of a layer and a channel."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from studio.core.imaging import image_io

QUICK_FLAGS = ("--layer", "block3_conv3", "--channel", "83", "--size", "96", "--steps", "3")


@pytest.mark.slow
def test_channel_image_is_reproducible(photo, weights_home, run_command):
    code, out, _ = run_command("channel", "-o", "likes.png", *QUICK_FLAGS, "--json")
    report = json.loads(out)
    assert (code, report["path"]) == (0, "likes.png")
    assert report["figures"]["steps"] == 3
    shutil.rmtree(weights_home / "channels")
    assert run_command("replay", "likes.png", "--verify")[:2] == (0, "identical\n")
    assert run_command("channel", "-o", "other.png", *QUICK_FLAGS, "--seed", "1")[0] == 0
    assert not np.array_equal(image_io.read("other.png"), image_io.read("likes.png"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "argv, message",
    [(("--layer", "block3_conf3"), "block3_conv3"), (("--channel", "512"), "0 to 511"), (("photo.png",), "")],
)
def test_invalid_channel_is_rejected(photo, run_command, argv, message):
    code, out, err = run_command("channel", "-o", "likes.png", *argv)
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and message in err
    assert not Path("likes.png").exists()
