"""The base class of settings: one typed class defines a task's form, flags, search space and recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Self, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError, PydanticUndefined

from studio.core.errors import InvalidInput, did_you_mean, invalid, make_printable, unknown

Tier = Literal["main", "more", "hidden"]
Scale = Literal["linear", "log", "percent"]
Video = Literal["", "frames", "part"]

_MAX_INTEGER = 10**15 - 1
_TOO_LARGE_ERROR = "int_too_large"


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
    bare_value: str = "",
    positional: bool = False,
    local_only: bool = False,
    **bounds: Any,
) -> Any:
    """Declares one field of a `Settings` class.

    Args:
        default: the default value.
        help: one line, shown next to the widget and by `--help`.
        label: the standard term, shown above the widget; "" for the field's name in words.
        tier: "main" for the few important ones, "more" for the collapsed rest, "hidden" for those that a
            form leaves out.
        unit: shown after the value, e.g. "px".
        scale: "log" where ratios matter more than differences, "percent" for a share.
        step: the widget's step.
        video: "frames" if it is the number of frames of a video that the task makes, 0 for none; "part" if
            it configures that video.
        bare_value: for a choice, the value of the flag when given without one.
        positional: whether a command also takes it without its flag.
        local_only: whether it configures this machine, such as a database or the number of processes. Only
            commands and programs set it. Recipes and pages leave it out, because the sender of a recipe or
            link must not configure this machine.
        **bounds: pydantic's `ge`, `gt`, `le`, `lt`, `min_length`, `max_length`.
    """
    extra: dict[str, Any] = {"label": label, "tier": tier, "unit": unit, "scale": scale, "step": step}
    extra |= {"video": video, "bare": bare_value, "positional": positional, "local_only": local_only}
    if isinstance(default, tuple):  # else pydantic would keep an error of each wrong item
        bounds["fail_fast"] = True
    return Field(default, description=help, json_schema_extra=extra, **bounds)


def split_setting(
    default: float,
    help: str = (
        "Share of the images held out for testing; raise it for more reliable metrics, lower it to train "
        "on more images."
    ),
    *,
    tier: Tier = "more",
    ge: float = 0.01,
    le: float = 0.5,
    step: float = 0.01,
) -> Any:
    """Declares the share of the data that is held out of training as the test split. See `setting`."""
    return setting(default, help, label="Test split", tier=tier, scale="percent", step=step, ge=ge, le=le)


@dataclass(frozen=True)
class SettingInfo:
    """A setting as plain data, for widgets, flags and search spaces. See `setting` for the fields."""

    name: str
    kind: Literal["bool", "int", "float", "text", "choice", "list", "dict"]
    default: Any
    help: str
    label: str
    tier: Tier
    unit: str
    scale: Scale
    step: float | None
    minimum: float | None
    maximum: float | None
    choices: tuple[Any, ...] = ()
    video: Video = ""
    bare_value: str = ""
    positional: bool = False
    local_only: bool = False
    is_minimum_excluded: bool = False  # whether `minimum` itself is excluded

    @property
    def log_minimum(self) -> float | None:
        """The start of a log scale: `minimum`, or a millionth of `maximum` if 0 turns the setting off."""
        if self.minimum == 0 and self.default == 0 and self.maximum is not None:
            return self.maximum / 1e6
        return self.minimum

    @property
    def title(self) -> str:
        """The label with its unit, as shown above a widget: "Size (px)"."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def flag(self) -> str:
        """The name on the command line: `style_weight` -> "--style-weight", `n` -> "-n"."""
        return ("-" if len(self.name) == 1 else "--") + self.name.replace("_", "-")

    @property
    def accepted_values(self) -> str:
        """The accepted values in words: "0 to 1", "64 to 2048 px", "instant, draft".

        It is only the unit if there are no bounds.
        """
        if self.choices:
            return ", ".join(map(str, self.choices))
        low, high = _format_bound(self.minimum), _format_bound(self.maximum)
        if low and high:
            text = f"more than {low}, up to {high}" if self.is_minimum_excluded else f"{low} to {high}"
        elif low:
            text = f"more than {low}" if self.is_minimum_excluded else f"{low} or more"
        else:
            text = ""
        return f"{text} {self.unit}".strip()


