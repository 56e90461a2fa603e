"""The learning-rate finder below the training form: its job, its chart, and a button that applies it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.form import forms
from pages.jobs import inline_jobs, results
from pages.widgets import words
from studio.classify.settings import TrainClassifierSettings
from studio.core.tasks import Inputs

TASK = "classify.find_rate"
_UNUSED = ("learning_rate", "epochs")  # settings without effect on the result
_HELP = (
    "Fine-tunes a copy of the network for up to 100 steps while the learning rate rises from 0.000001 to "
    "0.1, and suggests the rate at which the loss falls fastest"
)


def show(settings: TrainClassifierSettings, inputs: Inputs) -> None:
    """Shows the learning-rate finder; nothing without fine-tuning.

    Args:
        settings: of the training job.
        inputs: of the training job.
    """
    if not settings.finetune:
        return
    with st.expander("Learning-rate finder", icon=":material/show_chart:"):
        fields = TrainClassifierSettings.model_fields
        settings = settings.model_copy(update={name: fields[name].default for name in _UNUSED})
        job = inline_jobs.show_inline_job(
            TASK, settings, inputs, "Find a learning rate", ":material/show_chart:", _HELP
        )
        if job is None:
            return
        figures = results.result_of(job).figures
        if figures["losses"]:
            st.altair_chart(_build_chart(figures), width="stretch")
        st.caption(words.escape(figures["verdict"]))
        if suggestion := figures["suggestion"]:
            st.button(
                f"Use {suggestion:g}",
                icon=":material/check:",
                on_click=forms.set_value,
                args=(TrainClassifierSettings, "learning_rate", suggestion),
            )


def _build_chart(figures: Mapping[str, Any]) -> Any:
    import altair as alt

    # At the end the loss rises by so much that its descent would look flat: those steps are left out.
    highest = 2 * figures["smoothed"][0]
    columns = zip(figures["rates"], figures["losses"], figures["smoothed"], strict=True)
    rows = [
        {"rate": rate, "loss": min(loss, highest), "smoothed": smoothed}
        for rate, loss, smoothed in columns
        if smoothed <= highest
    ]
    x = alt.X(
        "rate:Q",
        title="learning rate",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(format="~e", tickCount=5, grid=False),
    )
    tooltip = [
        alt.Tooltip("rate:Q", format=".2g"),
        *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("loss", "smoothed")),
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(x=x, tooltip=tooltip)
    chart = base.mark_circle(size=14, opacity=0.4).encode(
        y=alt.Y("loss:Q", title="loss", scale=alt.Scale(zero=False))
    )
    chart += base.mark_line(strokeWidth=2).encode(y="smoothed:Q")
    if figures["suggestion"]:
        mark = alt.Chart(alt.Data(values=[{"rate": figures["suggestion"]}]))
        chart += mark.mark_rule(strokeDash=[4, 4]).encode(x="rate:Q")
    return chart.properties(height=220)
