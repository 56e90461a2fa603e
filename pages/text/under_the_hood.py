"""Under the hood of texts: what may come next as temperature moves, and one unit's gates along the text."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.jobs.written_texts import Text
from pages.text import gates, next_character
from pages.widgets import under_the_hood, words
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.process import blas_threads
from studio.text import voice
from studio.text.settings import WriteSettings

MOST_READ = 600  # characters at the end of a text; what stood before hardly matters
ALONG = 72  # characters at its end that can be looked at
NEAR = 32  # characters around one whose gates are drawn
# What stands in for a text until there is one; Shakespeare, Hamlet.
PASSAGE = (
    "To be, or not to be, that is the question:\nWhether 'tis nobler in the mind to suffer\n"
    "The slings and arrows of outrageous fortune"
)

_WHAT = """
The **language model** reads one character after the other. Each is turned into a learned vector, its
**embedding**, and a recurrent network updates its **state**, a few hundred numbers, from that vector. From
the state it computes a score for every character of its alphabet, the **logits** $z$. A **softmax** turns
them into probabilities, and one character is sampled. **Temperature** $T$ divides the logits first: below 1
likely characters gain, above 1 unlikely ones do. *Top-k* and *top-p* remove unlikely characters before
sampling.

Training minimizes the **cross-entropy**, the mean negative log-likelihood of the next character in nats,
with AdamW. The learning rate follows a **schedule**, a short warm-up and a cosine decay, and each gradient
with a norm above 1 is scaled down to 1 (**gradient clipping**). Gradients reach back through a limited
number of characters.
"""
_FORMULA = r"p_i = \frac{\exp(z_i / T)}{\sum_j \exp(z_j / T)}"
_GATES_FORMULA = r"""\begin{aligned}
f, i, o &= \sigma(W_{f,i,o}\,[x_t, h_{t-1}] + b_{f,i,o}) \\
c_t &= f \odot c_{t-1} + i \odot \tanh(W_c\,[x_t, h_{t-1}] + b_c) \\
h_t &= o \odot \tanh(c_t)
\end{aligned}"""
_GATES = """
An **LSTM** has a cell state $c$ and three **gates** between 0 and 1 for every unit: the forget gate $f$
scales what it keeps, the input gate $i$ what it adds, and the output gate $o$ what it passes on. A unit that
closes at each line end, or opens within quotation marks, learned that from the text alone. A **GRU** has two
gates and no separate cell state. In general neither is better.
"""
_PAPERS = (
    "Graves, [Generating Sequences With Recurrent Neural Networks](https://arxiv.org/abs/1308.0850), 2013. "
    "Hochreiter and Schmidhuber, [Long Short-Term Memory](https://doi.org/10.1162/neco.1997.9.8.1735), 1997. "
    "Holtzman et al., [The Curious Case of Neural Text Degeneration](https://arxiv.org/abs/1904.09751), "
    "2020, for top-p. Chung et al., [Empirical Evaluation of Gated Recurrent Neural Networks on Sequence "
    "Modeling](https://arxiv.org/abs/1412.3555), 2014, for GRU and LSTM."
)


class Reading(NamedTuple):
    """How a voice read the end of a text of T characters.

    Attributes:
        text: those characters.
        logits: `(T, alphabet)`, of the character after each.
        opened: `(T, gates, units)`, the gates of the last layer.
        gates: what those are called.
        alphabet: the characters that it knows, in the order of the logits.
    """

    text: str
    logits: np.ndarray
    opened: np.ndarray
    gates: tuple[str, ...]
    alphabet: str


def explain(text: Text | None, asked: WriteSettings | None = None) -> None:
    """The folded section, drawn from a text and its voice. While folded nothing is computed.

    Args:
        text: what was written; None before there is any.
        asked: what the form asks for: without a text its voice reads a passage.
    """
    section = under_the_hood.section()
    if not section.open:
        return
    parts = (
        (st.markdown, _WHAT),
        (st.latex, _FORMULA),
        (st.markdown, _GATES),
        (st.latex, _GATES_FORMULA),
        (st.caption, _PAPERS),
    )
    with section:
        under_the_hood.beside(parts, lambda: _drawn(text, asked))


def _drawn(text: Text | None, asked: WriteSettings | None) -> None:
    settings, whole = (text.settings, text.whole) if text else (asked, PASSAGE)
    if settings is None:
        st.caption("Choose a voice: what it expects of a text is drawn here.")
        return
    if text is None:
        name = words.plain(words.model(settings.preset))
        st.caption(f"How {name} reads a passage of Hamlet. A text of yours takes its place.")
    try:
        found = _read(settings.preset, presets.find(settings.preset).key, whole[-MOST_READ:])
    except StudioError as error:
        st.caption(words.plain(str(error)))
        return
    _of_a_text(found, settings.temperature)


def _of_a_text(found: Reading, temperature: float) -> None:
    at = next_character.undecided(found.logits)
    if len(found.text) > 1:
        help = "It starts where the voice was least decided."
        at = st.slider("After which character", 1, len(found.text), at + 1, key="hood_at", help=help) - 1
    before, after = found.text[: at + 1], found.text[at + 1 :]
    st.html(f'<code style="white-space:pre-wrap">{escape(before)}<mark>▮</mark>{escape(after)}</code>')
    scores = next_character.rows(found.logits[at], found.alphabet)
    st.altair_chart(next_character.chart(scores, temperature), width="stretch")
    st.caption("The probabilities of the next character; move the temperature.")
    unit = st.selectbox("Unit", gates.liveliest(found.opened), key="hood_unit", help="The liveliest first")
    near = _near(at, len(found.text))
    told = gates.rows(found.opened[near, :, unit], found.text[near], found.gates)
    st.altair_chart(gates.chart(told, found.gates), width="stretch")
    st.caption("The gates of that unit along the text, around that character.")


def _near(at: int, length: int) -> slice:
    """The characters around one, as many as a phone shows side by side."""
    first = max(0, min(at - NEAR // 2, length - NEAR))
    return slice(first, first + NEAR)


@st.cache_data(max_entries=8, show_spinner=False)
def _read(name: str, key: str, text: str) -> Reading:
    spoken = voice.load(name)
    indices = spoken.vocabulary.encode(text).indices
    if not len(indices):
        indices = np.array([max(spoken.vocabulary.characters.find("\n"), 0)])
    with blas_threads.limited(1):
        logits, _ = spoken.network.run(indices[None], spoken.network.states(1))
        opened = gates.along(spoken.network, indices)
    return Reading(
        spoken.vocabulary.decode(indices)[-ALONG:],
        logits[0, -ALONG:],
        opened[-ALONG:],
        gates.names(spoken.network),
        "".join(spoken.vocabulary.characters),
    )
