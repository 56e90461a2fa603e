"""Authorship: each character of a text has the color of the language model that found it likelier."""

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
from pages.widgets.marked_text import compared_text
from studio import engine
from studio.core.tasks import File
from studio.text import compare_words
from studio.text.settings import CompareSettings

TASK = "text.compare"
COLORS = ("#526ad8", "#d68626")  # of the two language models, as on the paper
_SAMPLE = (
    "Five lines of Marlowe, then two sentences by Lewis Carroll. Neither language model was trained on them."
)
_HINT = "Choose a file; one page of text is enough."
MEANS = "This does not identify an author: it says which model finds these characters likelier."
_SAMPLE_MEANS = "Marlowe is not Shakespeare, yet Shakespeare's language model finds him likelier."


@dataclass(frozen=True)
class Asked:
    """A text and the two language models that are to read it."""

    settings: CompareSettings
    file: File


def ask(known: list[str]) -> Asked | None:
    """Asks for a text and two language models; None while one is missing, with a note on it."""
    file = own_texts.ask("Text", sample_texts.passages, _SAMPLE, _HINT)
    first = language_models.choose(known, label="First language model", key="first")
    second = language_models.choose(
        known, label="Second language model", key="second", at=min(1, len(known) - 1)
    )
    if first == second:
        what = "Choose another second model." if len(known) > 1 else "Train one under Your text."
        st.info(f"Choose two different language models. {what}", icon=":material/info:")
        return None
    return Asked(CompareSettings(first=first, second=second, per_character=True), file) if file else None


def show(asked: Asked | None) -> Mapping[str, Any] | None:
    """Draws the comparison of the language models and gives it, with the models' display names."""
    if asked is None:
        return None
    if engine.connect().status() != "ready":
        live.wait()
        return None
    inputs = {"text": [asked.file]}
    with st.spinner("Computing the likelihoods ..."):
        found = live.live_result(TASK, asked.settings, inputs, "who")
    if found is None:
        return None
    told = json.loads(found.data)
    told["language_models"] = [{**one, "name": words.model(one["name"])} for one in told["language_models"]]
    names = [one["name"] for one in told["language_models"]]
    st.markdown(f"**{words.plain(compare_words.verdict(told))}**")
    st.caption(f"{MEANS} {_SAMPLE_MEANS}" if asked.file == sample_texts.passages() else MEANS)
    compared_text(told["text"], told["nats"], names)
    st.caption("Point at a character to see the probability that each language model gave it.")
    for note in told["notes"]:
        st.caption(f":material/info: {words.plain(note)}")
    _language_models(told["language_models"], len(told["sentences"]))
    _sentences(told)
    with st.container(horizontal=True):
        report = compare_words.readable(told).encode("utf-8", "replace")
        results.download(report, TASK, key="who", ending=".txt", made=found.recipe)
    results.recipe(TASK, asked.settings, inputs, found.recipe)
    return told


def _language_models(read: Sequence[Mapping[str, Any]], sentences: int) -> None:
    for one, column in zip(read, st.columns(2), strict=True):
        own = "" if one["usual"] is None else f" On its own held-out text: {one['usual']:.2f}."
        with column:
            st.metric(words.plain(one["name"]), f"{one['nats_per_char']:.2f} nats")
            won = f"Significantly ahead in {one['sentences']:,} of {sentences:,} sentences."
            st.caption(f"Negative log-likelihood per character.{own} {won}")


def _sentences(told: Mapping[str, Any]) -> None:
    rows = sentence_rows(told)
    if len(rows) < 2:
        return
    st.altair_chart(_chart(rows, [one["name"] for one in told["language_models"]]), width="stretch")
    st.caption(
        "Each bar is a sentence; its length is the lead of one language model in nats per character. Pale "
        "bars are not significant after correction for the number of sentences."
    )
    with st.expander("Sentence by sentence", icon=":material/format_list_numbered:"):
        first, second = (words.plain(one["name"]) for one in told["language_models"])
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


def sentence_rows(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per sentence: its number, text, the model that is ahead, the lead, and its significance."""
    names = [one["name"] for one in told["language_models"]]
    return [
        {
            "at": at + 1,
            "sentence": " ".join(told["text"][one["start"] : one["end"]].split()),
            "language_model": names[int(one["ahead"] < 0)],
            "ahead": one["ahead"],
            "nats": one["nats"],
            "sure": one["language_model"] is not None,
        }
        for at, one in enumerate(told["sentences"])
    ]


def _chart(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Any:
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
