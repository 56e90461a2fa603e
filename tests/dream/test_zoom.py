"""The zoom video is seamless, steady, can be stopped, and is reproducible. The network is untrained."""

from itertools import pairwise

import numpy as np
import pytest

from studio.core import recipes, tasks
from studio.core.errors import Cancelled
from studio.core.imaging import image_io, sample_photos, video_codecs, video_decoder
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.dream.seamless_loop import count_overlap
from studio.dream.settings import DreamSettings
from studio.dream.zoom import magnify, match_colors, zoom

SMALL = {
    "layers": ("block3_conv1",),
    "size": 96,  # two octaves of it are large enough for the network
    "octaves": 2,
    "steps": 3,
    "zoom_steps": 1,
    "jitter": 4,
    "video": "webp",
}


@pytest.fixture(scope="module")
def photo():
    return sample_photos.read_photo("chelsea")


@pytest.fixture
def untrained_vgg16(home, monkeypatch):
    """VGG16 with random weights, because the content of the video does not matter here."""
    monkeypatch.setattr(backbones, "load", lambda name, progress=None: _build_vgg16())


_BACKBONES = []


def _build_vgg16():
    if not _BACKBONES:
        import keras

        keras.utils.set_random_seed(0)
        _BACKBONES.append(
            backbones.Backbone(backbones.find_spec("vgg16"), backbones.vgg16.build_network(), "0" * 64)
        )
    return _BACKBONES[0]


@pytest.fixture
def inputs(untrained_vgg16, photo):
    return {"content": [tasks.File.store(image_io.encode_png(photo), "image", "cat.png")]}


def make_zoom(photo, frames, progress=None, **settings):
    return zoom(photo, DreamSettings(**SMALL | {"zoom": frames} | settings), progress=progress)


def measure_difference(one, other):
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def make_stopping_progress(when):
    """Returns a `Progress` that cancels once `when(report)` was true."""
    stops = []
    return Progress(lambda report: stops.append(bool(report.total and when(report))), lambda: any(stops))


@pytest.mark.parametrize("frames", [1, 2, 7])
def test_a_video_has_the_set_number_of_frames(frames, untrained_vgg16, photo):
    result = make_zoom(photo, frames)
    frames_read = list(video_decoder.decode(result.video))
    assert (len(frames_read), result.frames) == (frames, frames)
    assert frames_read[0].shape == result.image.shape == (64, 96, 3)
    assert not result.stopped_early


@pytest.mark.slow
def test_the_loop_is_seamless(untrained_vgg16, photo):
    frames = list(video_decoder.decode(make_zoom(photo, 24).video))
    neighbors = [measure_difference(first, second) for first, second in pairwise(frames)]
    assert measure_difference(frames[-1], frames[0]) < 1.25 * max(neighbors)
    assert measure_difference(frames[-1], frames[0]) < 0.7 * measure_difference(frames[0], frames[12])


@pytest.mark.slow
def test_a_long_zoom_neither_fades_nor_saturates(untrained_vgg16, photo):
    previews = []
    progress = Progress(lambda report: previews.append(report.preview), preview_seconds=0)
    result = make_zoom(photo, 60, progress)
    last = next(preview for preview in reversed(previews) if preview is not None)
    assert np.allclose(last.mean((0, 1)), result.image.mean((0, 1)), atol=8)
    assert np.allclose(last.std((0, 1)), result.image.std((0, 1)), rtol=0.25)


def test_progress_counts_to_a_total_known_from_the_start(untrained_vgg16, photo):
    reports = []
    make_zoom(photo, 7, Progress(reports.append, preview_seconds=0))
    steps = [report for report in reports if report.total]
    assert len({report.total for report in steps}) == 1
    assert steps[-1].step == steps[-1].total
    assert [report.step for report in steps] == sorted(report.step for report in steps)
    # The first frame counts by its cost, which follows its pixels.
    assert steps[0].total == 3 + 7 + count_overlap(7) - 1
    assert {report.preview.shape for report in steps} == {(46, 69, 3), (64, 96, 3)}


