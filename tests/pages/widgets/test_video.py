"""Animations on a page stay within the browser's message size."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pages.text import own_texts
from pages.widgets import video
from studio.core.tasks import File

ROOT = Path(__file__).resolve().parents[3]


def test_largest_message_fits_the_limit_of_streamlit():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    most = config["server"]["maxMessageSize"] * 10**6
    assert most < 100 * 10**6, "each is held in memory"
    assert max(video.MAX_PLAYED_BYTES * 4 / 3, own_texts.MAX_PASTED_CHARS * 4) < most


def test_too_large_animation_shows_its_first_frame(draw, monkeypatch):
    frames = [Image.fromarray(np.full((8, 8, 3), shade, "uint8")) for shade in (0, 255)]
    data = io.BytesIO()
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:])
    file = File.store(data.getvalue(), "animation", "waves.gif")

    def page(file):
        from pages.widgets import video

        video.play(file, "waves")

    assert not draw(page, file=file).caption
    monkeypatch.setattr(video, "MAX_PLAYED_BYTES", 10)
    [caption] = draw(page, file=file).caption
    assert "too large to play here" in caption.value


def test_a_paused_animation_shows_the_frame_at_a_time(draw, monkeypatch):
    frames = [Image.fromarray(np.full((8, 8, 3), shade, "uint8")) for shade in (0, 128, 255)]
    data = io.BytesIO()
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:], duration=500)
    file = File.store(data.getvalue(), "animation", "waves.gif")
    shown = []
    monkeypatch.setattr(video.browser_images, "show_with_caption", lambda image, **_: shown.append(image))

    def page(file):
        from pages.widgets import video

        video.play(file, "waves")

    at = draw(page, file=file)
    at.toggle[0].set_value(True).run()
    assert np.asarray(Image.open(io.BytesIO(shown[-1]))).mean() < 10
    at.select_slider[0].set_value(1).run()
    assert np.asarray(Image.open(io.BytesIO(shown[-1]))).mean() == pytest.approx(128, abs=10)
    assert not at.exception
