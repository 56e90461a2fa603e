"""The user's own text: from a file or pasted, with its facts."""

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
BEGINNING = 700  # characters that are shown
ALPHABET = 120  # kinds of characters that are shown
_SLOT, _OWN = "text", "text_file"
_PASTED, _BOX = "pasted", "pasted_text"


@dataclass(frozen=True)
class TextFacts:
    """Facts of a text, cached."""

    encoding: str
    notes: tuple[str, ...]
    facts: corpus.Facts
    beginning: str


def choose() -> File | None:
    """Asks for the training text; None while there is none, or after showing an error."""
    tales = "Short made-up tales; training takes a few minutes."
    hint = "Choose a file, best with a few hundred thousand characters."
    return ask("Training text", sample_texts.file, tales, hint)


def ask(label: str, sample: Callable[[], File], what: str, hint: str) -> File | None:
    """Asks for a text; None while there is none, or after showing an error.

    Args:
        label: of the choice of its source.
        sample: gives the sample text.
        what: describes the sample, in a sentence.
        hint: shown while there is no file.
    """
    source = forms.one_of(label, SOURCES, key="source", default="sample")
    own = kept_inputs.restore_files(_OWN, "text")
    kept_inputs.keep_files(_OWN, own)
    kept_inputs.keep(_PASTED, _last_pasted())
    if source == "sample":
        st.caption(what)
        return sample()
    return _from_file(own, hint) if source == "file" else _pasted()


def put(file: File) -> None:
    """Chooses the sample, or a kept text as a file. Call it before the form is drawn."""
    is_sample = file.digest == sample_texts.file().digest
    st.session_state["source"] = "sample" if is_sample else "file"
    if not is_sample:
        st.session_state[_OWN] = [file]


def _from_file(own: Sequence[File], hint: str) -> File | None:
    help = f"Plain text in any language and encoding, up to {MOST_MB} MB"
    uploads.ask(_SLOT, "A text from your device", _take, max_upload_size=MOST_MB, help=help)
    uploads.show_fault(_SLOT)
    if not own:
        st.caption(f":material/info: {hint}")
        return None
    st.caption(f":material/description: {words.plain(own[0].name)}")
    return own[0]


def _take(data: bytes, name: str) -> None:
    st.session_state[_OWN] = [_checked(data, name)]


def _pasted() -> File | None:
    hint = "Paste or type a text"
    if _BOX not in st.session_state or browser_history.is_back_or_forward():
        st.session_state[_BOX] = _last_pasted()
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
        return _checked(text.encode("utf-8", "replace"), "pasted.txt")
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None


def _last_pasted() -> str:
    return kept_inputs.restore(_PASTED, lambda told: told if isinstance(told, str) else "")


def _checked(data: bytes, name: str) -> File:
    """The text among the studio's files. Raises `StudioError` if it is none to learn from."""
    corpus.read(data)
    return File.keep(data, "text", name)


@owners.cached(max_entries=8, show_spinner="Reading the text ...")
def facts_of(file: File, encoding: str = encodings.AUTO) -> TextFacts:
    """The facts of a stored text."""
    read = corpus.read(file.read(), encoding)
    return TextFacts(read.encoding, read.notes, corpus.facts(read.text), read.text[:BEGINNING])


def show(file: File, settings: TrainTextSettings | None) -> None:
    """Shows the beginning of a text, its facts, and the length of training on it."""
    found = facts_of(file, settings.encoding if settings else encodings.AUTO)
    facts = found.facts
    more = facts.chars > len(found.beginning)
    marked_text(found.beginning, hint=" ..." if more else "", key="own_paper")
    with st.container(horizontal=True):
        st.metric("Characters", f"{facts.chars:,}")
        st.metric("Alphabet", f"{len(facts.alphabet):,}")
        st.metric("Words", f"{facts.words:,}")
        st.metric("Lines", f"{facts.lines:,}")
    said = [f"Read as {found.encoding}.", *found.notes]
    if settings is not None:
        read = plan(np.zeros(facts.chars, "int8"), settings)  # whose length alone decides
        said += [*read.notes, _reading(file, settings, read)]
    for note in said:
        st.caption(f":material/info: {words.plain(note)}")
    st.caption("Characters of the text, the most frequent first:")
    st.text(_listed([character for character, _ in facts.alphabet]))
    if facts.odd:
        st.caption(
            ":material/warning: Unusual characters, often left by other software; the model learns them, too:"
        )
        st.text(_listed([f"{corpus.shown(c)} ({count:,})" for c, count in facts.odd], ", "))


def _reading(file: File, settings: TrainTextSettings, read: Plan) -> str:
    takes = estimates.cost_in_words("text.train", settings, {"text": [file]})
    return f"Training runs for {read.epochs} epochs of the text, in {read.steps:,} steps{takes}."


def _listed(characters: list[str], between: str = " ") -> str:
    names = [corpus.shown(c) if len(c) == 1 else c for c in characters[:ALPHABET]]
    left = len(characters) - ALPHABET
    return between.join(names) + (f" and {left:,} more" if left > 0 else "")
