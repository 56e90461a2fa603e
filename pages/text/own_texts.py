"""The user's own text, from a file or pasted, with its statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.form import estimates, forms, input_store, problems, sample_texts, uploads
from pages.jobs import results
from pages.widgets import browser_history, owners, page_errors, words
from pages.widgets.marked_text import show_marked_text
from studio.core.data import corpus, encodings
from studio.core.errors import StudioError
from studio.core.tasks import File
from studio.text.batches import Plan, make_plan
from studio.text.settings import TrainTextSettings

SOURCES = {"sample": "A sample", "file": "A file", "pasted": "Pasted"}
MAX_UPLOAD_MB = corpus.MAX_BYTES // 10**6
MAX_PASTED_CHARS = 15_000_000  # characters: in UTF-8 they fit into one message from the page
EXCERPT_CHARS = 700  # characters of the excerpt
MAX_CHARACTERS_LISTED = 120  # distinct characters that are listed
_SLOT, _FILE_KEY = "text", "text_file"
_PASTED_KEY, _BOX_KEY = "pasted", "pasted_text"


@dataclass(frozen=True)
class TextFacts:
    """Statistics of a text and its first characters."""

    encoding: str
    notes: tuple[str, ...]
    facts: corpus.Facts
    excerpt: str


def choose() -> File | None:
    """Asks for the training text; returns None while there is none, or after showing an error."""
    tales = "Short made-up tales; training takes a few minutes."
    hint = "Choose a file, best with a few hundred thousand characters."
    return ask("Training text", sample_texts.store_tales, tales, hint)


def ask(label: str, sample: Callable[[], File], description: str, hint: str) -> File | None:
    """Asks for a text; returns None while there is none, or after showing an error.

    Args:
        label: of the choice of its source.
        sample: returns the sample text.
        description: describes the sample in a sentence.
        hint: shown while there is no file.
    """
    source = forms.ask_choice(label, SOURCES, key="source", default="sample")
    own_files = input_store.restore_files(_FILE_KEY, "text")
    input_store.store_files(_FILE_KEY, own_files)
    input_store.store(_PASTED_KEY, _restore_pasted())
    if source == "sample":
        st.caption(description)
        return sample()
    return _ask_file(own_files, hint) if source == "file" else _ask_pasted()


def select(file: File) -> None:
    """Selects the sample, or a stored text as a file. Call it before the form is drawn."""
    is_sample = file.digest == sample_texts.store_tales().digest
    st.session_state["source"] = "sample" if is_sample else "file"
    if not is_sample:
        st.session_state[_FILE_KEY] = [file]


def _ask_file(files: Sequence[File], hint: str) -> File | None:
    help = f"Plain text in any language and encoding, up to {MAX_UPLOAD_MB} MB"
    uploads.ask(_SLOT, "A text from your device", _store_upload, max_upload_size=MAX_UPLOAD_MB, help=help)
    page_errors.show_errors(_SLOT)
    if not files:
        st.caption(f":material/info: {hint}")
        problems.note("Upload a text file, or choose the sample.")
        return None
    st.caption(f":material/description: {words.escape(files[0].name)}")
    return files[0]


def _store_upload(data: bytes, name: str) -> None:
    st.session_state[_FILE_KEY] = [_check_and_store(data, name)]


def _ask_pasted() -> File | None:
    hint = "Paste or type a text"
    if _BOX_KEY not in st.session_state or browser_history.is_back_or_forward():
        st.session_state[_BOX_KEY] = _restore_pasted()
    text = st.text_area(
        "Your text",
        height=220,
        max_chars=MAX_PASTED_CHARS,
        key=_BOX_KEY,
        placeholder=hint,
        persist_state="session",
    )
    st.session_state[_PASTED_KEY] = text
    input_store.store(_PASTED_KEY, text)
    if not text:
        problems.note(f"Paste or type at least {corpus.MIN_CHARACTERS} characters.")
        return None
    try:
        return _check_and_store(text.encode("utf-8", "replace"), "pasted.txt")
    except StudioError as error:
        problems.show(str(error))
        return None


def _restore_pasted() -> str:
    return input_store.restore(_PASTED_KEY, lambda value: value if isinstance(value, str) else "")


def _check_and_store(data: bytes, name: str) -> File:
    """Stores a text. Returns its file. Raises `StudioError` if a model cannot be trained on it."""
    corpus.read(data)
    return File.store(data, "text", name)


@owners.cached(max_entries=8, show_spinner="Reading the text ...")
def read_facts(file: File, encoding: str = encodings.AUTO) -> TextFacts:
    """Returns the statistics of a stored text."""
    text = corpus.read(file.read(), encoding)
    return TextFacts(text.encoding, text.notes, corpus.compute_facts(text.text), text.text[:EXCERPT_CHARS])


def show(file: File, settings: TrainTextSettings | None) -> None:
    """Shows an excerpt of a text, its statistics, and the length of training on it."""
    text_facts = read_facts(file, settings.encoding if settings else encodings.AUTO)
    facts = text_facts.facts
    is_longer = facts.chars > len(text_facts.excerpt)
    show_marked_text(text_facts.excerpt, hint=" ..." if is_longer else "", key="own_paper")
    with st.container(horizontal=True):
        st.metric("Characters", f"{facts.chars:,}")
        st.metric("Alphabet", f"{len(facts.alphabet):,}")
        st.metric("Words", f"{facts.words:,}")
        st.metric("Lines", f"{facts.lines:,}")
    notes = list(text_facts.notes)
    if not any(text_facts.encoding in note for note in notes):
        notes.insert(0, f"Read as {text_facts.encoding}.")
    if settings is not None:
        # Only the length of the text matters here.
        batch_plan = make_plan(np.zeros(facts.chars, "int8"), settings)
        notes += [*batch_plan.notes, _describe_duration(file, settings, batch_plan)]
    results.show_notes(notes)
    st.caption("Characters of the text, the most frequent first:")
    st.text(_join_characters([character for character, _ in facts.alphabet]))
    if facts.unusual:
        st.caption(
            ":material/warning: Unusual characters, often left by other software; the model learns them, too:"
        )
        st.text(
            _join_characters(
                [f"{corpus.describe_character(c)} ({count:,})" for c, count in facts.unusual], ", "
            )
        )


def _describe_duration(file: File, settings: TrainTextSettings, batch_plan: Plan) -> str:
    cost = estimates.describe_cost("text.train", settings, {"text": [file]})
    return f"Training runs for {batch_plan.epochs} epochs of the text, in {batch_plan.steps:,} steps{cost}."


def _join_characters(characters: list[str], separator: str = " ") -> str:
    names = [corpus.describe_character(c) if len(c) == 1 else c for c in characters[:MAX_CHARACTERS_LISTED]]
    remaining = len(characters) - MAX_CHARACTERS_LISTED
    return separator.join(names) + (f" and {remaining:,} more" if remaining > 0 else "")
