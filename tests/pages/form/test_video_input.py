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
from studio.core.imaging import video_encoder, video_span
from studio.core.tasks import File
from studio.style.settings import TransferSettings
from studio.video.settings import VideoSettings

from ..elements import list_button_labels, press_button


@pytest.fixture
def live_requests(monkeypatch):
    """Records the live requests for the first frame, instead of running them."""
    calls = []
    monkeypatch.setattr("pages.parts.show_live", lambda *args, **more: calls.append((args, more)))
    return calls


def store_video(kind="webp", frames=3):
    images = [np.full((32, 48, 3), 60 * n, "uint8") for n in range(1, frames + 1)]
    return File.store(video_encoder.encode(images, kind, 10), "animation", f"clip.{kind}")


@pytest.mark.slow
def test_video_is_painted_after_one_click(visit, live_requests, started_jobs):
    page = visit("style", what="A video")
    assert not page.exception
    (task, settings, ask, *_), more = live_requests[-1]
    frame = ask()["content"][0]
    assert (task, settings.mode, frame.name) == ("style.transfer", "instant", "first-frame.png")
    assert "Preview of the first of 24 frames, which takes" in more["note"]
    assert " GiB of memory" in more["note"]
    press_button(page, "Start")
    (task, settings, inputs), *_ = started_jobs
    assert (task, settings.task, settings.video) == ("video.repaint", "style.transfer", "mp4")
    assert settings.base.keys() == {"house", "seed"} and settings.base["house"] == ["stained_glass"]
    assert list(inputs) == ["video"]
    tasks.check(task, settings, inputs)


@pytest.mark.slow
def test_video_that_does_not_fit_is_refused_before_start(visit, live_requests, started_jobs, monkeypatch):
    monkeypatch.setattr("studio.core.process.limits.read_memory_limit", lambda: 2**29)
    page = visit("style", what="A video")
    assert not page.exception
    assert "Choose a smaller size" in live_requests[-1][1]["note"]


def test_frames_are_painted_with_the_settings_of_the_form(visit, live_requests, started_jobs):
    press_button(visit("style", what="A video", strength="0.35", size="256"), "Start")
    (_, settings, _), *_ = started_jobs
    seed = settings.base["seed"]  # drawn at the start
    assert settings.base == {"strength": 0.35, "size": 256, "house": ["stained_glass"], "seed": seed}


def test_temporal_consistency_is_a_setting_of_the_form(visit, live_requests, started_jobs):
    page = visit("style", what="A video")
    page.slider(key="temporal_consistency").set_value(0.5).run()
    press_button(page, "Start")
    [(_, settings, _)] = started_jobs
    assert settings.temporal_consistency == 0.5


def test_video_job_contains_the_style_images(visit, live_requests, started_jobs):
    press_button(visit("style", what="A video", mode="Draft"), "Start")
    (_, settings, inputs), *_ = started_jobs
    assert settings.base.keys() == {"mode", "seed"} and settings.base["mode"] == "draft"
    assert list(inputs) == ["video", "style"]


def test_photo_is_the_default(visit, live_requests, started_jobs):
    page = visit("style")
    assert "Start" not in list_button_labels(page)
    assert live_requests[-1][0][2]()["content"][0].name != "first-frame.png"


def test_own_video_keeps_its_format(home):
    reel = video_input._make_video("Your video", store_video("gif"))
    settings, inputs = video_input.make_job(
        "style.transfer", TransferSettings(), reel, {"content": [reel.frame]}
    )
    assert (settings.video, settings.base, list(inputs)) == ("gif", {}, ["video"])
    assert (reel.frames, reel.seconds) == (3, 0.3)


