"""The Playground page: it trains at once, restarts when a control changes, and explains failures."""

from __future__ import annotations

import numpy as np
import pytest

from pages.playground import charts, lessons
from studio.core.imaging import sample_photos
from studio.core.settings import Settings
from studio.playground.learn import learn
from studio.playground.learner import Learner
from studio.playground.settings import PlaygroundSettings

from .test_frame import texts

SMALL = {"steps": "30", "detail": "32", "size": "64"}


@pytest.fixture
def learned(visit, until):
    """Opens the page and waits until it has trained."""

    def learned(**controls):
        page = visit("playground", **SMALL, **controls)
        return ended(page, until)

    return learned


def ended(page, until):
    stream = page.session_state["learning"].stream
    until(lambda: [stream.report, stream.finished][1])  # a browser polls ten times per second
    page.run()
    assert not page.exception
    return page


def labels(page) -> list[str]:
    return [button.label for button in page.button]


@pytest.mark.slow
def test_it_learns_at_once_and_what_it_learned_can_be_kept(learned):
    page = learned()
    assert {"Watch again", "Keep"} <= set(labels(page)) and "Start" not in labels(page)
    assert "16,899 parameters" in texts(page.caption) and "dB" in texts(page.caption)
    next(button for button in page.button if button.label == "Keep").click().run()
    assert "Kept" in labels(page)
    assert any("studio playground sample:chelsea" in code.value for code in page.code)


@pytest.mark.slow
def test_a_control_that_is_turned_begins_again_and_nothing_else_does(learned, until):
    page = learned()
    first = page.session_state["learning"].stream
    assert page.run().session_state["learning"].stream is first
    page.slider(key="fourier_features").set_value(16).run()
    assert page.session_state["learning"].stream is not first
    assert ended(page, until).session_state["learning"].settings.fourier_features == 16


@pytest.mark.slow
def test_weights_that_run_away_are_told_and_no_error(learned):
    page = learned(optimizer="SGD", learning_rate="10")
    assert "diverged" in texts(page.warning) and "lower learning rate" in texts(page.warning)
    assert not page.error and "Watch again" in labels(page)


@pytest.mark.parametrize("name", lessons.LESSONS)
def test_a_lesson_turns_the_controls_and_says_what_to_look_at(visit, monkeypatch, name):
    calls = []
    monkeypatch.setattr("pages.playground.learning.show", lambda settings, inputs: calls.append(settings))
    page = visit("playground")
    page.button(key=f"lesson_{name}").click().run()
    assert not page.exception
    assert calls[-1] == lessons.settings(name)
    assert lessons.LESSONS[name].text in texts(page.info)
    page.slider(key="fourier_features").set_value(99).run()
    assert not page.info


def test_a_video_and_what_is_large_are_jobs(visit, monkeypatch):
    monkeypatch.setattr(
        "pages.playground.learning.show", lambda *args: pytest.fail("it was to wait for Start")
    )
    for controls in ({"frames.on": "true"}, {"size": "2048"}, {"steps": "50000"}):
        page = visit("playground", **controls)
        assert not page.exception and "Start" in labels(page)
        assert "**Start**" in texts(page.markdown)


def test_the_layers_are_read_aloud():
    assert "hardly learns" in charts.reading([6.5e-9, 1e-4, 5.9e-2])
    assert "9.1 million times smaller" in charts.reading([6.5e-9, 1e-4, 5.9e-2])
    assert "explodes" in charts.reading([1e6, 1, 1])
    assert "all layers except the last" in charts.reading([0, 0, 1e-3])
    assert "only biases" in charts.reading([0, 0, 0])
    assert "neither vanishes nor explodes" in charts.reading([2e-3, 1e-3, 5e-3], [0.1, 0.12, 0.02])
    assert "vanished" in charts.reading([1e-20, 1e-9, 1e-2])


@pytest.mark.parametrize("gradients", [[3e2, 1e2, 2e2], [6.5e-9, 1e-4, 5.9e-2]])
def test_a_loss_that_rises_is_called_divergence_whatever_the_gradients(gradients):
    text = charts.reading(gradients, [0.08, 3.0, 200_000.0])
    assert "diverges" in text and "from 0.08 to 200,000" in text


@pytest.mark.parametrize("lost", [float("nan"), float("inf"), float(np.finfo("float32").max)])
def test_numbers_that_are_lost_are_called_so(lost):
    assert "diverged" in charts.reading([lost, 1e-3, 1e-3])
    assert "diverged" in charts.reading([1e-3, 1e-3], [0.1, lost])


def test_with_all_weights_at_0_only_the_last_bias_learns():
    learner = Learner(sample_photos.read_photo("chelsea"), lessons.settings("zero"))
    for _ in range(20):
        learner.step()
    look = learner.snapshot()
    *hidden, last = learner.network.layers
    assert look.gradients == [0.0] * len(learner.network.layers)
    assert not any(layer.kernel.any() or layer.bias.any() for layer in hidden)
    assert not last.kernel.any() and last.bias.all()
    assert "only biases" in charts.reading(look.gradients, [0.08, look.learned])
    assert "bias" in lessons.LESSONS["zero"].text


def test_every_lesson_can_be_watched_at_once():
    for name in lessons.LESSONS:
        assert isinstance(lessons.settings(name), Settings)
        assert lessons.settings(name).steps <= PlaygroundSettings().steps


@pytest.mark.slow
def test_what_learns_too_fast_is_lost_whatever_the_photo():
    for name in sample_photos.list_photos():
        for seed in range(3):
            settings = lessons.settings("too_fast").model_copy(update={"seed": seed, "size": 64})
            assert learn(sample_photos.read_photo(name), settings).has_diverged, (name, seed)
