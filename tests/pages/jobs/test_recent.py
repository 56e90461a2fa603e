"""The recent results of a page are of its own tasks."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.imaging import video_encoder
from studio.core.tasks import File
from studio.video.settings import VideoSettings


@pytest.fixture
def video(engine, until):
    """A finished job: a video that Enhance cleaned."""
    with video_encoder.VideoEncoder("gif", 5) as video:
        for n in range(2):
            video.add(np.full((30, 40, 3), 50 * n, "uint8"))
        clip = File.store(video.finish(), "animation", "clip.gif")
    settings = VideoSettings(task="enhance.enlarge", base={"scale": 2, "clean": False}, video="gif")
    job = engine.submit("video.repaint", settings, {"video": [clip]}, "local")
    until(lambda: engine.find_job(job.id, "local").finished)
    assert engine.find_job(job.id, "local").result is not None
    yield job
    engine.find_job(job.id, "local").folder.remove()


def is_listed(page, job) -> bool:
    return any(job.id in link.proto.query_string for link in page.main.get("page_link"))


@pytest.mark.slow
def test_video_is_listed_only_on_the_page_that_made_it(visit, video):
    assert is_listed(visit("enhance"), video)
    page = visit("colorize")
    assert not is_listed(page, video) and not page.exception


@pytest.mark.slow
def test_page_does_not_show_the_video_of_another_page(visit, video):
    page = visit("enhance", job=video.id)
    page.query_params.clear()
    page.switch_page("colorize_photo.py").run()
    assert "job" not in page.query_params and not page.exception
    page.switch_page("enhance_photo.py").run()
    assert video.id in page.query_params["job"]
