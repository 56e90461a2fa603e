"""Who wrote this? Each character of a text has the colour of the voice that expected it more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import sample_texts
from pages.jobs import live, results
from pages.text import own_texts, voices
from pages.widgets import words
from pages.widgets.marked_text import compared_text
from studio import engine
from studio.core.tasks import File
from studio.text import compare_words
from studio.text.settings import CompareSettings

TASK = "text.compare"
COLOURS = ("#526ad8", "#d68626")  # of the two voices, as on the paper
_SAMPLE = "Five lines of Marlowe, then two sentences by Lewis Carroll. Neither voice has read them."
_HINT = "Choose a file; a page of text is plenty."
MEANS = "A voice is not a person: it says whose letters these are more like."
_SAMPLE_MEANS = "Marlowe is no Shakespeare, and yet Shakespeare's voice expects him."


@dataclass(frozen=True)
class Asked:
    """A text and the two voices that are to read it."""

    settings: CompareSettings
    file: File


def ask(known: list[str]) -> Asked | None:
    """Asks for a text and two voices; None while one is missing, after saying which."""
    file = own_texts.ask("Text", sample_texts.passages, _SAMPLE, _HINT)
    first = voices.choose(known, label="First voice", key="first")
    second = voices.choose(known, label="Second voice", key="second", at=min(1, len(known) - 1))
    if first == second:
        what = "Choose another second voice." if len(known) > 1 else "Let one learn under Your text."
        st.info(f"It takes two different voices. {what}", icon=":material/info:")
        return None
    return Asked(CompareSettings(first=first, second=second, per_character=True), file) if file else None


def show(asked: Asked | None) -> Mapping[str, Any] | None:
    """Draws what the voices made of the text; gives it, voices by the names that pages call them."""
    if asked is None:
        return None
    if engine.connect().status() != "ready":
        live.wait()
        return None
    inputs = {"text": [asked.file]}
    with st.spinner("Two voices are reading ..."):
        found = live.live_result(TASK, asked.settings, inputs, "who")
    if found is None:
        return None
    told = json.loads(found.data)
    told["voices"] = [{**one, "name": words.model(one["name"])} for one in told["voices"]]
    names = [one["name"] for one in told["voices"]]
    st.markdown(f"**{words.plain(compare_words.verdict(told))}**")
    st.caption(f"{MEANS} {_SAMPLE_MEANS}" if asked.file == sample_texts.passages() else MEANS)
    compared_text(told["text"], told["nats"], names)
    st.caption("Point at a character to see what chance each voice gave it.")
    for note in told["notes"]:
        st.caption(f":material/info: {words.plain(note)}")
    _voices(told["voices"], len(told["sentences"]))
    _sentences(told)
    with st.container(horizontal=True):
        report = compare_words.readable(told).encode("utf-8", "replace")
        results.download(report, TASK, key="who", ending=".txt", made=found.recipe)
    results.recipe(TASK, asked.settings, inputs, found.recipe)
    return told


def _voices(read: Sequence[Mapping[str, Any]], sentences: int) -> None:
    for one, column in zip(read, st.columns(2), strict=True):
        own = "" if one["usual"] is None else f" On texts of its own kind it needs {one['usual']:.2f}."
        with column:
            st.metric(words.plain(one["name"]), f"{one['nats_per_char']:.2f} nats")
            won = f"Clearly ahead in {one['sentences']:,} of {sentences:,} sentences."
            st.caption(f"of surprise a character.{own} {won}")


def _sentences(told: Mapping[str, Any]) -> None:
    rows = sentence_rows(told)
    if len(rows) < 2:
        return
    st.altair_chart(_chart(rows, [one["name"] for one in told["voices"]]), width="stretch")
    st.caption(
        "A bar for each sentence, as long as one voice is ahead of the other, in nats a character. Pale ones "
        "may be chance: the lead changes too much from word to word, given how many sentences are compared."
    )
    with st.expander("Sentence by sentence", icon=":material/format_list_numbered:"):
        first, second = (words.plain(one["name"]) for one in told["voices"])
        table = [
            {
                "Sentence": row["sentence"],
                "More like": row["voice"] if row["sure"] else "cannot be told",
                first: round(row["nats"][0], 2),
                second: round(row["nats"][1], 2),
            }
            for row in rows
        ]
        st.dataframe(table, hide_index=True, width="stretch")
        st.caption("The two columns of numbers are nats a character: the lower one expected it more.")


def sentence_rows(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a sentence: which it is, what it says, who is ahead by how much, and whether that is sure."""
    names = [one["name"] for one in told["voices"]]
    return [
        {
            "at": at + 1,
            "sentence": " ".join(told["text"][one["start"] : one["end"]].split()),
            "voice": names[int(one["ahead"] < 0)],
            "ahead": one["ahead"],
            "nats": one["nats"],
            "sure": one["voice"] is not None,
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
                "voice:N",
                title=None,
                scale=alt.Scale(domain=list(names), range=list(COLOURS)),
                legend=alt.Legend(orient="top"),
            ),
            opacity=alt.condition("datum.sure", alt.value(1), alt.value(0.4)),
            tooltip=["sentence:N", "voice:N", alt.Tooltip("ahead:Q", format="+.2f")],
        )
        .properties(height=220)
    )
