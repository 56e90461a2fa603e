"""The learning-rate finder: what it suggests, and that it changes no model."""

from __future__ import annotations

import narrow_backbone
import numpy as np
import pytest

from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import rate_curve
from studio.core import data, paths, tasks
from studio.core.objectives import backbones

RATES = np.geomspace(rate_curve.LOWEST_RATE, rate_curve.HIGHEST_RATE, rate_curve.STEPS)


def make_losses(steepest, noise=0.02):
    """Returns a loss that falls fastest at a rate, then rises."""
    position = np.log10(RATES / steepest)
    losses = 0.2 + 1 / (1 + np.exp(4 * position)) + np.exp(3 * (position - 1.5))
    return losses + np.random.default_rng(0).normal(0, noise, len(RATES))


@pytest.mark.parametrize("steepest", [1e-4, 1e-3])
def test_the_suggestion_is_the_steepest_descent(steepest):
    figures = rate_curve.describe_curve(RATES, make_losses(steepest), 3)
    assert steepest / 1.8 < figures["suggestion"] < steepest * 1.8
    assert figures["suggestion"] < figures["lowest"]
    assert f"{figures['suggestion']:g}" in figures["verdict"]
    assert len(rate_curve.format_report(figures).splitlines()) == rate_curve.STEPS + 4


def test_the_suggestion_fits_the_setting():
    losses = np.linspace(2, 1.9, rate_curve.STEPS)
    losses[90:] = np.linspace(1.9, 0, 10)  # steepest above the largest learning rate of the setting
    suggestion = rate_curve.describe_curve(RATES, losses, 3)["suggestion"]
    assert suggestion == TrainClassifierSettings.describe()["learning_rate"].maximum


def test_a_small_descent_is_explained():
    figures = [rate_curve.describe_curve(RATES, scale * make_losses(1e-3, 0.01), 3) for scale in (0.05, 1)]
    assert figures[0]["suggestion"] == figures[1]["suggestion"]
    assert ["already fits" in entry["verdict"] for entry in figures] == [True, False]


@pytest.mark.parametrize("losses", [np.full(100, 0.3), np.geomspace(0.01, 2, 100)], ids=["flat", "rising"])
def test_without_a_descent_there_is_no_suggestion(losses):
    noisy = losses + np.random.default_rng(1).normal(0, 0.005, 100)
    figures = rate_curve.describe_curve(RATES, noisy, 3)
    assert figures["suggestion"] is None and figures["verdict"].startswith("No suggestion")


def test_a_loss_that_is_never_finite_is_described():
    figures = rate_curve.describe_curve(RATES[:0], np.array([]), 3)
    assert figures["suggestion"] is None and "not finite" in figures["verdict"]


def test_divergence_is_a_loss_far_above_the_lowest_and_above_a_uniform_guess():
    assert rate_curve.has_diverged([0.5] * 5 + [3.0] * 5, 3)
    assert not rate_curve.has_diverged([0.01] * 5 + [0.5] * 5, 3), "better than a guess"
    assert not rate_curve.has_diverged([2.0] * 5 + [3.0] * 5, 3)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_the_finder_keeps_no_model(weights_home, monkeypatch, class_folder):
    narrow_backbone.use(monkeypatch)
    monkeypatch.setattr("studio.classify.training.rate_finder.STEPS", 12)
    before = backbones.load("vgg16").model.get_weights()
    settings = TrainClassifierSettings(backbone="vgg16", size=32, batch=8)
    file, reports = data.store_reference(str(class_folder)), []
    result = tasks.run("classify.find_rate", settings, {"data": [file]}, progress_to(reports))
    assert len(result.figures["rates"]) == len(result.figures["losses"]) <= 12
    assert result.figures["rates"][0] == rate_curve.LOWEST_RATE
    assert [report.metrics["learning_rate"] for report in reports if "learning_rate" in report.metrics][
        :3
    ] == (pytest.approx(np.geomspace(rate_curve.LOWEST_RATE, rate_curve.HIGHEST_RATE, 12)[:3]))
    assert all(map(np.array_equal, before, backbones.load("vgg16").model.get_weights()))
    assert not list(paths.ensure_folder("presets").iterdir())
    assert not list(paths.ensure_folder("runs").iterdir())
    assert result.files[0].read().decode().startswith(result.figures["verdict"])


def progress_to(reports):
    from studio.core.progress import Progress

    return Progress(reports.append)
