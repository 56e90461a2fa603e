"""Error messages have one wording, one line, and no control characters."""

from __future__ import annotations

import difflib

import pytest

from studio.core.errors import (
    InvalidInput,
    StudioError,
    invalid,
    is_out_of_memory,
    make_printable,
    shorten_name,
    unknown,
)


def test_invalid_says_what_is_wrong_what_is_accepted_and_what_to_do():
    error = invalid("`size`", expected="64 to 2048 px", received=7, next_step="choose another")
    assert isinstance(error, InvalidInput)
    assert isinstance(error, StudioError)
    assert str(error) == "Invalid `size`: 7. Use 64 to 2048 px. Choose another."


def test_the_received_value_is_shortened_and_made_printable():
    message = str(invalid("x", expected="y", received="\x1b[2J\n" + "a" * 10_000, next_step="z"))
    assert len(message) < 300
    assert message.isprintable()


def test_an_unknown_name_lists_all_names_closest_first():
    message = str(unknown("fruit", "Bananna", ["apple", "banana", "cherry"]))
    assert message.startswith("Invalid fruit: Bananna. Did you mean banana? Use one of banana, ")
    assert "apple" in message and "cherry" in message


def test_a_received_name_is_shortened_before_it_is_compared(monkeypatch):
    lengths = []

    class Matcher(difflib.SequenceMatcher):
        def set_seqs(self, a, b):
            lengths.append(len(b))
            super().set_seqs(a, b)

        def set_seq2(self, b):
            lengths.append(len(b))
            super().set_seq2(b)

    monkeypatch.setattr(difflib, "SequenceMatcher", Matcher)
    assert "apple" in str(unknown("fruit", "x" * 900_000, ["apple"]))
    assert max(lengths) <= 200


def test_names_beyond_the_limit_are_counted():
    message = str(unknown("layer", "block77", [f"block{n}" for n in range(1000)]))
    assert "one of block77, block" in message
    listed = message.count("block") - 1  # one is what was received
    assert f" or {1000 - listed} more." in message
    assert len(message) < 300


def test_without_any_names_the_error_says_to_leave_it_out():
    message = str(unknown("direction", "", []))
    assert message == "There is no direction here. Leave it out."


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a\nb", "a\ufffdb"),
        ("\x1b[31m", "\ufffd[31m"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("naïve 画", "naïve 画"),
        ("می\u200cخواهم \U0001f469\u200d\U0001f467", "می\u200cخواهم \U0001f469\u200d\U0001f467"),
    ],
)
def test_make_printable_replaces_control_characters(text, expected):
    assert make_printable(text) == expected


@pytest.mark.parametrize("length", [9, 10, 11])
def test_make_printable_respects_the_limit(length):
    text = make_printable("a" * length, 10)
    assert len(text) == min(length, 10)
    assert text.endswith("…") == (length > 10)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("holiday.png", "holiday.png"),
        ("x" * 140 + ".png", "x" * 15 + "….png"),
        ("x" * 140, "x" * 19 + "…"),
        ("Mr. and Mrs. Somebody of Somewhere", "Mr. and Mrs. Somebo…"),
        ("a\n" + "b" * 40 + ".m\tp", "a\ufffd" + "b" * 13 + "….m\ufffdp"),
    ],
)
def test_a_shortened_name_keeps_its_extension(name, expected):
    assert shorten_name(name, 20) == expected


def test_out_of_memory_errors_of_all_libraries_are_recognized():
    class ResourceExhaustedError(Exception):
        """Has the name of TensorFlow's error."""

    class XlaRuntimeError(RuntimeError):
        """Has the name that JAX gives all errors of a device."""

    assert is_out_of_memory(ResourceExhaustedError("OOM when allocating tensor"))
    assert is_out_of_memory(XlaRuntimeError("RESOURCE_EXHAUSTED: Out of memory"))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(XlaRuntimeError("INVALID_ARGUMENT: shapes")) and not is_out_of_memory(
        ValueError("memory")
    )