def _format_bound(bound: float | None) -> str:
    return "" if bound is None else f"{bound:g}" if isinstance(bound, float) else str(bound)


class Settings(BaseModel):
    """The settings of one task. Immutable; refuses unknown fields, NaN and infinity."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=False,
    )

    @field_validator("*")
    @classmethod
    def _check_size(cls, value: Any) -> Any:
        """Refuses integers that a float cannot represent exactly, because later arithmetic would fail."""
        if type(value) is int and abs(value) > _MAX_INTEGER:
            raise PydanticCustomError(_TOO_LARGE_ERROR, "at most 15 digits")
        return value

    @property
    def style_names(self) -> tuple[str, ...]:
        """Names of the styles of the result that no input file gives, e.g. ("mosaic",) for a house style."""
        return ()

    @property
    def ineffective_settings(self) -> frozenset[str]:
        """Names of settings that have no effect, because others of these settings override them."""
        return frozenset()

    def is_default(self, name: str) -> bool:
        """Returns whether a setting has its default, so that commands and code can leave it out."""
        return bool(
            getattr(self, name) == type(self).model_fields[name].get_default(call_default_factory=True)
        )

    @property
    def draws_at_random(self) -> bool:
        """Whether a different seed gives a different result."""
        return "seed" in type(self).model_fields

    @property
    def mode_name(self) -> str:
        """The mode for the caption of a result, e.g. "fine"; "" if there is only one."""
        return ""

    @property
    def subject(self) -> str:
        """The name of a result that has no input file, e.g. "face 3"; "" for the task's title."""
        return ""

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Builds the settings from a form or flags.

        Raises:
            InvalidInput: for the first wrong setting; the message says what it accepts and what it received.
        """
        _check_names(cls, values)
        try:
            return cls.model_validate(
                {name: _parse_flag_text(cls, name, value) for name, value in values.items()}
            )
        except ValidationError as error:
            raise _to_invalid_input(cls, error) from None

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """Builds the settings from saved values without conversions: `True` is no number, "3" is not 3.

        Args:
            values: plain data, as `model_dump(mode="json")` returns it and a recipe stores it.

        Raises:
            InvalidInput: see `parse`.
        """
        _check_names(cls, values)
        try:
            return cls.model_validate({name: _freeze(value) for name, value in values.items()}, strict=True)
        except ValidationError as error:
            raise _to_invalid_input(cls, error) from None
        except UnicodeEncodeError:
            raise InvalidInput("The settings have characters that no text may have. Remove them.") from None

    def for_ending(self, ending: str) -> Self:  # noqa: ARG002 - for subclasses
        """Returns these settings for a result with a file extension, e.g. "gif"; may change its kind."""
        return self

    def for_frames(self) -> Self:
        """Returns these settings for the frames of a video, e.g. with a faster network."""
        return self

    def resolve(self) -> Self:
        """Returns these settings with automatic values resolved, so a recipe repeats on another machine."""
        return self

    @classmethod
    def drop_local_only(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the values that a recipe may store: all but those of `local_only` settings."""
        local = {name for name, field in cls.describe().items() if field.local_only}
        return {name: value for name, value in values.items() if name not in local}

    @classmethod
    def inline_label(cls, name: str) -> str:
        """Returns a setting's label within a sentence: "learning rate", "VGG16-feature discriminator"."""
        field = cls.describe().get(name)  # None if it belongs to another version of the studio
        label = field.label if field else name.replace("_", " ")
        return label if label[1:2].isupper() else label[:1].lower() + label[1:]

    @classmethod
    def describe(cls) -> dict[str, SettingInfo]:
        """Returns every setting of this class as plain data, in the order of declaration."""
        return {name: _describe_field(name, field) for name, field in cls.model_fields.items()}


def split_commas(text: str) -> list[str]:
    """Splits text at its commas: "mosaic, wash" -> ["mosaic", "wash"]."""
    return [part.strip() for part in text.split(",")] if text.strip() else []


