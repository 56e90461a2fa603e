"""Videos on the Style page: chosen, previewed by the first frame, and painted."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from pages.form import video_input
from pages.jobs import commands
from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import animations, video_span
from studio.core.tasks import File
from studio.style.settings import TransferSettings
from studio.video.settings import VideoSettings


@pytest.fixture
def submitted(monkeypatch):
    """Records what the page starts, instead of running it."""
    calls = []
    monkeypatch.setattr("pages.parts.start", lambda *args: calls.append(args))
    return calls


@pytest.fixture
def live(monkeypatch):
    """Records the live requests for the first frame, instead of running them."""
    calls = []
    monkeypatch.setattr("pages.parts.show_live", lambda *args, **more: calls.append((args, more)))
    return calls


def video(kind="webp", frames=3):
    images = [np.full((32, 48, 3), 60 * n, "uint8") for n in range(1, frames + 1)]
    return File.keep(animations.encode(images, kind, 10), "animation", f"clip.{kind}")


def press(page, label):
    return next(button for button in page.button if button.label == label).click().run()


@pytest.mark.slow
def test_a_video_can_be_painted_with_nothing_but_a_click(visit, live, submitted):
    page = visit("style", what="A video")
    assert not page.exception
    (task, settings, ask, *_), more = live[-1]
    frame = ask()["content"][0]
    assert (task, settings.mode, frame.name) == ("style.transfer", "instant", "first-frame.png")
    assert "Preview of the first of 24 frames, which takes" in more["note"]
    assert " GiB of memory" in more["note"]
    press(page, "Start")
    (task, settings, inputs), *_ = submitted
    assert (task, settings.task, settings.video) == ("video.repaint", "style.transfer", "mp4")
    assert (settings.base, list(inputs)) == ({"house": ["stained_glass"]}, ["video"])
    tasks.check(task, settings, inputs)


@pytest.mark.slow
def test_a_video_that_cannot_fit_says_so_before_it_starts(visit, live, submitted, monkeypatch):
    monkeypatch.setattr("studio.core.process.limits.memory", lambda: 2**29)
    page = visit("style", what="A video")
    assert not page.exception
    assert "Choose a smaller size" in live[-1][1]["note"]


def test_its_frames_are_painted_with_the_settings_of_the_form(visit, live, submitted):
    press(visit("style", what="A video", strength="0.35", size="256"), "Start")
    (_, settings, _), *_ = submitted
    assert settings.base == {"strength": 0.35, "size": 256, "house": ["stained_glass"]}


def test_a_video_takes_the_images_of_a_finer_mode_along(visit, live, submitted):
    press(visit("style", what="A video", mode="Draft"), "Start")
    (_, settings, inputs), *_ = submitted
    assert (settings.base, list(inputs)) == ({"mode": "draft"}, ["video", "style"])


def test_a_photo_is_what_is_painted_at_first(visit, live, submitted):
    page = visit("style")
    assert "Start" not in [button.label for button in page.button]
    assert live[-1][0][2]()["content"][0].name != "first-frame.png"


def test_a_video_of_ones_own_keeps_its_kind(home):
    reel = video_input._describe("Your video", video("gif"))
    settings, inputs = video_input.video_task(
        "style.transfer", TransferSettings(), reel, {"content": [reel.frame]}
    )
    assert (settings.video, settings.base, list(inputs)) == ("gif", {}, ["video"])
    assert (reel.frames, reel.seconds) == (3, 0.3)


@pytest.mark.parametrize("ending", ["mov", "m4v"])
def test_a_video_of_a_phone_is_taken_and_becomes_an_mp4(visit, live, submitted, ending):
    page = visit("style", what="A video")
    types = [tuple(uploader.proto.type) for uploader in page.get("file_uploader")]
    assert any(f".{ending}" in entry and ".mp4" in entry for entry in types)
    page.session_state["video_file"] = [File.keep(video("mp4").read(), "animation", f"clip.{ending}")]
    press(page.run(), "Start")
    (_, settings, inputs), *_ = submitted
    assert (settings.video, inputs["video"][0].name) == ("mp4", f"clip.{ending}")


@pytest.mark.parametrize("data", [b"", b"no video", b"\0\0\0\x18ftypmp42" + bytes(40)])
def test_what_is_no_video_is_refused(home, data):
    with pytest.raises(InvalidInput, match="whole MP4, WebP, GIF or APNG"):
        video_input._take(data, "clip.mp4")


def test_the_command_of_a_video_names_it_where_a_photo_would_be(home):
    settings = VideoSettings(base={"house": ["rain"], "size": 256}, video="gif")
    line = commands.line("video.repaint", settings, {"video": [video("gif")]})
    assert line == "studio style clip.gif house:rain -o out.gif --size 256"
    settings = VideoSettings(task="dream.ascend", base={"steps": 5}, fps=15)
    line = commands.line("video.repaint", settings, {"video": [video("gif")]})
    assert line == "studio dream clip.gif -o out.mp4 --steps 5 --fps 15"


@pytest.mark.parametrize("kind", ["mp4", "webp", "gif"])
def test_a_video_of_ones_own_is_still_there_after_a_reload(visit, live, kind):
    digest = File.keep(json.dumps([[video(kind).digest, f"my video.{kind}"]]).encode(), "text", "").digest
    page = visit("style", what="A video", video_file=digest)
    assert not page.exception
    assert any(re.match(rf"my video\W+{kind} · 3 frames", caption.value) for caption in page.caption)
    assert page.query_params["video_file"] == digest
    press(page, "Back to the sample")
    assert not page.exception and "video_file" not in page.query_params
    assert not any("my video" in caption.value for caption in page.caption)


@pytest.mark.parametrize("value", ["0" * 64, "nothing", ""])
def test_an_address_that_names_no_video_shows_the_sample(visit, live, value):
    page = visit("style", what="A video", video_file=value)
    assert not page.exception
    assert any("to try things out" in caption.value for caption in page.caption)


def test_a_part_of_a_longer_video_is_chosen_in_seconds(visit, live, submitted, monkeypatch):
    monkeypatch.setattr(video_span, "MOST_FRAMES", 6)
    data = animations.encode((np.full((30, 40, 3), 20 * n, "uint8") for n in range(12)), "gif", 10)
    file = File.keep(data, "animation", "long.gif")
    digest = File.keep(json.dumps([[file.digest, file.name]]).encode(), "text", "").digest
    page = visit("style", what="A video", video_file=digest)
    assert not page.exception and not page.error
    assert page.slider(key="video_part").value == (0.0, 0.6), "as much as can be used"
    assert "6 frames, 0.6 s" in " ".join(element.value for element in page.caption)
    page.slider(key="video_part").set_value((0.5, 0.9)).run()
    press(page, "Start")
    [(task, settings, _)] = submitted
    assert (task, settings.start, settings.end) == ("video.repaint", 0.5, 0.9)
    page.slider(key="video_part").set_value((0.2, 1.2)).run()
    assert "from 0.2 to 0.8 s" in " ".join(element.value for element in page.caption)
    assert not page.exception and not page.error
