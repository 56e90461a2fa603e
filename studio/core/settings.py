"""The Settings base: one typed class is the form, the flags, the search space and the recipe of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Self, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError, PydanticUndefined

from studio.core.errors import InvalidInput, did_you_mean, invalid, unknown

Tier = Literal["main", "more", "hidden"]
Scale = Literal["linear", "log", "percent"]
Video = Literal["", "frames", "part"]


_MOST = 10**15 - 1
_UNCOUNTED = "uncounted"


def setting(
    default: Any,
    help: str,
    *,
    label: str = "",
    tier: Tier = "more",
    unit: str = "",
    scale: Scale = "linear",
    step: float | None = None,
    video: Video = "",
    bare: str = "",
    positional: bool = False,
    here: bool = False,
    **bounds: Any,
) -> Any:
    """Declares one field of a `Settings` class.

    Args:
        default: the value that a user gets who changes nothing.
        help: one line, shown next to the widget and by `--help`.
        label: the standard term, which stands above its widget; "" for its name in words.
        tier: "main" for the few that matter, "more" for the folded rest, "hidden" for what a form leaves out,
            because the page asks for it in another way or not at all.
        unit: shown after the value, e.g. "px".
        scale: "log" where ratios matter more than differences, "percent" for a share.
        step: the widget's step.
        video: "frames" if it counts the frames of a video that the task then makes, 0 for none; "part" if it
            says how that video is.
        bare: of a choice, the value that its flag means when it stands alone.
        positional: whether a command takes it without its flag, too.
        here: whether it says where or how this machine does the work, as a database or how many processes.
            A command or a program sets it; no recipe holds it and no page asks for it, for whoever sent the
            recipe or the link would then choose for this machine.
        **bounds: pydantic's `ge`, `gt`, `le`, `lt`, `min_length`, `max_length`.
    """
    shown: dict[str, Any] = {"label": label, "tier": tier, "unit": unit, "scale": scale, "step": step}
    shown |= {"video": video, "bare": bare, "positional": positional, "here": here}
    return Field(default, description=help, json_schema_extra=shown, **bounds)


def split_setting(
    default: float,
    help: str = "The share of the images that is kept to test on.",
    *,
    tier: Tier = "more",
    ge: float = 0.01,
    le: float = 0.5,
    step: float = 0.01,
) -> Any:
    """Declares the share of the data that a training leaves out to test on; see `setting`."""
    return setting(default, help, label="Test split", tier=tier, scale="percent", step=step, ge=ge, le=le)


@dataclass(frozen=True)
class Described:
    """One setting as plain data: what a widget, a flag or a search space needs to know of it."""

    name: str
    kind: Literal["bool", "int", "float", "text", "choice", "list", "dict"]
    default: Any
    help: str
    label: str
    tier: Tier
    unit: str
    scale: Scale
    step: float | None
    least: float | None
    most: float | None
    choices: tuple[Any, ...] = ()
    video: Video = ""
    bare: str = ""
    positional: bool = False
    here: bool = False
    above: bool = False  # whether `least` itself is already too little

    @property
    def log_least(self) -> float | None:
        """Where a log scale begins: at `least`, or at a millionth of `most` where 0 turns the setting off."""
        if self.least == 0 and self.default == 0 and self.most is not None:
            return self.most / 1e6
        return self.least

    @property
    def title(self) -> str:
        """The label with its unit, as it stands above a widget: "Size (px)"."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def flag(self) -> str:
        """The name on the command line: `style_weight` -> "--style-weight", `n` -> "-n"."""
        return ("-" if len(self.name) == 1 else "--") + self.name.replace("_", "-")

    @property
    def limits(self) -> str:
        """What it takes, in a few words: "0 to 1", "64 to 2048 px", "instant, draft"; "" for anything."""
        if self.choices:
            return ", ".join(map(str, self.choices))
        ends = [
            f"{end:g}" if isinstance(end, float) else str(end)
            for end in (self.least, self.most)
            if end is not None
        ]
        if len(ends) == 2:
            text = f"more than {ends[0]}, up to {ends[1]}" if self.above else " to ".join(ends)
        else:
            text = (
                "" if self.least is None else f"more than {ends[0]}" if self.above else f"{ends[0]} or more"
            )
        return f"{text} {self.unit}".strip()


