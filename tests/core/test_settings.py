"""Settings: one class defines form, flags and recipe, and names invalid values."""

from __future__ import annotations

import math
from typing import Literal

import pytest
from pydantic import ValidationError

from studio.core.errors import InvalidInput
from studio.core.settings import Settings, setting
from tests.wording import says_what_to_do


class Sample(Settings):
    style_weight: float = setting(0.5, "How much.", tier="main", ge=0, le=1, step=0.1, unit="parts")
    size: int = setting(512, "Longer side.", unit="px", ge=64, le=2048, scale="log")
    steps: int | None = setting(None, "Passes.", ge=1)
    look: Literal["calm", "wild"] = setting("calm", "The look.")
    mirror: bool = setting(False, "Left for right.")
    layers: tuple[str, ...] = setting((), "Which ones.", max_length=2)
    note: str = setting("", "Words.")
    gain: float = setting(1.0, "Any number.")


def test_describe_returns_the_fields_of_a_form():
    fields = Sample.describe()
    assert list(fields) == ["style_weight", "size", "steps", "look", "mirror", "layers", "note", "gain"]
    assert [field.kind for field in fields.values()] == [
        "float",
        "int",
        "int",
        "choice",
        "bool",
        "list",
        "text",
        "float",
    ]
    weight = fields["style_weight"]
    assert (weight.default, weight.minimum, weight.maximum, weight.step) == (0.5, 0, 1, 0.1)
    assert (weight.tier, weight.unit, weight.scale, weight.help) == ("main", "parts", "linear", "How much.")
    assert (weight.label, weight.flag) == ("Style weight", "--style-weight")
    assert fields["size"].scale == "log"
    assert fields["steps"].default is None
    assert fields["look"].choices == ("calm", "wild")


def test_accepted_values_are_described():
    limits = {name: field.accepted_values for name, field in Sample.describe().items()}
    assert limits["style_weight"] == "0 to 1 parts"
    assert limits["size"] == "64 to 2048 px"
    assert limits["steps"] == "1 or more"
    assert limits["look"] == "calm, wild"
    assert limits["note"] == ""


class ExclusiveMinimum(Settings):
    rate: float = setting(0.1, "How fast.", gt=0, le=1)
    share: float = setting(0.5, "How much.", gt=0)


def test_limits_say_when_the_minimum_is_excluded():
    limits = {name: field.accepted_values for name, field in ExclusiveMinimum.describe().items()}
    assert limits == {"rate": "more than 0, up to 1", "share": "more than 0"}
    with pytest.raises(InvalidInput, match="more than 0, up to 1"):
        ExclusiveMinimum.parse({"rate": "0"})


def test_parse_converts_the_text_of_a_form():
    settings = Sample.parse({"style_weight": "0.25", "size": "128", "layers": ["a", "b"], "mirror": "true"})
    assert (settings.style_weight, settings.size, settings.layers, settings.mirror) == (
        0.25,
        128,
        ("a", "b"),
        True,
    )


@pytest.mark.parametrize(
    "values, words",
    [
        ({"style_weight": 2}, ["`style_weight`", "0 to 1 parts", "2"]),
        ({"style_weight": "nan"}, ["`style_weight`", "nan"]),
        ({"gain": "nan"}, ["`gain`", "nan"]),
        ({"gain": float("inf")}, ["`gain`", "a number", "inf"]),
        ({"size": 64.5}, ["`size`", "a whole number from 64 to 2048 px", "64.5"]),
        ({"steps": 0}, ["`steps`", "a whole number of 1 or more"]),
        ({"look": "loud"}, ["`look`", "calm, wild", "loud"]),
        ({"layers": ["a", "b", "c"]}, ["`layers`", "at most 2"]),
        ({"color": 1}, ["`color`", "style_weight, size"]),
    ],
)
def test_an_invalid_value_lists_the_accepted_ones(values, words):
    with pytest.raises(InvalidInput) as error:
        Sample.parse(values)
    assert all(word in str(error.value) for word in words) and says_what_to_do(str(error.value))
    assert "\n" not in str(error.value)


def test_saved_settings_round_trip():
    plain = Sample(style_weight=0.25, layers=("a",)).model_dump(mode="json")
    assert (plain["style_weight"], plain["layers"]) == (0.25, ["a"])
    assert Sample.from_plain(plain) == Sample(style_weight=0.25, layers=("a",))


@pytest.mark.parametrize(
    "values",
    [
        {"size": "128"},
        {"size": True},
        {"size": 128.5},
        {"mirror": 1},
        {"x": 1},
        {"style_weight": math.nan},
        {"layers": "a"},
        {"layers": [1]},
        {"layers": ["\ud83d"]},
    ],
)
def test_a_recipe_is_read_without_conversions(values):
    with pytest.raises(InvalidInput) as error:
        Sample.from_plain(values)
    assert "\n" not in str(error.value)


def test_settings_are_immutable():
    with pytest.raises(ValidationError):
        Sample().size = 128


class Numbered(Settings):
    n: Literal[8, 16] = setting(8, "One of two.", unit="px")


def test_a_numeric_choice_is_parsed_from_text_but_not_in_a_recipe():
    assert Numbered.parse({"n": "16"}).n == Numbered.parse({"n": 16}).n == 16
    field = Numbered.describe()["n"]
    assert (field.kind, field.choices, field.accepted_values) == ("choice", (8, 16), "8, 16")
    assert field.flag == "-n"
    with pytest.raises(InvalidInput, match="8, 16"):
        Numbered.parse({"n": "12"})
    with pytest.raises(InvalidInput):
        Numbered.from_plain({"n": "16"})
