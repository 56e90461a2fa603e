"""Model names are stored as typed, in any script, and work as folder names on each system."""

from __future__ import annotations

import unicodedata

import pytest

from studio.core.errors import InvalidInput
from studio.core.models import names

GOOD = (
    "Élise",
    "日本語",
    "Grandma's language model",
    "голос 2",
    "हिन्दी",
    "صوتي",
    "v1.2 (best)",
    "my-language_model_3",
    "Rock & Roll!",
    "ＡＢＣ",
    "7",
    "Ωmega+",
    "x" * 60,
)
BAD = {
    "": "nothing",
    " ": "nothing",
    "..": "..",
    "../language_model": "language_model",
    "a/b": "a/b",
    "a\\b": "b",
    "a:b": "a:b",
    "a,b": "a,b",
    "a|b": "a|b",
    "-rf": "-rf",
    ".hidden": ".hidden",
    "ends.": "ends.",
    "NUL": "NUL",
    "con.txt": "con.txt",
    "Com1": "Com1",
    "a\x1b[31mb": "31mb",
    "bell\x07": "bell",
    "x" * 61: "xxx",
    "𠀀" * 60: "𠀀",
    "<b>": "<b>",
    "\ud800": "�",
    "🎨": "🎨",
}


@pytest.mark.parametrize("typed", GOOD)
def test_valid_names_are_kept_as_typed(typed):
    assert names.validate(typed) == typed
    assert names.validate(unicodedata.normalize("NFD", typed)) == typed
    assert names.validate(f"  {typed}\u200b ") == typed
    assert names.fold_case(unicodedata.normalize("NFD", typed.upper())) == names.fold_case(typed.upper())


@pytest.mark.parametrize("typed", BAD)
def test_names_invalid_for_folders_or_commands_are_refused(typed):
    assert not names.is_name(typed)
    with pytest.raises(InvalidInput, match="Invalid name") as error:
        names.validate(typed)
    assert BAD[typed] in str(error.value)


@pytest.mark.parametrize(
    "text, name",
    [
        ("Élise_2/#1", "Élise_2 1"),
        ("***", ""),
        ("nul", ""),
        ("a" * 99, "a" * 60),
        ("..x..", "x"),
        ("日本語 ", "日本語"),
    ],
)
def test_a_name_is_suggested_for_any_text(text, name):
    assert names.suggest(text) == name