@pytest.mark.parametrize("ending", ["mov", "m4v"])
def test_video_of_a_phone_becomes_an_mp4(visit, live_requests, started_jobs, ending):
    page = visit("style", what="A video")
    types = [tuple(uploader.proto.type) for uploader in page.get("file_uploader")]
    assert any(f".{ending}" in entry and ".mp4" in entry for entry in types)
    page.session_state["video_file"] = [File.store(store_video("mp4").read(), "animation", f"clip.{ending}")]
    press_button(page.run(), "Start")
    (_, settings, inputs), *_ = started_jobs
    assert (settings.video, inputs["video"][0].name) == ("mp4", f"clip.{ending}")


@pytest.mark.parametrize("data", [b"", b"no video", b"\0\0\0\x18ftypmp42" + bytes(40)])
def test_other_files_are_refused(home, data):
    with pytest.raises(InvalidInput, match="whole MP4, WebP, GIF or APNG"):
        video_input._store_upload(data, "clip.mp4")


def test_command_of_a_video_names_it_as_content(home):
    settings = VideoSettings(base={"house": ["rain"], "size": 256}, video="gif")
    line = commands.format_command("video.repaint", settings, {"video": [store_video("gif")]})
    assert line == "studio style clip.gif house:rain -o out.gif --size 256"
    settings = VideoSettings(task="dream.ascend", base={"steps": 5}, fps=15, temporal_consistency=0.5)
    line = commands.format_command("video.repaint", settings, {"video": [store_video("gif")]})
    assert line == "studio dream clip.gif -o out.mp4 --steps 5 --fps 15 --temporal-consistency 0.5"


@pytest.mark.parametrize("kind", ["mp4", "webp", "gif"])
def test_own_video_survives_a_reload(visit, live_requests, kind):
    digest = File.store(
        json.dumps([[store_video(kind).digest, f"my video.{kind}"]]).encode(), "text", ""
    ).digest
    page = visit("style", what="A video", video_file=digest)
    assert not page.exception
    assert any(re.match(rf"my video\W+{kind} · 3 frames", caption.value) for caption in page.caption)
    assert page.query_params["video_file"] == digest
    press_button(page, "Back to the sample")
    assert not page.exception and "video_file" not in page.query_params
    assert not any("my video" in caption.value for caption in page.caption)


@pytest.mark.parametrize("value", ["0" * 64, "nothing", ""])
def test_invalid_address_shows_the_sample_video(visit, live_requests, value):
    page = visit("style", what="A video", video_file=value)
    assert not page.exception
    assert any("to try things out" in caption.value for caption in page.caption)


def test_part_of_a_longer_video_is_chosen_in_seconds(visit, live_requests, started_jobs, monkeypatch):
    monkeypatch.setattr(video_span, "MAX_FRAMES", 6)
    data = video_encoder.encode((np.full((30, 40, 3), 20 * n, "uint8") for n in range(12)), "gif", 10)
    file = File.store(data, "animation", "long.gif")
    digest = File.store(json.dumps([[file.digest, file.name]]).encode(), "text", "").digest
    page = visit("style", what="A video", video_file=digest)
    assert not page.exception and not page.error
    assert page.slider(key="video_part").value == (0.0, 0.6), "as much as can be used"
    captions = " ".join(element.value for element in page.caption)
    assert "6 frames, 0.6 s" in captions and "the first 0.6 s of 1.2 s" in captions
    page.slider(key="video_part").set_value((0.5, 0.9)).run()
    press_button(page, "Start")
    [(task, settings, _)] = started_jobs
    assert (task, settings.start, settings.end) == ("video.repaint", 0.5, 0.9)
    page.slider(key="video_part").set_value((0.2, 1.2)).run()
    assert "from 0.2 to 0.8 s" in " ".join(element.value for element in page.caption)
    assert not page.exception and not page.error


def test_part_may_start_within_a_frame(visit, live_requests):
    page = visit("style", what="A video")
    page.slider(key="video_part").set_value((0.1, 3.0)).run()  # frames of the sample take 0.125 s
    assert not page.exception and not page.error
    assert any("24 frames, 3.0 s" in caption.value for caption in page.caption)
