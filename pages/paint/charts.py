"""What goes on in the layers of a network, drawn and said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import streamlit as st

FLOOR = 1e-12  # below it nothing is learnt, and a logarithm has to end somewhere
FAR = 1000.0  # times: from here on layers learn at speeds that have nothing to do with each other
GRADIENT, VALUE = "gradient of its weights", "what it hands on"


def of_metrics(metrics: Mapping[str, float], name: str) -> list[float]:
    """The figures of all layers: `{"gradient_1": .1, "gradient_2": .2}` -> [.1, .2]."""
    found = {
        int(key.rpartition("_")[2]): value for key, value in metrics.items() if key.startswith(f"{name}_")
    }
    return [found[number] for number in sorted(found)]


def layers(gradients: Sequence[float], values: Sequence[float]) -> None:
    """Both figures of each layer on one logarithmic scale, and a sentence that reads them."""
    if not gradients:
        return
    import altair as alt

    rows = [
        {"layer": number, "what": what, "size": max(size, FLOOR), "true": size}
        for what, sizes in ((GRADIENT, gradients), (VALUE, values))
        for number, size in enumerate(sizes, 1)
    ]
    sizes = [row["size"] for row in rows]
    low, high = math.floor(math.log10(min(sizes))), math.ceil(math.log10(max(sizes)))
    low = min(low, high - 4)
    every = math.ceil((high - low) / 6)
    marks = [10.0**power for power in range(low, high + 1, every)]
    zero = f"datum.value <= {1.01 * FLOOR} ? '0' : format(datum.value, '.0e')"
    shared = {"title": None, "sort": [GRADIENT, VALUE]}
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=alt.OverlayMarkDef(size=80, filled=True), strokeWidth=2)
        .encode(
            x=alt.X("layer:O", title="layer, from the place to the colour", axis=alt.Axis(labelAngle=0)),
            y=alt.Y(
                "size:Q",
                title=None,
                scale=alt.Scale(type="log", domain=[10.0**low, 10.0**high]),
                axis=alt.Axis(labelExpr=zero, values=marks),
            ),
            color=alt.Color("what:N", **shared, legend=alt.Legend(orient="top", columns=1)),
            shape=alt.Shape("what:N", **shared),
            tooltip=["layer:O", "what:N", alt.Tooltip("true:Q", format=".2e", title="size")],
        )
        .properties(height=250)
    )
    st.altair_chart(chart, width="stretch")
    st.caption(reading(gradients))


def reading(gradients: Sequence[float]) -> str:
    """What the gradients of the layers, the first first, mean for what is learnt."""
    first, last = gradients[0], gradients[-1]
    if not any(gradients):
        return "All gradients are 0: nothing is learnt any more."
    if not any(gradients[:-1]):
        return "The gradient is 0 in all layers but the last: nothing before it can learn."
    if first < FLOOR and last > FAR * FLOOR:
        return "Nothing of the gradient arrives at the first layer, so it cannot learn: it has **vanished**."
    if last > FAR * first:
        times = rounded(last / first)
        return (
            f"The first layer's gradient is {times} times smaller than the last one's, so it hardly learns: "
            "on its way back through the layers the gradient **vanishes**."
        )
    if first > FAR * last:
        times = rounded(first / last)
        return (
            f"The first layer's gradient is {times} times larger than the last one's: on its way back "
            "through the layers the gradient **explodes**."
        )
    return "The gradients of all layers are of about one size, so all of them learn."


def rounded(number: float) -> str:
    """A large number as people say it: 49,600,000 -> "50 million"."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if number >= 1000 * size:
            return f"over a thousand {word}"
        if number >= size:
            return f"{float(f'{number / size:.2g}'):g} {word}"
    return f"{float(f'{number:.2g}'):,.0f}"
