"""Gradients and activations by layer, as a chart and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

FLOOR = 1e-12  # lowest value of the log scale; below it nothing is learned
CEILING = 1e38  # near the largest float32, as which NaN and infinity are reported
DIVERGENCE_RATIO = 2.0  # ratio of last to first loss that batch noise does not explain
FAR_RATIO = 1000.0  # ratio of gradients above which layers learn at entirely different speeds
GRADIENT, VALUE = "gradient of the weights", "activations"


def list_values(metrics: Mapping[str, float], name: str) -> list[float]:
    """Returns the values of all layers: `{"gradient_1": .1, "gradient_2": .2}` -> [.1, .2]."""
    values_by_layer = {
        int(key.rpartition("_")[2]): value for key, value in metrics.items() if key.startswith(f"{name}_")
    }
    return [values_by_layer[number] for number in sorted(values_by_layer)]


def draw_layers(gradients: Sequence[float], values: Sequence[float], losses: Sequence[float] = ()) -> None:
    """Draws gradients and activations of each layer on one log scale, with a sentence on what they mean.

    Args:
        gradients, values: of each layer, the first layer first.
        losses: of the training samples so far, the first step first.
    """
    if not gradients:
        return
    import altair as alt

    rows: list[dict[str, Any]] = [
        {"layer": number, "what": label, "size": max(size, FLOOR), "true": size}
        for label, sizes in ((GRADIENT, gradients), (VALUE, values))
        for number, size in enumerate(sizes, 1)
    ]
    sizes = [row["size"] for row in rows]
    low, high = math.floor(math.log10(min(sizes))), math.ceil(math.log10(max(sizes)))
    low = min(low, high - 4)
    power_step = math.ceil((high - low) / 6)
    ticks = [10.0**power for power in range(low, high + 1, power_step)]
    tick_text = f"datum.value <= {1.01 * FLOOR} ? '0' : format(datum.value, '.0e')"
    options: dict[str, Any] = {"title": None, "sort": [GRADIENT, VALUE]}
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=alt.OverlayMarkDef(size=80, filled=True), strokeWidth=2)
        .encode(
            x=alt.X("layer:O", title="layer, from input to output", axis=alt.Axis(labelAngle=0)),
            y=alt.Y(
                "size:Q",
                title=None,
                scale=alt.Scale(type="log", domain=[10.0**low, 10.0**high]),
                axis=alt.Axis(labelExpr=tick_text, values=ticks),
            ),
            color=alt.Color("what:N", **options, legend=alt.Legend(orient="top", columns=1)),
            shape=alt.Shape("what:N", **options),
            tooltip=["layer:O", "what:N", alt.Tooltip("true:Q", format=".2e", title="size")],
        )
        .properties(height=250)
    )
    st.altair_chart(chart, width="stretch")
    st.caption(describe_gradients(gradients, losses))


def describe_gradients(gradients: Sequence[float], losses: Sequence[float] = ()) -> str:
    """Returns a sentence on what gradients and losses mean.

    Args:
        gradients: of the weights of each layer, the first layer first.
        losses: of the training samples so far, the first step first.
    """
    first, last = gradients[0], gradients[-1]
    if not all(abs(number) < CEILING for number in (*gradients, *losses)):  # NaN is not below it either
        return "Losses or gradients overflowed float32: training has **diverged**."
    if len(losses) > 1 and losses[-1] > DIVERGENCE_RATIO * losses[0]:
        return (
            f"The loss rose from {_format_loss(losses[0])} to {_format_loss(losses[-1])}: training "
            f"**diverges**. Choose a "
            "lower learning rate."
        )
    if not any(gradients):
        return "The gradients of all weights are 0: only biases can still learn."
    if not any(gradients[:-1]):
        return "The gradient is 0 in all layers except the last: no layer before it can learn."
    if first < FLOOR and last > FAR_RATIO * FLOOR:
        return "The gradient has **vanished** before the first layer, which therefore cannot learn."
    if last > FAR_RATIO * first:
        ratio = format_large(last / first)
        return (
            f"The first layer's gradient is {ratio} times smaller than the last one's, so it hardly learns: "
            "on its way back through the layers the gradient **vanishes**."
        )
    if first > FAR_RATIO * last:
        ratio = format_large(first / last)
        return (
            f"The first layer's gradient is {ratio} times larger than the last one's: on its way back "
            "through the layers the gradient **explodes**."
        )
    return (
        f"The gradient neither vanishes nor explodes: its sizes differ by less than {FAR_RATIO:,.0f} times."
    )


def _format_loss(value: float) -> str:
    return format_large(value) if value >= 1000 else f"{value:.3g}"


def format_large(number: float) -> str:
    """Formats a large number: 49,600,000 -> "50 million"."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if number >= 1000 * size:
            return f"over a thousand {word}"
        if number >= size:
            return f"{float(f'{number / size:.2g}'):g} {word}"
    return f"{float(f'{number:.2g}'):,.0f}"
