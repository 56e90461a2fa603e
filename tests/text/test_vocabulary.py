"""Encoding and decoding of characters, also of unknown ones."""

from __future__ import annotations

import pytest

from studio.core.errors import InvalidInput
from studio.text.vocabulary import MOST, Vocabulary


@pytest.mark.parametrize("text", ["hello world", "äöü ß", "日本語のテキスト", "🙂👩‍👩‍👧 ok", "\n\t a\r"])
def test_a_text_comes_back(text):
    vocabulary = Vocabulary.of(text)
    encoded = vocabulary.encode(text)
    assert vocabulary.decode(encoded.indices) == text
    assert (encoded.replaced, encoded.dropped) == ({}, "")
    assert sorted(set(text)) == list(vocabulary.characters)


def test_unknown_characters_are_read_as_their_like_or_left_out():
    vocabulary = Vocabulary.of("abe '-\n")
    encoded = vocabulary.encode("Éa’—b\u00a0日🙂")
    assert vocabulary.decode(encoded.indices) == "ea'-b "
    assert encoded.replaced == {"É": "e", "’": "'", "—": "-", "\u00a0": " "}
    assert encoded.dropped == "日🙂"


def test_nothing_is_encoded_as_nothing():
    assert len(Vocabulary("ab").encode("").indices) == 0


@pytest.mark.parametrize("characters", ["", "a", "aa", "".join(map(chr, range(0x4E00, 0x4E01 + MOST)))])
def test_alphabets_that_no_model_can_have(characters):
    with pytest.raises(InvalidInput, match="alphabet"):
        Vocabulary(characters)
