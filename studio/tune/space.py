"""The space of a search, made from a task's settings: what may vary, how far, and what all trials share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from studio.core.errors import InvalidInput, invalid, unknown
from studio.core.settings import Described, Settings

if TYPE_CHECKING:
    import optuna

KINDS = ("int", "float", "choice", "bool")
YARDSTICK = frozenset({"held_out", "scored", "test_every"})  # which change what trials are compared by


@dataclass(frozen=True)
class Range:
    """How far one setting varies.

    Attributes:
        low, high: its ends, both possible; None for choices.
        whole: whether only whole numbers are.
        log: whether ratios matter more than differences.
        choices: of a choice, those that are tried.
    """

    low: float | None = None
    high: float | None = None
    whole: bool = False
    log: bool = False
    choices: tuple[Any, ...] = ()

    def suggest(self, trial: optuna.trial.Trial, name: str) -> Any:
        """A value for a trial."""
        if self.choices:
            return trial.suggest_categorical(name, list(self.choices))
        low, high = self.ends
        if self.whole:
            return trial.suggest_int(name, int(low), int(high), log=self.log)
        return trial.suggest_float(name, low, high, log=self.log)

    @property
    def ends(self) -> tuple[float, float]:
        """`low` and `high` of a number. Raises `ValueError` for choices, which have no ends."""
        if self.low is None or self.high is None:
            raise ValueError("choices have no ends")
        return self.low, self.high

    @property
    def count(self) -> float:
        """How many values there are; infinite for numbers that are not whole."""
        if self.choices:
            return len(self.choices)
        low, high = self.ends
        return int(high) - int(low) + 1 if self.whole else math.inf

    @property
    def extremes(self) -> tuple[Any, ...]:
        """All choices, or both ends of a number."""
        return self.choices or tuple(int(end) if self.whole else end for end in self.ends)

    def __str__(self) -> str:
        if self.choices:
            return "|".join(map(str, self.choices))
        low, high = self.ends
        return f"{low:g}:{high:g}"


def space(settings: type[Settings], vary: Sequence[str]) -> dict[str, Range]:
    """What varies, from words as `units`, `units=64:512` or `cell=lstm|gru`.

    Raises:
        InvalidInput: if nothing varies, a setting does not exist or cannot vary, or a range is none of its.
    """
    if not vary:
        able = ", ".join(name for name, one in settings.described().items() if one.kind in KINDS)
        raise invalid(
            "`--vary`", expected=f"some of {able}", received="nothing", next_step="name the settings to vary"
        )
    found: dict[str, Range] = {}
    for word in vary:
        name, _, asked = (part.strip() for part in word.partition("="))
        field = _field(settings, name)
        if field.name in found:
            raise _refused(field, "each setting once", "twice")
        found[field.name] = _range(settings, field, asked)
    return found


def shared(settings: type[Settings], fixed: Sequence[str], varied: Mapping[str, Range]) -> dict[str, Any]:
    """What all trials share, from words as `epochs=4`, as their settings take it.

    Raises:
        InvalidInput: if a setting does not exist, varies too, or does not take the value.
    """
    given: dict[str, Any] = {}
    for word in fixed:
        name, sign, value = (part.strip() for part in word.partition("="))
        field = _field(settings, name)
        if not sign:
            raise _refused(field, f"{field.name}=VALUE", word)
        if field.name in varied:
            raise _refused(field, "each setting in --vary or in --fixed, not in both", "both")
        given[field.name] = value
    made = settings.parse(given)
    return {name: getattr(made, name) for name in given}


def plain(ranges: Mapping[str, Range]) -> dict[str, Any]:
    """A space as JSON has it."""
    return {name: {**asdict(one), "choices": list(one.choices)} for name, one in sorted(ranges.items())}


def _field(settings: type[Settings], name: str) -> Described:
    known = settings.described()
    found = known.get(name.lstrip("-").replace("-", "_"))
    if found is None:
        raise unknown("setting", name, known)
    return found


def _range(settings: type[Settings], field: Described, asked: str) -> Range:
    if field.kind not in KINDS:
        raise _refused(field, "a setting with numbers or choices", f"a setting of type {field.kind}")
    if field.kind in ("choice", "bool"):
        return Range(choices=_choices(settings, field, asked))
    low, high = _ends(field, asked)
    for end in (low, high):
        settings.parse({field.name: int(end) if field.kind == "int" else end})
    if not low < high:
        raise _refused(field, "a range whose start is below its end, such as 1:8", asked)
    return Range(low, high, field.kind == "int", field.scale == "log" and low > 0)


def _choices(settings: type[Settings], field: Described, asked: str) -> tuple[Any, ...]:
    usual = field.choices if field.kind == "choice" else (False, True)
    if not asked:
        return tuple(usual)
    wanted = tuple(getattr(settings.parse({field.name: one.strip()}), field.name) for one in asked.split("|"))
    if len(set(wanted)) < 2:
        raise _refused(field, "at least two choices, such as a|b", asked)
    return wanted


def _ends(field: Described, asked: str) -> tuple[float, float]:
    """The ends that were asked for, else the setting's own; where it has none, a factor of four around it."""
    if asked:
        parts = asked.split(":")
        try:
            low, high = map(float, parts)
        except ValueError:
            raise _refused(field, "LOW:HIGH, such as 64:512", asked) from None
        if field.kind == "int" and not (low.is_integer() and high.is_integer()):
            raise _refused(field, "whole numbers", asked)
        if not (math.isfinite(low) and math.isfinite(high)):
            raise _refused(field, "numbers", asked)
        return low, high
    usual = field.default
    # The bounds say what is possible, not what is sensible: on a log scale they lie many times further out.
    if usual and field.scale == "log":
        low, high = usual / 4, usual * 4
    else:
        least = field.log_least if field.scale == "log" else field.least
        low = least if least is not None else usual / 2
        high = field.most if field.most is not None else usual * 2
    low = low if field.least is None else max(low, field.least)
    high = high if field.most is None else min(high, field.most)
    return (
        (float(math.ceil(low)), float(math.floor(high))) if field.kind == "int" else (float(low), float(high))
    )


def _refused(field: Described, expected: str, received: str) -> InvalidInput:
    step = f"accepted values of {field.name}: {field.limits or field.kind}"
    return invalid(f"`--vary {field.name}`", expected=expected, received=received, next_step=step)
