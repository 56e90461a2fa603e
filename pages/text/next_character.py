"""The probabilities of the next character at any temperature, and the position of highest entropy."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from studio.core.data import corpus

MAX_CHARACTERS = 12  # characters in a chart
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.1, 2.0


def find_highest_entropy(logits: np.ndarray) -> int:
    """Returns the position whose next character has the highest entropy.

    Args:
        logits: `(T, alphabet)`, of the character after each position.
    """
    return int(special.entr(special.softmax(logits, axis=-1)).sum(axis=-1).argmax())


def list_rows(logits: np.ndarray, alphabet: str) -> list[dict[str, Any]]:
    """Returns one row per character, the likeliest first, with its logit relative to the highest.

    Args:
        logits: `(alphabet,)`.
        alphabet: the characters.
    """
    order = np.argsort(-logits)
    return [
        {
            "rank": rank,
            "character": corpus.describe_character(alphabet[n]),
            "score": round(float(logits[n] - logits.max()), 4),
        }
        for rank, n in enumerate(order)
    ]


def build_chart(scores: list[dict[str, Any]], temperature: float) -> Any:
    """Returns a bar chart with a slider for the temperature, which works in the browser alone."""
    import altair as alt

    start = min(max(temperature, MIN_TEMPERATURE), MAX_TEMPERATURE)
    slider = alt.binding_range(min=MIN_TEMPERATURE, max=MAX_TEMPERATURE, step=0.05, name="Temperature ")
    heat = alt.param(name="temperature", value=start, bind=slider)
    return (
        alt.Chart(alt.Data(values=scores))
        .transform_calculate(weight="exp(datum.score / temperature)")
        .transform_joinaggregate(total="sum(weight)")
        .transform_calculate(probability="datum.weight / datum.total")
        .transform_filter(f"datum.rank < {MAX_CHARACTERS}")
        .mark_bar()
        .encode(
            y=alt.Y("character:N", title=None, sort=alt.SortField("rank"), axis=alt.Axis(labelOverlap=False)),
            x=alt.X(
                "probability:Q",
                title="probability",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            tooltip=["character:N", alt.Tooltip("probability:Q", title="probability", format=".1%")],
        )
        .add_params(heat)
        .properties(height=30 * MAX_CHARACTERS)
    )
