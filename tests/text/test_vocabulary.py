"""Encoding and decoding of characters, also of unknown ones."""

from __future__ import annotations

import pytest

from studio.core.errors import InvalidInput
from studio.text.vocabulary import MAX_SIZE, Vocabulary


@pytest.mark.parametrize("text", ["hello world", "äöü ß", "日本語のテキスト", "🙂👩‍👩‍👧 ok", "\n\t a\r"])
def test_encoding_and_decoding_give_the_same_text(text):
    vocabulary = Vocabulary.of(text)
    encoded = vocabulary.encode(text)
    assert vocabulary.decode(encoded.indices) == text
    assert (encoded.replaced, encoded.dropped) == ({}, "")
    assert sorted(set(text)) == list(vocabulary.characters)


def test_unknown_characters_are_replaced_or_dropped():
    vocabulary = Vocabulary.of("abe '-\n")
    encoded = vocabulary.encode("Éa’—b\u00a0日🙂")
    assert vocabulary.decode(encoded.indices) == "ea'-b "
    assert encoded.replaced == {"É": "e", "’": "'", "—": "-", "\u00a0": " "}
    assert encoded.dropped == "日🙂"


def test_an_empty_text_is_encoded_as_an_empty_array():
    assert len(Vocabulary("ab").encode("").indices) == 0


@pytest.mark.parametrize("characters", ["", "a", "aa", "".join(map(chr, range(0x4E00, 0x4E01 + MAX_SIZE)))])
def test_invalid_vocabularies_are_refused(characters):
    with pytest.raises(InvalidInput, match="alphabet"):
        Vocabulary(characters)
