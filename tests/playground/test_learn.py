"""Training of the playground network: results, stopping and metrics."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from studio.core.errors import Cancelled, InvalidInput
from studio.core.imaging import image_io, sample_photos, video_decoder
from studio.core.process import blas_threads
from studio.core.progress import Progress
from studio.playground import learn as module
from studio.playground.learn import learn, quick_size, size_of
from studio.playground.learner import Learner
from studio.playground.settings import PlaygroundSettings
from studio.playground.training_run import frame_steps

QUICK = {"detail": 48, "steps": 300, "size": 64, "batch": 256}


@pytest.fixture(scope="module")
def photo():
    return sample_photos.read_photo("chelsea")


def make_settings(**change) -> PlaygroundSettings:
    return PlaygroundSettings.parse({**QUICK, **change})


def make_stopping_progress(reports: int) -> Progress:
    """Returns a `Progress` that cancels after so many reports."""
    ticks = itertools.count(1)
    now = [0]

    def listen(report):
        now[0] = next(ticks)

    return Progress(listen, lambda: now[0] >= reports)


def test_fourier_features_raise_the_psnr(photo):
    fourier_features = learn(photo, make_settings(fourier_scale=3))
    without = learn(photo, make_settings(fourier_features=0))
    straight = learn(photo, make_settings(fourier_features=0, activation="none"))
    assert (
        fourier_features.last.psnr_training > without.last.psnr_training + 5 > straight.last.psnr_training + 6
    )
    assert (
        fourier_features.last.psnr_training > fourier_features.last.psnr_held_out > without.last.psnr_held_out
    )
    target = image_io.fit(photo, 64).astype(float)
    assert -10 * np.log10(np.mean((fourier_features.image / 255 - target / 255) ** 2)) > 20


def test_the_result_depends_only_on_the_seed(photo):
    first, again, other = (learn(photo, make_settings(steps=20, seed=seed)).image for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


def test_zero_weights_learn_a_single_color(photo):
    result = learn(photo, make_settings(initializer="zero"))
    assert len(np.unique(result.image.reshape(-1, 3), axis=0)) == 1
    assert not any(result.last.gradients[:-1])
    mean = image_io.fit(photo, 48).reshape(-1, 3).mean(0)
    np.testing.assert_allclose(result.image[0, 0], mean, atol=12)


def test_ten_sigmoid_layers_have_vanishing_gradients(photo):
    deep = learn(photo, make_settings(activation="sigmoid", initializer="glorot", depth=10, steps=1)).last
    assert deep.gradients[0] * 1e5 < deep.gradients[-1]
    rectified = learn(photo, make_settings(depth=10, steps=1)).last
    assert rectified.gradients[0] * 1e2 > rectified.gradients[-1]


def test_held_out_pixels_reveal_overfitting(photo):
    last = learn(photo, make_settings(fourier_scale=32, fourier_features=128, held_out=0.75, steps=400)).last
    assert last.psnr_training > last.psnr_held_out + 10


@pytest.mark.parametrize("change", [{"learning_rate": 1}, {"learning_rate": 100}], ids=str)
def test_divergence_leaves_the_last_finite_image(photo, change):
    result = learn(photo, make_settings(optimizer="sgd", **change))
    assert result.has_diverged and 0 <= result.steps < 50 and not result.stopped_early
    assert np.isfinite([*result.last.gradients, *result.last.values, result.last.training_loss]).all()
    assert all(np.isfinite(list(point.values())).all() for point in result.history)
    assert result.image.shape == (*size_of(make_settings(), *photo.shape[:2]), 3)


@pytest.mark.parametrize(
    "change",
    [
        {"initializer": "large", "depth": 12, "learning_rate": 100},
        {"coordinates": "pixels", "optimizer": "momentum", "learning_rate": 100, "fourier_features": 0},
        {"batch": 1, "held_out": 0.95, "detail": 16, "width": 2},
        {"dropout": 0.9, "weight_decay": 10, "learning_rate": 100, "loss": "mae"},
        {"loss": "cross_entropy", "learning_rate": 100, "optimizer": "sgd", "activation": "sine"},
        {
            "fourier_features": 0,
            "activation": "none",
            "optimizer": "rmsprop",
            "learning_rate": 100,
            "loss": "mse",
        },
    ],
    ids=str,
)
def test_every_setting_trains_without_error(photo, change):
    result = learn(photo, make_settings(steps=20, **change))
    assert result.image.shape[1] == 64
    values = [value for point in result.history for value in point.values()]
    assert np.isfinite([*values, *result.last.metrics.values()]).all()


def test_every_snapshot_is_reported(photo):
    reports = []
    result = learn(photo, make_settings(depth=2, steps=40), Progress(reports.append, preview_seconds=0))
    assert reports[0].step == 0 and [report.total for report in reports if not report.text] == [40] * len(
        reports
    )
    assert reports[0].preview.shape == image_io.fit(photo, 48).shape
    assert {"training", "validation", "gradient_1", "gradient_3", "value_2"} <= set(reports[0].metrics)
    assert [point["step"] for point in result.history][:5] == [0, 1, 2, 4, 8]
    assert result.history[-1]["step"] == 40 == result.steps
    assert result.history[-1]["psnr_training"] == pytest.approx(result.last.psnr_training, abs=1e-5)


def test_stopping_keeps_the_current_result(photo):
    long_settings = make_settings(steps=50_000)
    result = learn(photo, long_settings, make_stopping_progress(4))
    assert result.stopped_early and 4 <= result.steps < 50_000
    again = learn(photo, long_settings.model_copy(update={"most_steps": result.steps}))
    assert (again.image == result.image).all() and not again.stopped_early
    with pytest.raises(Cancelled):
        learn(photo, long_settings, make_stopping_progress(1))


def test_a_video_shows_the_training_and_can_be_stopped(photo):
    video_settings = make_settings(frames=12, steps=60, video="gif", fps=10)
    complete = learn(photo, video_settings)
    frames = list(video_decoder.decode(complete.video))
    assert len(frames) == complete.frames == 12 and frames[0].shape == complete.image.shape
    distances = [np.abs(frame - complete.image.astype(int)).mean() for frame in frames]
    assert distances[0] > 4 * distances[-1]
    stopped = learn(photo, video_settings, make_stopping_progress(6))
    again = learn(photo, video_settings.model_copy(update={"most_steps": stopped.steps}))
    assert 1 < stopped.frames < 12 and stopped.video == again.video


def test_frames_are_densest_at_the_start():
    steps = frame_steps(make_settings(frames=11, steps=1000))
    assert (steps[0], steps[-1], len(steps)) == (0, 1000, 11)
    assert (np.diff(np.diff(steps)) > 0).all()
    assert frame_steps(make_settings(frames=1)) == [0]


def test_any_size_is_rendered_in_rows(photo, monkeypatch):
    learner = Learner(photo, make_settings(fourier_scale=3))
    with blas_threads.limit_threads(1):
        for _ in range(200):
            learner.step()
    small, large = learner.render(32, 48), learner.render(96, 144)
    assert np.abs(large.reshape(32, 3, 48, 3, 3).mean((1, 3)) - small).mean() < 6
    monkeypatch.setattr("studio.playground.learner._MAX_VALUES", 1)
    rows = []
    assert np.abs(learner.render(96, 144, rows.append).astype(int) - large).max() <= 1
    assert rows == list(range(1, 97))


def test_stopping_a_large_render_gives_a_smaller_image(photo, monkeypatch):
    monkeypatch.setattr(module, "_QUICK_PRODUCTS", 1e8)
    large_settings = make_settings(size=4096, steps=3)
    small = quick_size(large_settings, *size_of(large_settings, *photo.shape[:2]))
    assert max(small) % 64 == 0 and small[0] * small[1] * large_settings.parameters * 2 <= 1e8
    rendering = [False]

    def listen(report):
        rendering[0] = rendering[0] or report.text.startswith("Rendering")

    result = learn(photo, large_settings, Progress(listen, lambda: rendering[0]))
    assert result.stopped_early and result.steps == 3 and result.image.shape[:2] == small


def test_the_parameters_property_counts_the_network(photo):
    for change in ({}, {"fourier_features": 0, "depth": 1}, {"width": 7, "depth": 5}):
        parsed = make_settings(**change)
        assert parsed.parameters == Learner(photo, parsed).network.weights.size
    with pytest.raises(InvalidInput, match="learning_rate"):
        make_settings(learning_rate=0)
