"""What a study of what learning needs says, in plain words; light, for pages and the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.objectives import backbones

PIXELS, EDGES, UNTRAINED = "pixels", "hog", "untrained"  # kinds of features that nothing was learned for
_TITLES = {PIXELS: "pixels", EDGES: "edges (HOG)", UNTRAINED: "an untrained ResNet50"}
_CANCEL = " Their errors differ, so many of them cancel out."
_ALIKE = 0.85  # share of images that pixels tell apart


def title(kind: str) -> str:
    """What people call a kind of features."""
    return _TITLES.get(kind) or backbones.spec(kind).title


def sentences(told: Mapping[str, Any]) -> dict[str, str]:
    """What each of the five says, in plain words, by its name."""
    amounts = told["amounts"]
    few, middle, many = amounts[0], amounts[len(amounts) // 2], amounts[-1]
    one, *_, all_ = told["votes"]["heads"]
    lost = told["hidden"]
    return {
        "features": _of_features(told["features"], told["tested"]),
        "strengths": _of_strengths(told["strengths"]),
        "amounts": f"Test accuracy is {few['accuracy']:.0%} with {few['images']:,} training images per "
        f"class, {middle['accuracy']:.0%} with {middle['images']:,}, and {many['accuracy']:.0%} with "
        f"{many['images']:,}. The band shows the variation between random subsets.",
        "votes": f"One head trained on {told['votes']['each']:,} images per class reaches "
        f"{one['accuracy']:.0%}; an ensemble of {all_['heads']} heads, each trained on other images, reaches "
        f"{all_['accuracy']:.0%}.{_CANCEL if all_['accuracy'] > one['accuracy'] else ''}",
        "hidden": f"Of {lost['images']:,} labels, {lost['wrong']:,} were changed to another class, drawn "
        f"uniformly. The list of suspicious labels has {len(lost['list']):,} images, and "
        f"{sum(lost['list']):,} of them have a wrong label. With labels changed to the most similar "
        f"class, as human errors are, the list has {len(lost['list_similar']):,} images, "
        f"{sum(lost['list_similar']):,} of them wrong.",
    }


def _of_features(found: Sequence[Mapping[str, Any]], tested: int) -> str:
    best, worst = (pick(found, key=lambda one: one["accuracy"]) for pick in (max, min))
    plain = next(one["accuracy"] for one in found if one["kind"] == PIXELS)
    said = (
        f"On {tested:,} test images, the same head reaches {best['accuracy']:.0%} with "
        f"{title(best['kind'])} and {worst['accuracy']:.0%} with {title(worst['kind'])}. The gray lines "
        "are 95 % confidence intervals."
    )
    alike = " These images are so similar within a class that even raw pixels suffice."
    return said + (alike if plain > _ALIKE else "")


def _of_strengths(found: Sequence[Mapping[str, float]]) -> str:
    best, weakest = min(found, key=lambda one: one["left_out"]), found[-1]
    loosely = (
        f"With almost no regularization, the head memorizes the training images ({weakest['learned']:.2f} "
        f"nats) and its validation loss is high ({weakest['left_out']:.2f})."
    )
    if best is weakest:
        return "The validation loss is lowest with almost no regularization: more of it does not help."
    times = best["strength"] / weakest["strength"]
    return f"{loosely} The lowest validation loss, {best['left_out']:.2f}, needs {times:,.0f} times as much."


def readable(told: Mapping[str, Any]) -> str:
    """The same in a user's words."""
    lines = [
        f"Trained on {told['learned']:,} images, tested on {told['tested']:,} others",
        "",
    ]
    for one in told["features"]:
        low, high = one["interval"]
        lines.append(f"{title(one['kind']):22} {one['accuracy']:4.0%} accuracy ({low:.0%} to {high:.0%})")
    return "\n".join([*lines, "", *(f"- {said}" for said in sentences(told).values()), "", *told["notes"]])
