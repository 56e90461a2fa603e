"""Authorship: colors each character of a text by the language model that gave it more probability."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import sample_texts
from pages.jobs import live, results
from pages.text import language_models, own_texts
from pages.widgets import words
from pages.widgets.marked_text import show_compared_text
from studio import engine
from studio.core.tasks import File
from studio.text import comparison_report
from studio.text.settings import CompareSettings

TASK = "text.compare"
COLORS = ("#526ad8", "#d68626")  # of the two language models, as in the text
_SAMPLE_DESCRIPTION = (
    "Five lines of Marlowe, then two sentences by Lewis Carroll. Neither language model was trained on them."
)
_HINT = "Choose a file; one page of text is enough."
CAVEAT = "This does not identify an author: it says which model finds these characters likelier."
_SAMPLE_CAVEAT = "Marlowe is not Shakespeare, yet Shakespeare's language model finds him likelier."


@dataclass(frozen=True)
class Request:
    """A text, and the settings with the two language models that read it."""

    settings: CompareSettings
    file: File


def ask(model_names: list[str]) -> Request | None:
    """Asks for a text and two language models; returns None, after a note, while one is missing."""
    file = own_texts.ask("Text", sample_texts.store_passages, _SAMPLE_DESCRIPTION, _HINT)
    first = language_models.choose(model_names, label="First language model", key="first")
    second = language_models.choose(
        model_names, label="Second language model", key="second", position=min(1, len(model_names) - 1)
    )
    if first == second:
        advice = "Choose another second model." if len(model_names) > 1 else "Train one under Your text."
        st.info(f"Choose two different language models. {advice}", icon=":material/info:")
        return None
    return Request(CompareSettings(first=first, second=second, per_character=True), file) if file else None


def show(request: Request | None) -> Mapping[str, Any] | None:
    """Draws the comparison of two language models and returns it, with their display names."""
    if request is None:
        return None
    if engine.connect().status() != "ready":
        live.show_warm_up()
        return None
    inputs = {"text": [request.file]}
    with st.spinner("Computing the likelihoods ..."):
        live_result = live.make_result(TASK, request.settings, inputs, "who")
    if live_result is None:
        return None
    comparison = json.loads(live_result.data)
    comparison["language_models"] = [
        {**model, "name": words.model_label(model["name"])} for model in comparison["language_models"]
    ]
    names = [model["name"] for model in comparison["language_models"]]
    st.markdown(f"**{words.escape(comparison_report.describe_verdict(comparison))}**")
    st.caption(f"{CAVEAT} {_SAMPLE_CAVEAT}" if request.file == sample_texts.store_passages() else CAVEAT)
    show_compared_text(comparison["text"], comparison["nats"], names)
    st.caption("Point at a character to see the probability that each language model gave it.")
    results.show_notes(comparison["notes"])
    _draw_language_models(comparison["language_models"], len(comparison["sentences"]))
    _draw_sentences(comparison)
    with st.container(horizontal=True):
        report = comparison_report.format_comparison(comparison).encode("utf-8", "replace")
        results.show_download(report, TASK, key="who", ending=".txt", recipe=live_result.recipe)
    results.show_recipe(TASK, request.settings, inputs, live_result.recipe)
    return comparison


def _draw_language_models(models: Sequence[Mapping[str, Any]], sentences: int) -> None:
    for model, column in zip(models, st.columns(2), strict=True):
        reference = (
            ""
            if model["held_out_nats"] is None
            else f" On its own held-out text: {model['held_out_nats']:.2f}."
        )
        with column:
            st.metric(words.escape(model["name"]), f"{model['nats_per_char']:.2f} nats")
            lead = f"Significantly ahead in {model['sentence_count']:,} of {sentences:,} sentences."
            st.caption(f"Negative log-likelihood per character.{reference} {lead}")


def _draw_sentences(comparison: Mapping[str, Any]) -> None:
    rows = list_sentence_rows(comparison)
    if len(rows) < 2:
        return
    st.altair_chart(
        _build_lead_chart(rows, [model["name"] for model in comparison["language_models"]]), width="stretch"
    )
    st.caption(
        "Each bar is a sentence; its length is the lead of one language model in nats per character. Pale "
        "bars are not significant after correction for the number of sentences."
    )
    with st.expander("Sentence by sentence", icon=":material/format_list_numbered:"):
        first, second = (words.escape(model["name"]) for model in comparison["language_models"])
        table = [
            {
                "Sentence": row["sentence"],
                "Likelier under": row["language_model"] if row["sure"] else "not significant",
                first: round(row["nats"][0], 2),
                second: round(row["nats"][1], 2),
            }
            for row in rows
        ]
        st.dataframe(table, hide_index=True, width="stretch")
        st.caption("The two columns of numbers are nats per character; lower is likelier.")


def list_sentence_rows(comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns one row per sentence: its number, text, the leading model, its lead, and the significance."""
    names = [model["name"] for model in comparison["language_models"]]
    return [
        {
            "at": number,
            "sentence": " ".join(comparison["text"][sentence["start"] : sentence["end"]].split()),
            "language_model": names[int(sentence["lead_nats"] < 0)],
            "ahead": sentence["lead_nats"],
            "nats": sentence["nats"],
            "sure": sentence["language_model"] is not None,
        }
        for number, sentence in enumerate(comparison["sentences"], 1)
    ]


def _build_lead_chart(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Any:
    import altair as alt

    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_bar()
        .encode(
            x=alt.X("at:O", title="sentence", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("ahead:Q", title="nats ahead", axis=alt.Axis(format="+.1f")),
            color=alt.Color(
                "language_model:N",
                title=None,
                scale=alt.Scale(domain=list(names), range=list(COLORS)),
                legend=alt.Legend(orient="top"),
            ),
            opacity=alt.condition("datum.sure", alt.value(1), alt.value(0.4)),
            tooltip=["sentence:N", "language_model:N", alt.Tooltip("ahead:Q", format="+.2f")],
        )
        .properties(height=220)
    )
