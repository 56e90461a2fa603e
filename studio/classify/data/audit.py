"""Audits a dataset: counts, duplicates, broken files, sizes and suspicious labels."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from studio.classify.data import folder_split
from studio.core import amounts
from studio.core.data.cache import ImageDataset
from studio.core.data.names import find_strays, join_first_few
from studio.core.data.near_duplicates import Groups
from studio.core.data.sources import invalid_data_set

RECOMMENDED_IMAGES = 20  # of each class; fewer give low accuracy
MAX_CLASS_RATIO = 5.0  # ratio of the largest to the smallest class that gives a warning
MAX_LISTED = 100  # entries of each finding
MIN_CLASS_IMAGES = 2  # images of a class: one for training, one for testing


def describe(dataset: ImageDataset, groups: Groups) -> dict[str, Any]:
    """Describes a dataset as plain JSON.

    Args:
        dataset: the dataset.
        groups: its near-duplicates.

    Returns:
        `images`; `multi_label`, whether an image can have any number of labels; `classes`, each with `name`
        and `count`; `strays`, images outside of class folders, if there are no classes; `broken`, files left
        out; `copies`, pairs of names; `near`, pairs with `first`, `second`, `similarity` and `is_cross_class`
        (with other labels); `cross_group_count`, the number of near-duplicates in different groups; `sizes`,
        the smallest, median and largest shorter side in px; `small`, images that must be enlarged;
        `class_ratio`, the ratio of the largest to the smallest class; `split`, whether folders decide the
        split; `leaks`, the number of test images of such a split that are nearly the same as a training
        image; `warnings` and `notes`, in sentences.
    """
    counts = _count_by_class(dataset)
    shortest = dataset.sizes.min(axis=1)
    small = np.flatnonzero(shortest < dataset.images.shape[1])
    is_cross_class = np.zeros(len(groups.pairs), bool)
    if dataset.classes:
        is_other = dataset.targets[groups.pairs[:, 0]] != dataset.targets[groups.pairs[:, 1]]
        is_cross_class = is_other.any(axis=1) if is_other.ndim > 1 else is_other
    near = zip(groups.pairs[:MAX_LISTED], groups.correlations, is_cross_class, strict=False)
    findings = {
        "images": len(dataset.names),
        "multi_label": dataset.multi_hot is not None,
        "classes": [{"name": name, "count": count} for name, count in counts.items()],
        "strays": [] if dataset.classes else find_strays(dataset.names)[:MAX_LISTED],
        "broken": list(dataset.broken[:MAX_LISTED]),
        "broken_count": len(dataset.broken),
        "copies": [list(pair) for pair in dataset.copies[:MAX_LISTED]],
        "copies_count": len(dataset.copies),
        "near": [_describe_pair(dataset, *pair) for pair in near],
        "near_count": len(groups.pairs),
        "cross_class_count": int(is_cross_class.sum()),
        "cross_group_count": groups.cross_group_count,
        "sizes": [int(np.quantile(shortest, share, method="nearest")) for share in (0, 0.5, 1)],
        "small": [dataset.names[n] for n in small[:MAX_LISTED]],
        "small_count": len(small),
        "class_ratio": max(counts.values()) / min(counts.values()) if counts else 1.0,
        "split": folder_split.find(dataset) is not None,
        "leaks": folder_split.count_leaks(dataset, groups),
        "notes": folder_split.list_notes(dataset),
    }
    return findings | {"warnings": list(_find_warnings(findings))}


def _count_by_class(dataset: ImageDataset) -> dict[str, int]:
    """Returns the number of images of each class; empty without classes."""
    if not dataset.classes:
        return {}
    labels = dataset.known_labels if dataset.multi_hot is None else np.nonzero(dataset.multi_hot)[1]
    counts = np.bincount(labels, minlength=len(dataset.classes))
    return dict(zip(dataset.classes, counts.tolist(), strict=True))


def _describe_pair(
    dataset: ImageDataset, rows: np.ndarray, similarity: float, is_cross_class: bool
) -> dict[str, Any]:
    first, second = (dataset.names[row] for row in rows)
    return {
        "first": first,
        "second": second,
        "similarity": round(float(similarity), 3),
        "is_cross_class": bool(is_cross_class),
    }


def _find_warnings(findings: Mapping[str, Any]) -> Iterator[str]:
    """Yields a sentence on each problem that training would have."""
    counts = {entry["name"]: entry["count"] for entry in findings["classes"]}
    if not counts:
        note = f" {join_first_few(findings['strays'])} is in no class folder." if findings["strays"] else ""
        yield f"There is only one class: put the images into one folder per class.{note}"
    for similar_names in _find_similar_names(counts):
        yield f"{' and '.join(similar_names)} may be the same class: their names look alike."
    if small_classes := [name for name, count in counts.items() if count < RECOMMENDED_IMAGES]:
        names = join_first_few(small_classes)
        yield f"Fewer than {RECOMMENDED_IMAGES} images of {names}: expect low accuracy there."
    if findings["class_ratio"] >= MAX_CLASS_RATIO:
        largest = max(counts, key=lambda name: counts[name])
        smallest = min(counts, key=lambda name: counts[name])
        yield f"{findings['class_ratio']:.0f} times as many images of {largest} as of {smallest}: add some."
    if cross_class_count := findings["cross_class_count"]:
        pairs = amounts.format_count(cross_class_count, "pair")
        where, what = (
            ("with other labels", "labels are") if findings["multi_label"] else ("in two classes", "class is")
        )
        yield f"{pairs} of nearly the same image {where}: check which {what} right."
    if leaks := findings["leaks"]:
        subject = "test image is" if leaks == 1 else "test images are"
        yield f"{leaks:,} {subject} nearly the same as a training image, so the accuracy may be too high."
    if (count := findings["cross_group_count"]) and not findings["split"]:
        yield f"{count:,} images are too similar to detect copies: some are in the test split, too."
    if findings["small_count"] * 2 > findings["images"]:
        yield "Most images are smaller than the input size: use larger images or a smaller input size."


def _find_similar_names(names: Mapping[str, int]) -> Iterator[list[str]]:
    """Yields names that look the same, such as `Cat` and `cat`, or different Unicode forms."""
    spellings: dict[str, list[str]] = {}
    for name in names:
        folded = unicodedata.normalize("NFKC", name).casefold()
        key = "".join(letter for letter in folded if letter.isalnum()) or folded
        spellings.setdefault(key, []).append(name)
    return (group for group in spellings.values() if len(group) > 1)


def check(dataset: ImageDataset, name: str) -> None:
    """Raises `InvalidInput` if there are fewer than two classes, or too few images with or without one."""
    if not dataset.classes and (stray_names := find_strays(dataset.names)):
        received = f"outside of class folders: {join_first_few(stray_names)}"
        step = "move it into a class folder, or remove it"
        raise invalid_data_set(name, "each image in the folder of its class", received, step)
    if not dataset.classes:
        received = " ".join([f"{len(dataset.names):,} images of one.", *dataset.notes]).rstrip(".")
        raise invalid_data_set(name, "at least two classes, one folder each", received, "add another class")
    counts = _count_by_class(dataset)
    if too_small := [f"{count} of {label}" for label, count in counts.items() if count < MIN_CLASS_IMAGES]:
        raise invalid_data_set(
            name,
            f"at least {MIN_CLASS_IMAGES} images of each class",
            join_first_few(too_small),
            "add images of that class, or remove it",
        )
    if dataset.multi_hot is not None and max(counts.values()) > len(dataset.names) - MIN_CLASS_IMAGES:
        name_of_all = max(counts, key=lambda label: counts[label])
        raise invalid_data_set(
            name,
            f"at least {MIN_CLASS_IMAGES} images without each label",
            f"{name_of_all} on {counts[name_of_all]:,} of {len(dataset.names):,} images",
            "add images without that label, or remove it",
        )


def find_suspicious_labels(
    dataset: ImageDataset, rows: np.ndarray, probabilities: np.ndarray, limit: int = MAX_LISTED
) -> list[dict[str, Any]]:
    """Lists images whose labels look wrong to heads that were not trained on them, most suspicious first.

    A label is suspicious if another class is at least as probable as it usually is for its own images.

    Args:
        dataset: the dataset.
        rows: `(n,)`, rows to check.
        probabilities: `(n, k)`, by heads that were not trained on them.
        limit: maximum number of entries.

    Returns:
        Entries with `name`, `label`, `looks_like` and `confidence`.

    Reference:
        Northcutt et al. 2021, arXiv:1911.00068.
    """
    labels = dataset.known_labels[rows]
    by_class = [probabilities[labels == label, label] for label in range(probabilities.shape[1])]
    # A class without images is never suspicious.
    thresholds = np.array([values.mean() if len(values) else np.inf for values in by_class])
    indices = np.arange(len(rows))
    candidates = np.where(probabilities >= thresholds, probabilities, -1.0)
    candidates[indices, labels] = -1.0
    guess = candidates.argmax(axis=1)
    margin = candidates[indices, guess] - probabilities[indices, labels]
    suspects = [n for n in np.argsort(-margin) if margin[n] > 0][:limit]
    return [
        {
            "name": dataset.names[rows[n]],
            "label": dataset.classes[labels[n]],
            "looks_like": dataset.classes[guess[n]],
            "confidence": round(float(probabilities[n, guess[n]]), 3),
        }
        for n in suspects
    ]


def format_report(name: str, findings: Mapping[str, Any]) -> str:
    """Returns the findings in Markdown.

    Args:
        name: of the dataset.
        findings: of `describe`, perhaps with `suspicious`.
    """
    smallest, median, largest = findings["sizes"]
    sides = f"shorter sides from {smallest} to {largest} px (median {median})"
    lines = [f"# {name}", "", f"{findings['images']:,} images, {sides}."]
    lines += ["", "| class | images |", "|---|---|"] if findings["classes"] else []
    lines += [f"| {entry['name']} | {entry['count']:,} |" for entry in findings["classes"]]
    for title, sentences in _list_sections(findings):
        lines += ["", f"## {title}", "", *(f"- {sentence}" for sentence in sentences)]
    return "\n".join(lines) + "\n"


def _list_sections(findings: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yields the title and the list items of each section of the report."""
    if findings["warnings"]:
        yield "Warnings", list(findings["warnings"])
    if findings["broken"]:
        yield f"{findings['broken_count']:,} broken image files left out", list(findings["broken"])
    if findings["copies"]:
        pairs = [f"{copy} is the same as {original}" for copy, original in findings["copies"]]
        yield f"{findings['copies_count']:,} exact duplicates left out", pairs
    if findings["near"]:
        yield (
            f"{findings['near_count']:,} pairs of nearly identical images",
            [_format_pair(pair, findings["multi_label"]) for pair in findings["near"]],
        )
    if score := findings.get("score"):
        metrics = score["evaluation"]
        low, high = metrics["interval"]
        yield (
            "Accuracy of the model",
            [f"{metrics['accuracy']:.1%} on {metrics['n']:,} images (95%: {low:.1%} to {high:.1%})"],
        )
    if findings.get("suspicious"):
        lines = [
            f"{entry['name']}: {entry['label']}, looks like {entry['looks_like']} ({entry['confidence']:.0%})"
            for entry in findings["suspicious"]
        ]
        yield f"{len(lines)} suspicious labels", lines
    if findings["notes"]:
        yield "Notes", list(findings["notes"])


def _format_pair(pair: Mapping[str, Any], multi_label: bool) -> str:
    note = ""
    if pair["is_cross_class"]:
        note = ", with other labels" if multi_label else ", in two classes"
    return f"{pair['first']} and {pair['second']} ({pair['similarity']:.2f}{note})"
