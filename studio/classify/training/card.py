"""The model card of a trained classifier, and its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.classify.models import rejection
from studio.classify.models.trained import MULTI_LABEL
from studio.classify.models.whole_network import KEY
from studio.classify.settings import TrainClassifierSettings
from studio.core.models import cards
from studio.core.objectives import backbones

_MAX_COUNTED_CLASSES = 12  # classes; with more, the confusion matrix shows no counts
_MAX_BARS = 40  # of average precision


def compose(
    name: str,
    settings: TrainClassifierSettings,
    figures: Mapping[str, Any],
    command: str,
    model_data: Mapping[str, Any],
) -> str:
    """Returns the model card in Markdown.

    Args:
        name: of the dataset.
        settings: of the training run.
        figures: as `studio.classify.training.task.train` returns them.
        command: that repeats the training run.
        model_data: data stored in the preset: `classes`, `evaluation`, `none_of_these`.
    """
    classes = ", ".join(model_data["classes"])
    network = model_data.get(KEY)
    title, side = (
        (network["title"], network["side"])
        if network
        else (backbones.find_spec(settings.backbone).title, settings.size)
    )
    tuning_text = ""
    if settings.finetune and not figures["steps"]:
        tuning_text = " The backbone stayed frozen."
    elif settings.finetune:
        tuning_text = (
            f" Then all layers after {settings.cut} were fine-tuned for {figures['steps']:,} steps of "
            f"{settings.batch} images; {_describe_head(figures)} "
            f"Data augmentation: {settings.describe_augmentation(model_data['classes'])}."
        )
    head = "a linear head" if settings.head == "linear" else f"a head with {settings.hidden} hidden units"
    return cards.compose(
        f"Image classifier: {classes}",
        f"Data: {name}, {figures['images']:,} images at {side} px; {figures['held_out']:,} of "
        f"them, {_describe_split(figures)}, are the test split.",
        f"Features of {title}, and {head} trained on them in {figures['seconds']:.0f} seconds.{tuning_text}",
        figures,
        command,
        [
            cards.format_table(_list_metrics(model_data, figures)),
            _format_class_table(model_data["evaluation"]),
        ],
    )


def _describe_head(figures: Mapping[str, Any]) -> str:
    """Returns how good the head was before fine-tuning, in words."""
    if "head_mean_average_precision" in figures:
        return f"the mean average precision before was {figures['head_mean_average_precision']:.1%}."
    return f"the accuracy before was {figures['head_accuracy']:.1%}."


def _describe_split(figures: Mapping[str, Any]) -> str:
    return "in their own folder" if figures["split"] == "folders" else "the same share of each class"


def _list_metrics(model_data: Mapping[str, Any], figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    evaluation = model_data["evaluation"]
    test_metrics = _list_multi_label_metrics if model_data[MULTI_LABEL] else _list_single_label_metrics
    return [
        *test_metrics(evaluation, figures),
        *_list_temperature(figures),
        *_list_validation_metrics(figures),
        *_list_rejection_metrics(model_data[rejection.KEY]),
        ("parameters trained", f"{figures['parameters']:,}"),
    ]


def _list_single_label_metrics(
    evaluation: Mapping[str, Any], figures: Mapping[str, Any]
) -> list[tuple[str, str]]:
    low, high = evaluation["interval"]
    return [
        ("test accuracy", f"{evaluation['accuracy']:.1%} (95%: {low:.1%} to {high:.1%})"),
        ("test images", f"{evaluation['n']:,}"),
        ("negative log-likelihood (nats per image)", f"{figures['nats']:.3f}"),
        (
            "expected calibration error (of a perfectly calibrated model)",
            f"{figures['calibration_error']:.3f} ({figures['calibration_floor']:.3f})",
        ),
    ]


def _list_multi_label_metrics(
    evaluation: Mapping[str, Any], figures: Mapping[str, Any]
) -> list[tuple[str, str]]:
    return [
        ("mean average precision on the test images", f"{evaluation['mean_average_precision']:.1%}"),
        ("F1, macro and micro", f"{evaluation['f1_macro']:.1%} and {evaluation['f1_micro']:.1%}"),
        ("test accuracy (share of correct labels)", f"{evaluation['accuracy']:.1%}"),
        ("test images", f"{evaluation['n']:,}"),
        ("binary cross-entropy (nats per label)", f"{figures['nats']:.3f}"),
    ]


def _list_temperature(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    if figures["temperature"] == 1:
        return []
    return [("temperature of the head (by cross-validation)", f"{figures['temperature']:.2f}")]


def _list_validation_metrics(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    if "validation_accuracy" not in figures:
        return []
    return [
        ("validation accuracy", f"{figures['validation_accuracy']:.1%}"),
        ("validation images", f"{figures['validation_n']:,}"),
    ]


def _list_rejection_metrics(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not record:
        return []
    if "images" not in record:
        return [("threshold of each class", f"{record['threshold']:.0%}")]
    return [
        (f"threshold of “{rejection.LABEL}”", f"{record['threshold']:.1%}"),
        ("held-out images below it, classified correctly", _count_share(record, "correct")),
        ("held-out images below it, classified wrongly", _count_share(record, "wrong")),
    ]


def _count_share(record: Mapping[str, Any], kind: str) -> str:
    return f"{record[f'rejected_{kind}']:,} of {record[kind]:,}"


def _format_class_table(evaluation: Mapping[str, Any]) -> str:
    names = [
        name for name in ("average_precision", "recall", "precision") if name in evaluation["per_class"][0]
    ]
    header = ["class", "test images", *(name.replace("_", " ") for name in names)]
    rows = [
        [row["name"], f"{row['count']}", *(_format_share(row[name]) for name in names)]
        for row in evaluation["per_class"]
    ]
    lines = [f"| {' | '.join(cells)} |" for cells in (header, *rows)]
    return "\n".join([lines[0], f"|{'---|' * len(header)}", *lines[1:]])


def _format_share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def draw_figure(
    classes: Sequence[str],
    settings: TrainClassifierSettings,
    evaluation: Mapping[str, Any],
    curve: Sequence[Mapping[str, Any]],
) -> bytes:
    """Draws the confusion matrix, or the average precision of independent classes, and the learning curve.

    Args:
        classes: their names.
        settings: of the training run; they decide the label of the learning curve.
        evaluation: see `studio.classify.training.evaluate`.
        curve: of `studio.classify.training.train_head.measure_learning_curve`.

    Returns:
        A PNG.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6), dpi=80, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
    if "confusion" in evaluation:
        _draw_confusion(left, classes, np.array(evaluation["confusion"], "float64"))
        metric, label = "accuracy", "test accuracy"
    else:
        _draw_average_precision(left, evaluation["per_class"][:_MAX_BARS])
        metric, label = "mean_average_precision", "mean average precision"
    right.plot([point["images"] for point in curve], [point[metric] for point in curve], marker="o")
    right.set(xlabel="training images", ylabel=_describe_curve(label, settings), xscale="log")
    right.grid(alpha=0.3)
    return cards.encode_figure(figure)


def _draw_average_precision(axes: Any, per_class: Sequence[Mapping[str, Any]]) -> None:
    axes.barh(range(len(per_class)), [entry["average_precision"] or 0 for entry in per_class])
    axes.set_yticks(range(len(per_class)), [entry["name"] for entry in per_class], parse_math=False)
    axes.set(xlabel="average precision", xlim=(0, 1))
    axes.invert_yaxis()


def _draw_confusion(axes: Any, classes: Sequence[str], confusion: np.ndarray) -> None:
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="predicted class", ylabel="true class")
    if len(classes) <= _MAX_COUNTED_CLASSES:
        axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right", parse_math=False)
        axes.set_yticks(range(len(classes)), classes, parse_math=False)
        for (row, column), count in np.ndenumerate(confusion):
            color = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, f"{count:.0f}", ha="center", va="center", color=color)


def _describe_curve(metric: str, settings: TrainClassifierSettings) -> str:
    head = ", a linear head" if settings.finetune or settings.head == "mlp" else ""
    stage = " before fine-tuning" if settings.finetune else ""
    return f"{metric}{head}{stage}"
