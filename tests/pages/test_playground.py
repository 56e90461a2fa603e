"""The Playground page: it trains at once, restarts when a control changes, and explains failures."""

from __future__ import annotations

import numpy as np
import pytest

from pages.playground import charts, lessons, points_canvas
from studio.core.imaging import sample_photos
from studio.core.settings import Settings
from studio.playground.learn import learn
from studio.playground.learner import Learner
from studio.playground.settings import PlaygroundSettings

from .elements import join_raw_texts, list_button_labels, press_button

QUICK_SETTINGS = {"steps": "30", "detail": "32", "size": "64"}


@pytest.fixture
def open_trained(visit, until):
    """Opens the page and waits until it has trained."""

    def open_trained(**controls):
        page = visit("playground", **QUICK_SETTINGS, **controls)
        return wait_until_trained(page, until)

    return open_trained


def wait_until_trained(page, until):
    stream = page.session_state["learning"].stream
    until(lambda: [stream.report, stream.finished][1])  # a browser polls ten times per second
    page.run()
    assert not page.exception
    return page


@pytest.mark.slow
def test_training_starts_immediately_and_its_result_is_saved(open_trained):
    page = open_trained()
    assert {"Watch again", "Keep"} <= set(list_button_labels(page)) and "Start" not in list_button_labels(
        page
    )
    assert "16,899 parameters" in join_raw_texts(page.caption) and "dB" in join_raw_texts(page.caption)
    press_button(page, "Keep")
    assert "Kept" in list_button_labels(page)
    assert any("studio playground sample:chelsea" in code.value for code in page.code)


@pytest.mark.slow
def test_only_a_changed_setting_restarts_training(open_trained, until):
    page = open_trained()
    first = page.session_state["learning"].stream
    assert page.run().session_state["learning"].stream is first
    page.slider(key="fourier_features").set_value(16).run()
    assert page.session_state["learning"].stream is not first
    assert wait_until_trained(page, until).session_state["learning"].settings.fourier_features == 16


@pytest.mark.slow
def test_divergence_is_reported_without_an_error(open_trained):
    page = open_trained(optimizer="SGD", learning_rate="10")
    assert "diverged" in join_raw_texts(page.warning) and "lower learning rate" in join_raw_texts(
        page.warning
    )
    assert not page.error and "Watch again" in list_button_labels(page)


@pytest.mark.parametrize("name", lessons.LESSONS)
def test_lesson_changes_the_settings_and_says_what_to_watch(visit, monkeypatch, name):
    calls = []
    monkeypatch.setattr(
        "pages.playground.learning.show", lambda view, settings, inputs: calls.append(settings)
    )
    is_photo = lessons.LESSONS[name].kind is PlaygroundSettings
    page = visit("playground") if is_photo else visit("playground", learn="2-D data")
    page.button(key=f"lesson_{name}").click().run()
    assert not page.exception
    assert calls[-1] == lessons.settings_of(name)
    assert lessons.LESSONS[name].text in join_raw_texts(page.info)
    page.slider(key="weight_decay").set_value(0.7).run()
    assert not page.info


def test_video_and_large_results_are_jobs(visit, monkeypatch):
    monkeypatch.setattr(
        "pages.playground.learning.show", lambda *args: pytest.fail("it was to wait for Start")
    )
    for controls in ({"frames.on": "true"}, {"size": "2048"}, {"steps": "50000"}):
        page = visit("playground", **controls)
        assert not page.exception and "Start" in list_button_labels(page)
        assert "**Start**" in join_raw_texts(page.markdown)


def test_layers_have_labels_for_screen_readers():
    assert "hardly learns" in charts.describe_gradients([6.5e-9, 1e-4, 5.9e-2])
    assert "9.1 million times smaller" in charts.describe_gradients([6.5e-9, 1e-4, 5.9e-2])
    assert "explodes" in charts.describe_gradients([1e6, 1, 1])
    assert "all layers except the last" in charts.describe_gradients([0, 0, 1e-3])
    assert "only biases" in charts.describe_gradients([0, 0, 0])
    assert "neither vanishes nor explodes" in charts.describe_gradients([2e-3, 1e-3, 5e-3], [0.1, 0.12, 0.02])
    assert "vanished" in charts.describe_gradients([1e-20, 1e-9, 1e-2])


@pytest.mark.parametrize("gradients", [[3e2, 1e2, 2e2], [6.5e-9, 1e-4, 5.9e-2]])
def test_rising_loss_is_called_divergence(gradients):
    text = charts.describe_gradients(gradients, [0.08, 3.0, 200_000.0])
    assert "diverges" in text and "from 0.08 to 200,000" in text


@pytest.mark.parametrize("lost", [float("nan"), float("inf"), float(np.finfo("float32").max)])
def test_lost_numbers_are_reported(lost):
    assert "diverged" in charts.describe_gradients([lost, 1e-3, 1e-3])
    assert "diverged" in charts.describe_gradients([1e-3, 1e-3], [0.1, lost])


def test_with_zero_weights_only_the_last_bias_learns():
    learner = Learner(sample_photos.read_photo("chelsea"), lessons.settings_of("zero"))
    for _ in range(20):
        learner.step()
    snapshot = learner.take_snapshot()
    *hidden, last = learner.network.layers
    assert snapshot.gradients == [0.0] * len(learner.network.layers)
    assert not any(layer.kernel.any() or layer.bias.any() for layer in hidden)
    assert not last.kernel.any() and last.bias.all()
    assert "only biases" in charts.describe_gradients(snapshot.gradients, [0.08, snapshot.training_loss])
    assert "bias" in lessons.LESSONS["zero"].text


def test_every_lesson_runs_live():
    for name in lessons.LESSONS:
        assert isinstance(lessons.settings_of(name), Settings)
        assert lessons.settings_of(name).steps <= 2 * lessons.LESSONS[name].kind().steps


@pytest.mark.slow
def test_too_large_learning_rate_diverges_for_any_photo():
    for seed, name in enumerate(sample_photos.list_photos()):
        settings = lessons.settings_of("too_fast").model_copy(update={"seed": seed, "size": 64})
        assert learn(sample_photos.read_photo(name), settings).has_diverged, (name, seed)


def test_own_points_wait_for_both_classes_and_then_train(visit, monkeypatch):
    calls = []
    monkeypatch.setattr("pages.playground.learning.show", lambda view, settings, inputs: calls.append(inputs))
    page = visit("playground", learn="2-D data", own="true")
    assert not page.exception and not calls
    assert "two points of each class" in join_raw_texts(page.info)
    assert "data" not in page.session_state
    page.session_state["own_points"] = [[0.1, 0.2, 0], [0.3, 0.1, 0], [-0.4, 0.2, 1], [-0.2, -0.6, 1]]
    page.run()
    assert not page.exception
    assert calls[-1]["points"][0].read().startswith(b"x,y,class\n0.1000,0.2000,0")
    page.button(key="lesson_two_spirals").click().run()
    assert not page.exception
    assert calls[-1] == {} and lessons.LESSONS["two_spirals"].text in join_raw_texts(page.info)


@pytest.mark.parametrize(
    "value", [5, [[2, 0, 1]], [[0, 0]], [["a", 0, 1]], [[float("nan"), 0, 1]], [[0, 0, 3]]]
)
def test_forged_points_are_dropped(value):
    assert points_canvas._parse(value) == []
