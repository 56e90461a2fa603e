"""Strict JSON: depth and number of values are measured before a text is parsed."""

from __future__ import annotations

import json

import pytest

from studio.core.untrusted import strict_json
from studio.core.untrusted.refusals import Refused


@pytest.mark.parametrize(
    "text, depth, values",
    [
        ("1", 0, 1),
        ("[]", 1, 2),
        ('{"a": [1, {"b": []}], "c": 2}', 4, 7),
        (r'["[[[,,,", "a\"[,", "\\", [","]]', 2, 6),
        (r'"\\\"[[["', 0, 1),
        ("[[[]", 3, 4),
    ],
)
def test_depth_and_values_outside_of_texts_are_counted(monkeypatch, text, depth, values):
    for chunk in (1, 3, 1 << 20):
        monkeypatch.setattr(strict_json, "_CHUNK_BYTES", chunk)
        assert strict_json.measure(text.encode()) == (depth, values)


def test_no_text_has_more_values_than_measured():
    values = [[1, 2, {"a": None}], {}, {"b": [[]], "c": "x,y"}, 7]
    text, counts = json.dumps(values).encode(), []
    json.loads(text, object_hook=lambda found: counts.append(len(found)))
    assert strict_json.measure(text)[1] >= 12 and strict_json.parse(text, 4) == values


@pytest.mark.parametrize("text", [b"[" + b"[]," * 20 + b"1]", b"[" + b"1," * 20 + b"1]", b"[" * 9 + b"]" * 9])
def test_deep_texts_and_those_of_many_values_are_not_parsed(monkeypatch, text):
    monkeypatch.setattr(strict_json.json, "loads", None)
    with pytest.raises(Refused, match=r"nested deeper|more than 15 values"):
        strict_json.parse(text, 8, 15)
