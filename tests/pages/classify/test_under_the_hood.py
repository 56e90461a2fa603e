"""Under the hood of Classify: the text describes the classifier on the page."""

from __future__ import annotations

import pytest

from pages.classify import under_the_hood
from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import card


@pytest.mark.parametrize(
    "settings, expected, absent",
    [
        ({}, ["stays frozen", "penalty"], ["fine-tuned", "hidden"]),
        ({"head": "mlp"}, ["stays frozen", "hidden layer"], ["fine-tuned", "penalty"]),
        ({"finetune": True}, ["fine-tuned", "penalty"], ["stays frozen"]),
    ],
)
def test_trained_parts_are_described(settings, expected, absent):
    text = under_the_hood._compose_explanation(settings)
    assert all(part in text for part in expected) and not any(part in text for part in absent)
    assert "Grad-CAM" in text


@pytest.mark.parametrize(
    "change, subject",
    [
        ({}, ""),
        ({"head": "mlp"}, "a linear head"),
        ({"finetune": True}, "a linear head before fine-tuning"),
        ({"head": "mlp", "finetune": True}, "a linear head before fine-tuning"),
    ],
)
def test_curve_of_another_head_is_labeled(change, subject):
    assert under_the_hood._name_curve_subject(change) == subject
    label = card._describe_curve("test accuracy", TrainClassifierSettings(**change))
    assert label.endswith(subject) and ("linear" in label) == bool(subject)


@pytest.mark.parametrize(
    "last, expected",
    [
        (0.9, "went up by 10.0"),
        (0.803, "hardly"),
        (0.797, "hardly"),
        (0.6, "went down by 20.0"),
        (1, "is 100%"),
    ],
)
def test_gain_of_the_last_images_is_described(last, expected):
    curve = [{"images": 40, "metric": 0.8}, {"images": 80, "metric": last}]
    assert expected in under_the_hood._describe_improvement(curve)
