"""The search space, built from a task's settings: ranges of varied settings, and values of fixed ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from studio.core.errors import InvalidInput, invalid, unknown
from studio.core.settings import SettingInfo, Settings

if TYPE_CHECKING:
    import optuna

TUNABLE_KINDS = ("int", "float", "choice", "bool")
METRIC_SETTINGS = frozenset({"held_out", "scored", "test_every"})  # settings that change the metric itself


@dataclass(frozen=True)
class Range:
    """The range of a setting.

    Attributes:
        low, high: bounds, inclusive; None for choices.
        whole: whether values are integers.
        log: whether the scale is logarithmic.
        choices: values of a choice.
    """

    low: float | None = None
    high: float | None = None
    whole: bool = False
    log: bool = False
    choices: tuple[Any, ...] = ()

    def suggest(self, trial: optuna.trial.Trial, name: str) -> Any:
        """Suggests a value for a trial."""
        if self.choices:
            return trial.suggest_categorical(name, list(self.choices))
        low, high = self.bounds
        if self.whole:
            return trial.suggest_int(name, int(low), int(high), log=self.log)
        return trial.suggest_float(name, low, high, log=self.log)

    @property
    def bounds(self) -> tuple[float, float]:
        """Returns `low` and `high` of a number. Raises `ValueError` for choices."""
        if self.low is None or self.high is None:
            raise ValueError("choices have no bounds")
        return self.low, self.high

    @property
    def count(self) -> float:
        """Returns the number of values; infinite for floats."""
        if self.choices:
            return len(self.choices)
        low, high = self.bounds
        return int(high) - int(low) + 1 if self.whole else math.inf

    @property
    def extremes(self) -> tuple[Any, ...]:
        """Returns all choices, or both ends of a number."""
        return self.choices or tuple(int(end) if self.whole else end for end in self.bounds)

    def __str__(self) -> str:
        if self.choices:
            return "|".join(map(str, self.choices))
        low, high = self.bounds
        return f"{low:g}:{high:g}"


def parse_space(settings: type[Settings], vary: Sequence[str]) -> dict[str, Range]:
    """Parses the search space from texts such as `units`, `units=64:512` or `architecture=lstm|gru`.

    Raises:
        InvalidInput: if there are no texts, a setting does not exist or cannot vary, or a range is not valid.
    """
    if not vary:
        names = ", ".join(name for name, field in settings.describe().items() if field.kind in TUNABLE_KINDS)
        raise invalid(
            "`--vary`", expected=f"some of {names}", received="nothing", next_step="name the settings to vary"
        )
    ranges: dict[str, Range] = {}
    for text in vary:
        name, _, values = (part.strip() for part in text.partition("="))
        field = _find_field(settings, name)
        if field.name in ranges:
            raise _setting_error(field, "each setting once", "twice")
        ranges[field.name] = _parse_range(settings, field, values)
    return ranges


def parse_fixed(
    settings: type[Settings], fixed: Sequence[str], varied: Mapping[str, Range]
) -> dict[str, Any]:
    """Parses the fixed settings from texts such as `epochs=4`.

    Raises:
        InvalidInput: if a setting does not exist or also varies, or a value is not valid.
    """
    values: dict[str, Any] = {}
    for text in fixed:
        name, sign, value = (part.strip() for part in text.partition("="))
        field = _find_field(settings, name)
        if not sign:
            raise _setting_error(field, f"{field.name}=VALUE", text)
        if field.name in varied:
            raise _setting_error(field, "each setting in --vary or in --fixed, not in both", "both")
        values[field.name] = value
    parsed = settings.parse(values)
    return {name: getattr(parsed, name) for name in values}


def to_json(ranges: Mapping[str, Range]) -> dict[str, Any]:
    """Returns a search space as JSON-compatible values."""
    return {
        name: {**asdict(limits), "choices": list(limits.choices)} for name, limits in sorted(ranges.items())
    }


def _find_field(settings: type[Settings], name: str) -> SettingInfo:
    fields = settings.describe()
    field = fields.get(name.lstrip("-").replace("-", "_"))
    if field is None:
        raise unknown("setting", name, fields)
    return field


def _parse_range(settings: type[Settings], field: SettingInfo, values: str) -> Range:
    if field.kind not in TUNABLE_KINDS:
        raise _setting_error(field, "a setting with numbers or choices", f"a setting of type {field.kind}")
    if field.kind in ("choice", "bool"):
        return Range(choices=_parse_choices(settings, field, values))
    low, high = _parse_bounds(settings, field, values)
    for end in (low, high):
        settings.parse({field.name: int(end) if field.kind == "int" else end})
    if not low < high:
        raise _setting_error(field, "a range whose start is below its end, such as 1:8", values)
    return Range(low, high, field.kind == "int", field.scale == "log" and low > 0)


def _parse_choices(settings: type[Settings], field: SettingInfo, values: str) -> tuple[Any, ...]:
    choices = field.choices if field.kind == "choice" else (False, True)
    if not values:
        return tuple(choices)
    selected = tuple(
        getattr(settings.parse({field.name: text.strip()}), field.name) for text in values.split("|")
    )
    if len(set(selected)) < 2:
        raise _setting_error(field, "at least two choices, such as a|b", values)
    return selected


def _parse_bounds(settings: type[Settings], field: SettingInfo, values: str) -> tuple[float, float]:
    """Parses LOW:HIGH; without values, returns bounds of the setting or a range around its default."""
    if values:
        parts = values.split(":")
        try:
            low, high = map(float, parts)
        except ValueError:
            raise _setting_error(field, "LOW:HIGH, such as 64:512", values) from None
        if field.kind == "int" and not (low.is_integer() and high.is_integer()):
            raise _setting_error(field, "whole numbers", values)
        if not (math.isfinite(low) and math.isfinite(high)):
            raise _setting_error(field, "numbers", values)
        return low, high
    default = getattr(settings(), field.name)  # `field.default` is None if it depends on other settings
    # Bounds are what is possible, not what is sensible: on a log scale, use a factor of 4 around the default.
    if default and field.scale == "log":
        low, high = default / 4, default * 4
    else:
        least = field.log_minimum if field.scale == "log" else field.minimum
        low = least if least is not None else default / 2
        high = field.maximum if field.maximum is not None else default * 2
    low = low if field.minimum is None else max(low, field.minimum)
    high = high if field.maximum is None else min(high, field.maximum)
    return (
        (float(math.ceil(low)), float(math.floor(high))) if field.kind == "int" else (float(low), float(high))
    )


def _setting_error(field: SettingInfo, expected: str, received: str) -> InvalidInput:
    step = f"accepted values of {field.name}: {field.accepted_values or field.kind}"
    return invalid(f"`--vary {field.name}`", expected=expected, received=received, next_step=step)
