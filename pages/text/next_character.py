"""The probabilities of the next character at any temperature, and the place of the highest entropy."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core.data import corpus

SHOWN = 12  # characters of a chart
COOLEST, HOTTEST = 0.1, 2.0


def undecided(logits: np.ndarray) -> int:
    """The place after which most could come: that of the greatest entropy.

    Args:
        logits: `(T, alphabet)`, of the character after each place.
    """
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return int((shares * np.log(np.maximum(shares, 1e-12))).sum(axis=-1).argmin())


def rows(logits: np.ndarray, alphabet: str) -> list[dict[str, Any]]:
    """How far each score, `(alphabet,)`, lies below the highest: one row a character, the likeliest first."""
    ranked = np.argsort(-logits)
    return [
        {
            "rank": rank,
            "character": corpus.shown(alphabet[n]),
            "score": round(float(logits[n] - logits.max()), 4),
        }
        for rank, n in enumerate(ranked)
    ]


def chart(scores: list[dict[str, Any]], temperature: float) -> Any:
    """One bar per character, with a slider for the temperature, which the browser follows by itself."""
    import altair as alt

    start = min(max(temperature, COOLEST), HOTTEST)
    slider = alt.binding_range(min=COOLEST, max=HOTTEST, step=0.05, name="Temperature ")
    heat = alt.param(name="temperature", value=start, bind=slider)
    return (
        alt.Chart(alt.Data(values=scores))
        .transform_calculate(weight="exp(datum.score / temperature)")
        .transform_joinaggregate(total="sum(weight)")
        .transform_calculate(chance="datum.weight / datum.total")
        .transform_filter(f"datum.rank < {SHOWN}")
        .mark_bar()
        .encode(
            y=alt.Y("character:N", title=None, sort=alt.SortField("rank"), axis=alt.Axis(labelOverlap=False)),
            x=alt.X(
                "chance:Q", title="probability", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])
            ),
            tooltip=["character:N", alt.Tooltip("chance:Q", title="probability", format=".1%")],
        )
        .add_params(heat)
        .properties(height=30 * SHOWN)
    )
