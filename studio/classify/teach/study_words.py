"""What a study of what learning needs says, in plain words; light, for pages and the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.objectives import backbones

PIXELS, EDGES, UNTRAINED = "pixels", "hog", "untrained"  # kinds of features that nothing was learnt for
_TITLES = {PIXELS: "pixels", EDGES: "edges (HOG)", UNTRAINED: "an untrained ResNet50"}
_CANCEL = " Their mistakes differ, so many of them cancel out."
_ALIKE = 0.85  # share of pictures that pixels tell apart


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
        "amounts": f"With {few['pictures']:,} of each class to learn from it is right on "
        f"{few['accuracy']:.0%} of the new pictures, with {middle['pictures']:,} on "
        f"{middle['accuracy']:.0%}, and with {many['pictures']:,} on {many['accuracy']:.0%}. The band is "
        "what the luck of the draw does.",
        "votes": f"A head that saw {told['votes']['each']:,} pictures of each class is right on "
        f"{one['accuracy']:.0%}; {all_['heads']} heads that each saw other ones, asked together, on "
        f"{all_['accuracy']:.0%}.{_CANCEL if all_['accuracy'] > one['accuracy'] else ''}",
        "hidden": f"Of {lost['pictures']:,} labels {lost['wrong']:,} were changed to another class, drawn "
        f"uniformly. The list of suspicious labels has {len(lost['list']):,} images, and "
        f"{sum(lost['list']):,} of the wrong ones are among them. Changed to the most similar class, as "
        f"people err, {sum(lost['list_similar']):,} are found among {len(lost['list_similar']):,}.",
    }


def _of_features(found: Sequence[Mapping[str, Any]], tested: int) -> str:
    best, worst = (pick(found, key=lambda one: one["accuracy"]) for pick in (max, min))
    plain = next(one["accuracy"] for one in found if one["kind"] == PIXELS)
    said = (
        f"The same head is right on {best['accuracy']:.0%} of {tested:,} new pictures by "
        f"{title(best['kind'])}, and on {worst['accuracy']:.0%} by {title(worst['kind'])}. The gray lines "
        "say how sure that is."
    )
    alike = " These pictures are so alike that even their pixels tell them apart."
    return said + (alike if plain > _ALIKE else "")


def _of_strengths(found: Sequence[Mapping[str, float]]) -> str:
    best, weakest = min(found, key=lambda one: one["left_out"]), found[-1]
    loosely = (
        f"Held hardly at all, the head knows its own pictures by heart ({weakest['learnt']:.2f} nats) and "
        f"does worse on others ({weakest['left_out']:.2f})."
    )
    if best is weakest:
        return "Even where its weights are held hardly at all, the head does best on pictures left out."
    times = best["strength"] / weakest["strength"]
    return f"{loosely} Held {times:,.0f} times as strongly it does best on others: {best['left_out']:.2f}."


def readable(told: Mapping[str, Any]) -> str:
    """The same in a person's words."""
    lines = [
        f"What learning needs, on {told['learnt']:,} pictures and tested on {told['tested']:,} others",
        "",
    ]
    for one in told["features"]:
        low, high = one["interval"]
        lines.append(f"{title(one['kind']):22} {one['accuracy']:4.0%} right ({low:.0%} to {high:.0%})")
    return "\n".join([*lines, "", *(f"- {said}" for said in sentences(told).values()), "", *told["notes"]])
