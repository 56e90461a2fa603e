"""Classification metrics agree with counts by hand and with statistics."""

from __future__ import annotations

import json

import numpy as np
import pytest

from studio.classify.training import evaluate as evaluation
from studio.classify.training.evaluate import evaluate, list_top_losses, wilson_interval
from studio.core.data import ImageDataset
from studio.core.errors import InvalidInput

CLASSES = ("cat", "dog", "eel")


def make_probabilities(guesses, confidence=0.8):
    """Returns probabilities that give the guessed class `confidence`."""
    probabilities = np.full((len(guesses), 3), (1 - confidence) / 2)
    probabilities[np.arange(len(guesses)), guesses] = confidence
    return probabilities


def test_metrics_equal_counts_by_hand():
    truth = np.array([0, 0, 0, 0, 1, 1])
    metrics = evaluate(make_probabilities([0, 1, 1, 0, 0, 1]), truth, CLASSES)
    assert metrics["n"] == 6 and metrics["accuracy"] == 0.5
    assert metrics["confusion"] == [[2, 2, 0], [1, 1, 0], [0, 0, 0]]
    cat, dog, eel = metrics["per_class"]
    assert cat == {"name": "cat", "count": 4, "recall": 0.5, "precision": 2 / 3}
    assert dog == {"name": "dog", "count": 2, "recall": 0.5, "precision": 1 / 3}
    assert eel == {"name": "eel", "count": 0, "recall": None, "precision": None}
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_top_losses_are_those_of_all_images_and_the_highest_first(monkeypatch):
    monkeypatch.setattr(evaluation, "MAX_TOP_LOSSES", 3)
    names = tuple(f"{n}.png" for n in range(6))
    dataset = ImageDataset(np.zeros((6, 2, 2, 3), "uint8"), names, None, CLASSES)
    rows, truth = np.array([1, 2, 3, 4, 5]), np.array([0, 0, 1, 2, 2])
    probabilities = make_probabilities([0, 1, 1, 2, 0], 0.9)
    probabilities[4] = [0.9, 0.1, 0.0]  # a probability of 0 has a finite loss
    last, second, third = list_top_losses(dataset, rows, truth, probabilities, CLASSES)
    assert (last["name"], last["label"], last["prediction"]) == ("5.png", "eel", "cat")
    assert last["loss"] == pytest.approx(16.1, abs=0.1) and last["confidence"] == 0.9
    assert second == {
        "name": "2.png",
        "label": "cat",
        "prediction": "dog",
        "confidence": 0.9,
        "probability": 0.05,
        "loss": pytest.approx(-np.log(0.05), abs=1e-4),
    }
    assert third["name"] == "1.png" and third["label"] == third["prediction"], "the first of equal losses"


@pytest.mark.parametrize(
    "hits, n, low, high",  # from the closed form
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_the_interval_is_the_wilson_interval(hits, n, low, high):
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=2e-4)


def test_the_interval_covers_the_true_accuracy_95_percent_of_the_time():
    hits = np.random.default_rng(0).binomial(40, 0.9, 2000)
    holding = [low <= 0.9 <= high for low, high in (wilson_interval(int(h), 40) for h in hits)]
    assert 0.92 < np.mean(holding) < 0.98


def test_a_calibrated_model_has_a_small_calibration_error():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 20_000)
    probabilities = np.stack([confidence, 1 - confidence, np.zeros_like(confidence)], axis=1)
    truth = (rng.random(20_000) > confidence).astype(int)
    calibration = evaluate(probabilities, truth, CLASSES)["calibration"]
    assert calibration["error"] < 0.02
    assert sum(b["count"] for b in calibration["bins"]) == 20_000
    assert calibration["bins"][0]["confidence"] is None


def test_the_floor_is_the_error_of_a_calibrated_model():
    """Ten bins of few images deviate from the diagonal by chance; the floor estimates that deviation."""
    errors, floors = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        confidence = rng.uniform(0.5, 1, 100)
        probabilities = np.stack([confidence, 1 - confidence, np.zeros(100)], axis=1)
        calibration = evaluate(probabilities, (rng.random(100) > confidence).astype(int), CLASSES)[
            "calibration"
        ]
        errors.append(calibration["error"])
        floors.append(calibration["floor"])
    assert np.mean(floors) == pytest.approx(np.mean(errors), rel=0.1)
    assert np.mean(floors) > 0.03
    certain = evaluate(make_probabilities([0, 1], confidence=1.0), np.array([0, 1]), CLASSES)["calibration"]
    assert certain["floor"] == 0


def test_an_overconfident_model_has_a_large_calibration_error():
    calibration = evaluate(make_probabilities([0, 0, 0, 0], confidence=1.0), np.array([0, 0, 1, 1]), CLASSES)[
        "calibration"
    ]
    assert calibration["error"] == pytest.approx(0.5)
    assert calibration["bins"][-1] == {"from": 0.9, "to": 1.0, "count": 4, "confidence": 1.0, "accuracy": 0.5}


def test_no_images_are_refused():
    with pytest.raises(InvalidInput, match="at least one"):
        evaluate(np.zeros((0, 3)), np.zeros(0, int), CLASSES)