def _describe_field(name: str, field: Any) -> SettingInfo:
    """Returns a pydantic field as plain data."""
    extra = field.json_schema_extra or {}
    kind, choices = _find_kind(field.annotation)
    bounds = {
        key: getattr(constraint, key)
        for constraint in field.metadata
        for key in ("ge", "gt", "le", "lt")
        if hasattr(constraint, key)
    }
    default = field.get_default(call_default_factory=True)
    return SettingInfo(
        name=name,
        kind=kind,
        default=None if default is PydanticUndefined else default,
        help=field.description or "",
        label=extra.get("label") or name.replace("_", " ").capitalize(),
        tier=extra.get("tier", "more"),
        unit=extra.get("unit", ""),
        scale=extra.get("scale", "linear"),
        step=extra.get("step"),
        minimum=bounds.get("ge", bounds.get("gt")),
        maximum=bounds.get("le", bounds.get("lt")),
        choices=choices,
        video=extra.get("video", ""),
        bare_value=extra.get("bare", ""),
        positional=extra.get("positional", False),
        local_only=extra.get("local_only", False),
        is_minimum_excluded="gt" in bounds,
    )


def _check_names(cls: type[Settings], values: Mapping[str, Any]) -> None:
    """Raises `InvalidInput` for an unknown setting; pydantic would keep an error of each of them."""
    if (name := next((name for name in values if name not in cls.model_fields), None)) is not None:
        raise unknown(f"setting `{make_printable(name)}`", name, cls.describe())


def _freeze(value: Any) -> Any:
    """Turns the lists of JSON into tuples. Raises `UnicodeEncodeError` for lone surrogates."""
    if isinstance(value, list):
        return tuple(map(_freeze, value))
    if isinstance(value, str):
        value.encode()
    return value


def _parse_flag_text(cls: type[Settings], name: str, value: Any) -> Any:
    """Returns a value; the text of a flag is parsed if the setting is a list or a choice."""
    if name not in cls.model_fields or not isinstance(value, str):
        return value
    kind, options = _find_kind(cls.model_fields[name].annotation)
    if kind == "list":
        return split_commas(value)
    return next((option for option in options if str(option) == value), value)


def _find_kind(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Returns the `SettingInfo.kind` of an annotation, and the choices of a `Literal`."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):  # `int | None`: None means "chosen by the task"
        return _find_kind(next(argument for argument in get_args(annotation) if argument is not NoneType))
    if origin is Literal:
        return "choice", tuple(get_args(annotation))
    if origin in (list, tuple, dict):
        return "dict" if origin is dict else "list", ()
    return {bool: "bool", int: "int", float: "float", str: "text"}[annotation], ()


def _to_invalid_input(cls: type[Settings], error: ValidationError) -> InvalidInput:
    """Returns the error for the first wrong setting."""
    problem = error.errors(include_url=False)[0]
    name = str(problem["loc"][0]) if problem["loc"] else ""
    fields = cls.describe()
    if name not in fields:  # the message of a rule about several settings says what it expects
        message = problem["msg"].removeprefix("Value error, ")
        return invalid("settings", expected=message, received=problem["input"])
    choice_names = map(str, fields[name].choices or ())
    return invalid(
        f"`{name}`",
        expected=_describe_accepted(fields[name], problem),
        received=repr(problem["input"]),
        next_step=did_you_mean(str(problem["input"]), choice_names) or fields[name].help,
    )


def _describe_accepted(field: SettingInfo, problem: Any) -> str:
    """Returns the values that a setting accepts, in words: "a whole number from 1 to 9"."""
    if problem["type"] == _TOO_LARGE_ERROR:
        return "a whole number of at most 15 digits"
    nouns = {
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
    if not field.accepted_values:
        return nouns[field.kind]
    is_range = None not in (field.minimum, field.maximum) and not field.is_minimum_excluded
    preposition = "from" if is_range else "of"
    return f"{nouns[field.kind]} {preposition} {field.accepted_values}"
