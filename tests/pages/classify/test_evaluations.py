"""How the page describes the evaluation of a classifier."""

from __future__ import annotations

import pytest

from pages.classify import classifiers, evaluations, export

from ..elements import join_texts


def _draw_calibration(error, floor):
    from pages.classify import evaluations

    bins = [{"confidence": 0.9, "accuracy": 0.8, "count": 100}]
    calibration = {"bins": bins, "error": error} | ({} if floor is None else {"floor": floor})
    evaluations.show_calibration({"calibration": calibration})


@pytest.mark.parametrize(
    "floor, verdict",
    [
        (
            0.032,
            "overconfident: expected calibration error 10.0% (a perfectly calibrated model would have 3.2%",
        ),
        (
            0.08,
            "well calibrated: expected calibration error 10.0% (a perfectly calibrated model would have 8.0%",
        ),
        (None, "overconfident: expected calibration error 10.0%. On"),
    ],
)
def test_calibration_error_is_shown_with_its_floor(draw, floor, verdict):
    page = draw(_draw_calibration, error=0.1, floor=floor)
    assert not page.exception and f"The model is {verdict}" in join_texts(page.caption)


@pytest.mark.parametrize("labels, expected", [(1, "b"), ([2, 0], "c, a"), ([], "none of these")])
def test_one_label_or_several_are_named(labels, expected):
    assert evaluations.name_labels(["a", "b", "c"], labels) == expected


@pytest.mark.parametrize(
    "metrics, expected",
    [
        ({"accuracy": 0.875}, "Test accuracy: 88%"),
        ({"accuracy": 0.9, "mean_average_precision": 0.75}, "Mean average precision: 75%"),
    ],
)
def test_a_classifier_is_described_by_its_main_metric(metrics, expected):
    classifier = classifiers.Classifier("", data={"classes": ["a", "b"], "evaluation": metrics})
    assert classifiers.describe(classifier) == f"Classes: a, b. {expected}."


@pytest.mark.parametrize("multi_label", [False, True])
def test_a_multi_label_classifier_has_no_export_for_teachable_machine(multi_label):
    formats = export.list_formats(classifiers.Classifier("", data={"multi_label": multi_label}))
    assert ("teachable" in formats) != multi_label and "tfjs" in formats


def _draw_head_metric(figures):
    from pages.classify import training

    training._show_head_metric(figures)


@pytest.mark.parametrize(
    "figures, expected",
    [
        ({"head_accuracy": 0.9}, "Accuracy before fine-tuning: 90.0%."),
        ({"head_accuracy": 0.9, "head_mean_average_precision": 0.7}, "mAP before fine-tuning: 70.0%."),
        ({}, ""),
    ],
)
def test_a_fine_tuned_classifier_is_compared_with_its_head_by_its_main_metric(draw, figures, expected):
    assert join_texts(draw(_draw_head_metric, figures=figures).caption) == expected
