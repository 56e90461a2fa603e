"""The user's own text, from a file or pasted, with its statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.form import estimates, forms, kept_inputs, sample_texts, uploads
from pages.widgets import browser_history, owners, words
from pages.widgets.marked_text import marked_text
from studio.core.data import corpus, encodings
from studio.core.errors import StudioError
from studio.core.tasks import File
from studio.text.batches import Plan, plan
from studio.text.settings import TrainTextSettings

SOURCES = {"sample": "A sample", "file": "A file", "pasted": "Pasted"}
MOST_MB = corpus.MOST_BYTES // 10**6
MOST_PASTED = 15_000_000  # characters: in UTF-8 they fit into one message from the page
BEGINNING = 700  # characters of the excerpt
ALPHABET = 120  # distinct characters that are listed
_SLOT, _OWN = "text", "text_file"
_PASTED, _BOX = "pasted", "pasted_text"


@dataclass(frozen=True)
class TextFacts:
    """Statistics of a text and its first characters."""

    encoding: str
    notes: tuple[str, ...]
    facts: corpus.Facts
    beginning: str


def choose() -> File | None:
    """Asks for the training text; returns None while there is none, or after showing an error."""
    tales = "Short made-up tales; training takes a few minutes."
    hint = "Choose a file, best with a few hundred thousand characters."
    return ask("Training text", sample_texts.file, tales, hint)


def ask(label: str, sample: Callable[[], File], description: str, hint: str) -> File | None:
    """Asks for a text; returns None while there is none, or after showing an error.

    Args:
        label: of the choice of its source.
        sample: returns the sample text.
        description: describes the sample in a sentence.
        hint: shown while there is no file.
    """
    source = forms.one_of(label, SOURCES, key="source", default="sample")
    own_files = kept_inputs.restore_files(_OWN, "text")
    kept_inputs.keep_files(_OWN, own_files)
    kept_inputs.keep(_PASTED, _last_text())
    if source == "sample":
        st.caption(description)
        return sample()
    return _from_file(own_files, hint) if source == "file" else _from_text_box()


def put(file: File) -> None:
    """Selects the sample, or a stored text as a file. Call it before the form is drawn."""
    is_sample = file.digest == sample_texts.file().digest
    st.session_state["source"] = "sample" if is_sample else "file"
    if not is_sample:
        st.session_state[_OWN] = [file]


def _from_file(files: Sequence[File], hint: str) -> File | None:
    help = f"Plain text in any language and encoding, up to {MOST_MB} MB"
    uploads.ask(_SLOT, "A text from your device", _take, max_upload_size=MOST_MB, help=help)
    uploads.show_fault(_SLOT)
    if not files:
        st.caption(f":material/info: {hint}")
        return None
    st.caption(f":material/description: {words.plain(files[0].name)}")
    return files[0]


def _take(data: bytes, name: str) -> None:
    st.session_state[_OWN] = [_store_checked(data, name)]


def _from_text_box() -> File | None:
    hint = "Paste or type a text"
    if _BOX not in st.session_state or browser_history.is_back_or_forward():
        st.session_state[_BOX] = _last_text()
    text = st.text_area(
        "Your text",
        height=220,
        max_chars=MOST_PASTED,
        key=_BOX,
        placeholder=hint,
        persist_state="session",
    )
    st.session_state[_PASTED] = text
    kept_inputs.keep(_PASTED, text)
    if not text:
        return None
    try:
        return _store_checked(text.encode("utf-8", "replace"), "pasted.txt")
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None


def _last_text() -> str:
    return kept_inputs.restore(_PASTED, lambda value: value if isinstance(value, str) else "")


def _store_checked(data: bytes, name: str) -> File:
    """Stores a text and returns its file. Raises `StudioError` if it cannot be trained on."""
    corpus.read(data)
    return File.keep(data, "text", name)


@owners.cached(max_entries=8, show_spinner="Reading the text ...")
def facts_of(file: File, encoding: str = encodings.AUTO) -> TextFacts:
    """Returns the statistics of a stored text."""
    text = corpus.read(file.read(), encoding)
    return TextFacts(text.encoding, text.notes, corpus.compute_facts(text.text), text.text[:BEGINNING])


def show(file: File, settings: TrainTextSettings | None) -> None:
    """Shows an excerpt of a text, its statistics, and the length of training on it."""
    text_facts = facts_of(file, settings.encoding if settings else encodings.AUTO)
    facts = text_facts.facts
    is_longer = facts.chars > len(text_facts.beginning)
    marked_text(text_facts.beginning, hint=" ..." if is_longer else "", key="own_paper")
    with st.container(horizontal=True):
        st.metric("Characters", f"{facts.chars:,}")
        st.metric("Alphabet", f"{len(facts.alphabet):,}")
        st.metric("Words", f"{facts.words:,}")
        st.metric("Lines", f"{facts.lines:,}")
    notes = [f"Read as {text_facts.encoding}.", *text_facts.notes]
    if settings is not None:
        # Only the length of the text matters here.
        batch_plan = plan(np.zeros(facts.chars, "int8"), settings)
        notes += [*batch_plan.notes, _duration(file, settings, batch_plan)]
    for note in notes:
        st.caption(f":material/info: {words.plain(note)}")
    st.caption("Characters of the text, the most frequent first:")
    st.text(_join([character for character, _ in facts.alphabet]))
    if facts.odd:
        st.caption(
            ":material/warning: Unusual characters, often left by other software; the model learns them, too:"
        )
        st.text(_join([f"{corpus.describe(c)} ({count:,})" for c, count in facts.odd], ", "))


def _duration(file: File, settings: TrainTextSettings, batch_plan: Plan) -> str:
    cost = estimates.cost_in_words("text.train", settings, {"text": [file]})
    return f"Training runs for {batch_plan.epochs} epochs of the text, in {batch_plan.steps:,} steps{cost}."


def _join(characters: list[str], separator: str = " ") -> str:
    names = [corpus.describe(c) if len(c) == 1 else c for c in characters[:ALPHABET]]
    remaining = len(characters) - ALPHABET
    return separator.join(names) + (f" and {remaining:,} more" if remaining > 0 else "")