@pytest.mark.slow
def test_most_steps_end_a_video_after_a_complete_frame(untrained_vgg16, photo):
    ended = make_zoom(photo, 9, most_steps=3 * 2 + 4 * 2 + 1)  # the first frame, four full frames and a half
    assert (ended.frames, ended.stopped_early) == (4, False)
    short = make_zoom(photo, 4)
    assert short.video == ended.video


def run_again(result, inputs):
    """Runs the recipe of a result."""
    settings = DreamSettings.from_plain(result.recipe.settings)
    return tasks.run("dream.ascend", settings, inputs)


@pytest.mark.slow
@pytest.mark.parametrize("at", [6, 9])
def test_a_stopped_video_is_a_shorter_reproducible_loop(at, inputs):
    settings = DreamSettings(**SMALL | {"zoom": 30})
    stopped = tasks.run(
        "dream.ascend", settings, inputs, make_stopping_progress(lambda report: report.step >= at)
    )
    assert stopped.stopped_early
    (file,) = stopped.files
    assert (file.kind, file.name) == ("animation", "cat-dream.webp")
    frames = len(list(video_decoder.decode(file.read())))
    assert 2 <= frames == stopped.figures["frames"] < 30
    repeated = run_again(stopped, inputs)
    assert not repeated.stopped_early
    assert repeated.files[0].digest == file.digest


@pytest.mark.parametrize("at", [1, 3])
def test_a_video_stopped_in_its_first_frame_is_an_image(at, inputs):
    settings = DreamSettings(**SMALL | {"zoom": 30})
    stopped = tasks.run(
        "dream.ascend", settings, inputs, make_stopping_progress(lambda report: report.step >= at)
    )
    assert (stopped.files[0].kind, stopped.files[0].name) == ("image", "cat-dream.png")
    assert recipes.read(stopped.files[0].read()) == stopped.recipe
    repeated = run_again(stopped, inputs)
    images = [image_io.read(result.files[0].read()) for result in (stopped, repeated)]
    assert np.array_equal(*images)


def test_a_video_canceled_before_the_first_step_raises(inputs):
    with pytest.raises(Cancelled):
        tasks.run(
            "dream.ascend", DreamSettings(**SMALL | {"zoom": 3}), inputs, Progress(cancelled=lambda: True)
        )


@pytest.mark.slow
@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_the_task_makes_a_video_and_its_recipe(kind, inputs):
    result = tasks.run("dream.ascend", DreamSettings(**SMALL | {"zoom": 3, "video": kind}), inputs)
    assert (result.files[0].kind, result.files[0].name) == ("animation", f"cat-dream.{kind}")
    assert result.recipe.settings["zoom"] == 3
    assert run_again(result, inputs).files[0].digest == result.files[0].digest


def test_magnifying_moves_pixels_away_from_the_center():
    image = np.zeros((1, 61, 81, 3), "float32")
    image[0, 40, 60] = 1.0  # 10 below and 20 to the right of the center
    near = magnify(image, 1.4, 0.0)
    assert np.unravel_index(near[0, :, :, 0].argmax(), near.shape[1:3]) == (44, 68)
    turned = magnify(image, 1.0, 90.0)
    assert np.unravel_index(turned[0, :, :, 0].argmax(), near.shape[1:3]) == (10, 50)


@pytest.mark.parametrize("scale, turn", [(1.005, 15.0), (1.5, -15.0)])
def test_magnifying_leaves_no_empty_corner(scale, turn):
    white = np.ones((1, 40, 90, 3), "float32")
    assert np.allclose(magnify(white, scale, turn), 1.0, atol=1e-4)


def test_repeated_magnification_keeps_colors_and_detail(photo):
    first = image = image_io.to_01(image_io.fit(photo, 128))
    mean, spread = first.mean((0, 1, 2)), first.std((0, 1, 2))
    for _ in range(100):
        image = match_colors(magnify(image, 1.04, 0.5), mean, spread)
    assert np.allclose(image.mean((0, 1, 2)), mean, atol=0.02)
    assert np.allclose(image.std((0, 1, 2)), spread, rtol=0.1)
    assert 0.0 <= image.min() <= image.max() <= 1.0
    assert 0.1 < _measure_detail(image) / _measure_detail(first) < 3


def _measure_detail(image):
    return np.abs(np.diff(image, axis=1)).mean()