class Settings(BaseModel):
    """The settings of one task. Immutable; unknown fields, NaN and infinity are refused."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=False,
    )

    @field_validator("*")
    @classmethod
    def _counted(cls, value: Any) -> Any:
        """No number has more digits than are told apart in a float: what reckons with it would fail."""
        if type(value) is int and abs(value) > _MOST:
            raise PydanticCustomError(_UNCOUNTED, "at most 15 digits")
        return value

    @property
    def looks(self) -> tuple[str, ...]:
        """What results look like where no input tells it, e.g. ("mosaic",) of a house style."""
        return ()

    @property
    def ineffective(self) -> frozenset[str]:
        """Settings that others overrule as these stand, so that to vary them changes nothing."""
        return frozenset()

    @property
    def draws_at_random(self) -> bool:
        """Whether another seed, where there is one, makes another result."""
        return "seed" in type(self).model_fields

    @property
    def manner(self) -> str:
        """How the result is made, in a word for its caption, e.g. "fine"; "" where there is one way alone."""
        return ""

    @property
    def subject(self) -> str:
        """What a result that no file was given for is called, e.g. "face 3"; "" for the title of its task."""
        return ""

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Builds the settings from a form or flags.

        Raises:
            InvalidInput: naming the first wrong setting, what it takes and what it got.
        """
        try:
            return cls.model_validate({name: _option(cls, name, value) for name, value in values.items()})
        except ValidationError as error:
            raise _explained(cls, error) from None

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """Builds the settings from saved ones, without conversions: `True` is no number, "3" is not 3.

        Args:
            values: plain data, as `model_dump(mode="json")` gives it and a recipe holds it.

        Raises:
            InvalidInput: as `parse`.
        """
        try:
            return cls.model_validate({name: _frozen(value) for name, value in values.items()}, strict=True)
        except ValidationError as error:
            raise _explained(cls, error) from None
        except UnicodeEncodeError:
            raise InvalidInput("The settings have characters that no text may have. Remove them.") from None

    def for_ending(self, ending: str) -> Self:  # noqa: ARG002 - for subclasses
        """These settings for a result whose file ends so, e.g. "gif"; some make another kind of it then."""
        return self

    def decided(self) -> Self:
        """These settings, with what is left to the machine said: a recipe makes the same on another one."""
        return self

    @classmethod
    def portable(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of some values that may travel with a recipe: all but those that are set `here`."""
        kept = {name for name, field in cls.described().items() if field.here}
        return {name: value for name, value in values.items() if name not in kept}

    @classmethod
    def term(cls, name: str) -> str:
        """The label of a setting within a sentence: "learning rate", "VGG16-feature discriminator"."""
        field = cls.described().get(name)  # none where another version of the studio had it
        label = field.label if field else name.replace("_", " ")
        return label if label[1:2].isupper() else label[:1].lower() + label[1:]

    @classmethod
    def described(cls) -> dict[str, Described]:
        """Every setting of this class as plain data, in the order of declaration."""
        return {name: _describe(name, field) for name, field in cls.model_fields.items()}


def split_commas(text: str) -> list[str]:
    """What a user wrote with commas between: "mosaic, wash" -> ["mosaic", "wash"]."""
    return [part.strip() for part in text.split(",")] if text.strip() else []


def _describe(name: str, field: Any) -> Described:
    extra = field.json_schema_extra or {}
    kind, choices = _kind(field.annotation)
    bound = {
        key: getattr(m, key) for m in field.metadata for key in ("ge", "gt", "le", "lt") if hasattr(m, key)
    }
    default = field.get_default(call_default_factory=True)
    return Described(
        name=name,
        kind=kind,
        default=None if default is PydanticUndefined else default,
        help=field.description or "",
        label=extra.get("label") or name.replace("_", " ").capitalize(),
        tier=extra.get("tier", "more"),
        unit=extra.get("unit", ""),
        scale=extra.get("scale", "linear"),
        step=extra.get("step"),
        least=bound.get("ge", bound.get("gt")),
        most=bound.get("le", bound.get("lt")),
        choices=choices,
        video=extra.get("video", ""),
        bare=extra.get("bare", ""),
        positional=extra.get("positional", False),
        here=extra.get("here", False),
        above="gt" in bound,
    )


def _frozen(value: Any) -> Any:
    """Plain data as a field holds it: JSON has lists for tuples, and can spell half a character."""
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    if isinstance(value, str):
        value.encode()
    return value


def _option(cls: type[Settings], name: str, value: Any) -> Any:
    """A value; a list, and one of several numbers, may come as text, for a flag knows nothing else."""
    if name not in cls.model_fields or not isinstance(value, str):
        return value
    kind, options = _kind(cls.model_fields[name].annotation)
    if kind == "list":
        return split_commas(value)
    return next((option for option in options if str(option) == value), value)


def _kind(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):  # `int | None`: None means "chosen by the task"
        return _kind(next(a for a in get_args(annotation) if a is not NoneType))
    if origin is Literal:
        return "choice", tuple(get_args(annotation))
    if origin in (list, tuple, dict):
        return "dict" if origin is dict else "list", ()
    return {bool: "bool", int: "int", float: "float", str: "text"}[annotation], ()


def _explained(cls: type[Settings], error: ValidationError) -> InvalidInput:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    known = cls.described()
    if first["type"] == "extra_forbidden":
        return unknown(f"setting `{name}`", name, known)
    if name not in known:  # a rule about several settings together says itself what it expects
        message = first["msg"].removeprefix("Value error, ")
        return invalid("settings", expected=message, received=first["input"])
    choices = map(str, known[name].choices or ())
    return invalid(
        f"`{name}`",
        expected=_expected(known[name], first),
        received=repr(first["input"]),
        next_step=did_you_mean(str(first["input"]), choices) or known[name].help,
    )


def _expected(field: Described, problem: Any) -> str:
    if problem["type"] == _UNCOUNTED:
        return "a whole number of at most 15 digits"
    noun = {
        "int": "a whole number",
        "float": "a number",
        "choice": "one",
        "list": "a list",
        "bool": "true or false",
        "dict": "an object",
    }
    if problem["type"] == "too_long":
        return f"at most {problem['ctx']['max_length']} of them"
    if field.kind in ("text", "list"):
        return problem["msg"].removeprefix("Input should be ").removeprefix("Value error, ").partition(",")[0]
    return f"{noun[field.kind]} of {field.limits}" if field.limits else noun[field.kind]
