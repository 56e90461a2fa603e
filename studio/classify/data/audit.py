"""Looks a data set over: what is in it, what is missing or twice there, which labels look wrong."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from studio.core import amounts
from studio.core.data.cache import ImageDataset
from studio.core.data.duplicates import Groups
from studio.core.data.names import first_few, strays
from studio.core.data.sources import refused
from studio.core.errors import InvalidInput

FEW = 20  # images of a class, below which it is learned badly
UNEVEN = 5.0  # times as many images of one class as of another, from which it matters
MOST_LISTED = 100  # of each finding, in the figures
LEAST_EACH = 2  # images of a class: one to learn from, one to test on


def facts(dataset: ImageDataset, groups: Groups) -> dict[str, Any]:
    """What a data set is, as plain JSON.

    Args:
        dataset: of the data set.
        groups: its near-duplicates.

    Returns:
        `dataset`; `classes`, each with `name` and `count`; `strays`, the names of images next to the
        folders of classes, which are none then; `broken`, the names of files left out; `copies`, pairs of
        names; `near`, pairs with `first`, `second`, `alike` and `across` (two classes); `parted`, how many
        are alike but in two groups; `sizes`, the smallest, middle and largest side in px; `small`, the names
        of images that have to be enlarged; `uneven`, how many times larger the largest class is;
        `warnings`, in sentences; `notes` of the reader.
    """
    counts = _counts(dataset)
    shortest = dataset.sizes.min(axis=1)
    small = np.flatnonzero(shortest < dataset.images.shape[1])
    across = np.zeros(len(groups.pairs), bool)
    if dataset.labels is not None:
        across = dataset.labels[groups.pairs[:, 0]] != dataset.labels[groups.pairs[:, 1]]
    near = zip(groups.pairs[:MOST_LISTED], groups.alike, across, strict=False)
    found = {
        "images": len(dataset.names),
        "classes": [{"name": name, "count": count} for name, count in counts.items()],
        "strays": strays(dataset.names)[:MOST_LISTED] if dataset.labels is None else [],
        "broken": list(dataset.broken[:MOST_LISTED]),
        "broken_count": len(dataset.broken),
        "copies": [list(pair) for pair in dataset.copies[:MOST_LISTED]],
        "copies_count": len(dataset.copies),
        "near": [_pair(dataset, *pair) for pair in near],
        "near_count": len(groups.pairs),
        "across_count": int(across.sum()),
        "parted": groups.parted,
        "sizes": [int(np.quantile(shortest, share, method="nearest")) for share in (0, 0.5, 1)],
        "small": [dataset.names[n] for n in small[:MOST_LISTED]],
        "small_count": len(small),
        "uneven": max(counts.values()) / min(counts.values()) if counts else 1.0,
        "notes": list(dataset.notes),
    }
    return found | {"warnings": list(_warnings(found))}


def _counts(dataset: ImageDataset) -> dict[str, int]:
    if dataset.labels is None:
        return {}
    counts = np.bincount(dataset.labels, minlength=len(dataset.classes))
    return dict(zip(dataset.classes, counts.tolist(), strict=True))


def _pair(dataset: ImageDataset, rows: np.ndarray, alike: float, across: bool) -> dict[str, Any]:
    first, second = (dataset.names[row] for row in rows)
    return {"first": first, "second": second, "alike": round(float(alike), 3), "across": bool(across)}


def _warnings(found: Mapping[str, Any]) -> Iterator[str]:
    counts = {one["name"]: one["count"] for one in found["classes"]}
    if not counts:
        beside = f" {first_few(found['strays'])} is in no class folder." if found["strays"] else ""
        yield f"There is only one class: put the images into one folder per class.{beside}"
    for names in _twins(counts):
        yield f"{' and '.join(names)} may be the same class: their names look alike."
    if few := [name for name, count in counts.items() if count < FEW]:
        yield f"Fewer than {FEW} images of {first_few(few)}: expect low accuracy there."
    if found["uneven"] >= UNEVEN:
        largest = max(counts, key=lambda name: counts[name])
        smallest = min(counts, key=lambda name: counts[name])
        yield f"{found['uneven']:.0f} times as many images of {largest} as of {smallest}: add some."
    if across := found["across_count"]:
        pairs = amounts.count(across, "pair")
        yield f"{pairs} of nearly the same image in two classes: check which class is right."
    if parted := found["parted"]:
        yield f"{parted:,} images are too similar to detect copies: some are in the test split, too."
    if found["small_count"] * 2 > found["images"]:
        yield "Most images are smaller than the input size: use larger images or a smaller --size."


def _twins(names: Mapping[str, int]) -> Iterator[list[str]]:
    """Names that a user reads alike: `Cat` and `cat`, or one letter written in two ways."""
    read: dict[str, list[str]] = {}
    for name in names:
        plain = unicodedata.normalize("NFKC", name).casefold()
        read.setdefault("".join(letter for letter in plain if letter.isalnum()) or plain, []).append(name)
    return (alike for alike in read.values() if len(alike) > 1)


def check(dataset: ImageDataset, name: str) -> None:
    """Raises `InvalidInput` if there are no two classes to tell apart, or too few images of one."""
    if dataset.labels is None and (beside := strays(dataset.names)):
        received, step = (
            f"outside of class folders: {first_few(beside)}",
            "move it into a class folder, or remove it",
        )
        raise refused(name, "each image in the folder of its class", received, step)
    if dataset.labels is None:
        received = " ".join([f"{len(dataset.names):,} images of one.", *dataset.notes]).rstrip(".")
        raise refused(name, "at least two classes, one folder each", received, "add another class")
    if few := [f"{count} of {one}" for one, count in _counts(dataset).items() if count < LEAST_EACH]:
        raise _too_few(name, first_few(few))


def _too_few(name: str, received: str) -> InvalidInput:
    expected = f"at least {LEAST_EACH} images of each class"
    return refused(name, expected, received, "add images of that class, or remove it")


def suspicious(
    dataset: ImageDataset, rows: np.ndarray, left_out: np.ndarray, most: int = MOST_LISTED
) -> list[dict[str, Any]]:
    """Images whose labels look wrong to heads that have not learned from them, the surest first.

    A label is doubted where another class is at least as likely as it usually is for its own images.

    Args:
        dataset: of the data set.
        rows: `(n,)`, which of them.
        left_out: `(n, k)`, what those are thought to be.
        most: how many are listed.

    Returns:
        Each with `name`, `label`, `looks_like` and `confidence`.

    Reference:
        Northcutt et al. 2021, arXiv:1911.00068.
    """
    labels = dataset.known_labels[rows]
    own_rows = [left_out[labels == one, one] for one in range(left_out.shape[1])]
    usual = np.array([each.mean() if len(each) else np.inf for each in own_rows])  # not known: never doubted
    own = left_out[np.arange(len(rows)), labels]
    others = np.where(left_out >= usual, left_out, -1.0)
    others[np.arange(len(rows)), labels] = -1.0
    guess = others.argmax(axis=1)
    margin = others[np.arange(len(rows)), guess] - own
    doubted = [n for n in np.argsort(-margin) if margin[n] > 0][:most]
    return [
        {
            "name": dataset.names[rows[n]],
            "label": dataset.classes[labels[n]],
            "looks_like": dataset.classes[guess[n]],
            "confidence": round(float(left_out[n, guess[n]]), 3),
        }
        for n in doubted
    ]


def report(name: str, found: Mapping[str, Any]) -> str:
    """What was found, in Markdown for a user to read.

    Args:
        name: of the data set.
        found: of `facts`, perhaps with `suspicious`.
    """
    least, middle, most = found["sizes"]
    lines = [f"# {name}", "", f"{found['images']:,} images, shorter sides from {least} to {most} px"]
    lines[-1] += f" (median {middle})."
    lines += ["", "| class | images |", "|---|---|"] if found["classes"] else []
    lines += [f"| {one['name']} | {one['count']:,} |" for one in found["classes"]]
    for title, sentences in _sections(found):
        lines += ["", f"## {title}", "", *(f"- {sentence}" for sentence in sentences)]
    return "\n".join(lines) + "\n"


def _sections(found: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    if found["warnings"]:
        yield "Warnings", list(found["warnings"])
    if found["broken"]:
        yield f"{found['broken_count']:,} broken image files left out", list(found["broken"])
    if found["copies"]:
        pairs = [f"{copy} is the same as {kept}" for copy, kept in found["copies"]]
        yield f"{found['copies_count']:,} exact duplicates left out", pairs
    if found["near"]:
        yield f"{found['near_count']:,} pairs of nearly identical images", list(map(_said, found["near"]))
    if score := found.get("score"):
        told = score["evaluation"]
        low, high = told["interval"]
        yield (
            "Accuracy of the model",
            [f"{told['accuracy']:.1%} on {told['n']:,} images (95 %: {low:.1%} to {high:.1%})"],
        )
    if found.get("suspicious"):
        told = [
            f"{one['name']}: {one['label']}, looks like {one['looks_like']} ({one['confidence']:.0%})"
            for one in found["suspicious"]
        ]
        yield f"{len(told)} suspicious labels", told
    if found["notes"]:
        yield "Notes", list(found["notes"])


def _said(pair: Mapping[str, Any]) -> str:
    across = ", in two classes" if pair["across"] else ""
    return f"{pair['first']} and {pair['second']} ({pair['alike']:.2f}{across})"
