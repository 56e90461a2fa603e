"""Adds flags for a task's settings, and a parser that raises `InvalidInput`.

It uses argparse on `Settings.describe()` instead of the command line of pydantic-settings, which lacks
repeated positional files, `--mask M1 M2` and a `--keep-colors` with an optional value.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import math
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, NoReturn

from studio.cli import synonyms
from studio.core.errors import InvalidInput, make_printable
from studio.core.settings import SettingInfo, Settings, split_commas

_SETTING_PREFIX = "setting:"  # prefix that separates a setting named `json` from the flag `--json`
_HELP_FLAGS = ("-h", "--help")
_FLAG_PATTERN = re.compile(r"--?[a-zA-Z]\S*(=.*)?", re.DOTALL)  # also unknown flags, but no negative numbers
_INVALID_CHOICE_PATTERN = re.compile(r"invalid choice: '(.*)' \(choose from (.*)\)")  # argparse's message


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `InvalidInput` where argparse prints its usage and exits."""

    def __init__(self, prog: str | None = None, **options: Any):
        super().__init__(prog, allow_abbrev=False, **options)
        # Argparse would read `-1-1` in `--preprocessing -1-1` as a flag; no flag here starts with a digit.
        self._negative_number_matcher = re.compile(r"-\.?\d")
        # By flag: its value when given alone, and the values that may follow it.
        self.bare_values: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.default_command = ""  # runs if none is named
        self.positional = ""  # flag of the setting that may be given without its flag
        self._argv: Sequence[str] = ()
        # Whether a word cannot be the value of the positional setting.
        self.is_other_input: Callable[[str], bool] = lambda _: False

    def error(self, message: str) -> NoReturn:
        """Raises a usage error as one line; an unknown flag comes before errors that follow from it."""
        argv = itertools.takewhile(lambda word: word != "--", self._argv)
        if unknown := next(filter(self._is_unknown_flag, argv), ""):
            message = self._unknown_word_message(unknown.partition("=")[0])
        elif invalid_choice := _INVALID_CHOICE_PATTERN.search(message):
            message = self._unknown_command_message(
                invalid_choice[1], re.findall("'(.*?)'", invalid_choice[2])
            )
        message = f"{message[:1].upper()}{message[1:]}".removesuffix(".")
        raise InvalidInput(f"{message}{'' if message.endswith('?') else '.'} See `{self.prog} --help`.")

    def _unknown_command_message(self, word: str, commands: Sequence[str]) -> str:
        """Returns the error for an unknown command, with the most similar one."""
        close = difflib.get_close_matches(word, commands, n=1)
        suggestion = f" Did you mean `{self.prog} {close[0]}`?" if close else ""
        return f"There is no command `{self.prog} {make_printable(word, 60)}`.{suggestion}"

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parses words like argparse, but flags may be anywhere between the words of a command."""
        argv = self._fill_bare_values(args) if args else args
        if self.default_command and not (argv and (argv[0] in _HELP_FLAGS or not argv[0].startswith("-"))):
            argv = [self.default_command, *(argv or ())]
        runs_command = self.get_default("run")  # set in the parser of a command, which has its flags
        if runs_command:
            self._argv = argv or ()
            argv = self._move_flags_first(argv or ())
        result = super().parse_known_args(argv, namespace)
        if runs_command and (unknown := next((word for word in result[1] if word != "--"), "")):
            self.error(self._unknown_word_message(unknown.partition("=")[0]))
        return result

    def _is_unknown_flag(self, word: str) -> bool:
        """Returns whether a word looks like a flag but is unknown; negative numbers do not."""
        name = word.partition("=")[0]
        is_joined = not word.startswith("--") and word[:2] in self._option_string_actions  # `-oout.png`
        is_known = is_joined or name in self._option_string_actions
        return bool(re.fullmatch(r"--?[a-zA-Z][\w-]*", name)) and not is_known

    def _unknown_word_message(self, word: str) -> str:
        """Returns the error for an unknown flag, or for one positional too many."""
        if not word.startswith("-"):
            return f"there is one word too many for `{self.prog}`: {make_printable(word, 60)}"
        advice = synonyms.suggest_flag(word, self._option_string_actions)
        return f"`{self.prog}` has no {make_printable(word, 60)}.{advice}"

    def _fill_bare_values(self, argv: Sequence[str]) -> list[str]:
        """Adds their value to flags that are given alone, such as `--keep-colors`.

        With `nargs="?"`, argparse would read the image in `--keep-colors photo.jpg` as the value.
        """
        filled_argv = []
        for word, next_word in zip(argv, [*argv[1:], ""], strict=False):
            value, choices = self.bare_values.get(word, ("", ()))
            filled_argv.append(f"{word}={value}" if value and next_word not in choices else word)
        return filled_argv

    def _move_flags_first(self, argv: Sequence[str]) -> list[str]:
        """Returns the words with flags before positionals, and the positional setting as a flag.

        Argparse would assign words to all positionals at the first group of them.
        """
        flags, positionals = self._split_flags(argv)
        is_given = any(word.partition("=")[0] == self.positional for word in flags)
        if (
            self.positional
            and not is_given
            and len(positionals) > self._min_positionals
            and not self.is_other_input(positionals[0])
        ):
            flags.append(f"{self.positional}={positionals.pop(0)}")
        return [*flags, "--", *positionals] if positionals else flags

    def _split_flags(self, argv: Sequence[str]) -> tuple[list[str], list[str]]:
        """Returns the flags with their values, and the other words."""
        flags: list[str] = []
        positionals: list[str] = []
        values_left: float = 0  # number of values that the last flag still takes
        for index, word in enumerate(argv):
            if word == "--":
                return flags, [*positionals, *argv[index + 1 :]]
            if _FLAG_PATTERN.fullmatch(word):
                values_left = self._count_values(word)
            elif values_left:
                values_left -= 1
            else:
                positionals.append(word)
                continue
            flags.append(word)
        return flags, positionals

    def _count_values(self, word: str) -> float:
        """Returns how many words after a flag are its values; 0 for `--flag=value`."""
        action = self._option_string_actions.get(word)
        if action is None:
            return 0
        if isinstance(action.nargs, int):
            return action.nargs
        return math.inf if action.nargs == "+" else 1

    def _get_positional_actions(self) -> list[argparse.Action]:
        # Help lists the positional setting first; parsing must take it last, because its word is a flag now.
        return sorted(super()._get_positional_actions(), key=lambda action: isinstance(action, _SecondWord))

    @property
    def _min_positionals(self) -> int:
        """Returns the minimum number of positionals without the positional setting."""
        others = [action for action in self._get_positional_actions() if not isinstance(action, _SecondWord)]
        counts = [action.nargs for action in others]
        return sum(count if isinstance(count, int) else count in (None, "+") for count in counts)


def add_group(commands: Any, name: str, help: str, default: str = "", metavar: str = "COMMAND") -> Any:
    """Adds a command that has subcommands, and returns the object to add these to.

    Args:
        commands: subparsers of the parent parser.
        name: name of the command.
        help: its help, one line.
        default: subcommand that runs if none is named; "" makes that an error.
        metavar: name of the subcommands in help.
    """
    parser = commands.add_parser(name, help=help, description=help)
    parser.default_command = default
    return parser.add_subparsers(title="commands", metavar=metavar, required=True)


def add_command(commands: Any, name: str, help: str, run: Any) -> Parser:
    """Adds a command that runs something, with the flags that all commands have."""
    return prepare_command(commands.add_parser(name, help=help, description=help), run)


def prepare_command(parser: Parser, run: Any) -> Parser:
    """Adds the flags that every command has to a parser, and sets the function that it runs."""
    parser.set_defaults(run=run, command=parser.prog)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.add_argument(
        "--verbose", action="store_true", help="print all log lines, and tracebacks of errors"
    )
    return parser


def add_settings(parser: Parser, settings: type[Settings], skip: Collection[str] = ()) -> None:
    """Adds a flag for each setting but those to skip, which the flag of an input sets."""
    groups = {
        "main": parser.add_argument_group("settings"),
        "more": parser.add_argument_group("more settings"),
    }
    for field in settings.describe().values():
        if field.name in skip:
            continue
        options: dict[str, Any] = {"default": argparse.SUPPRESS, "dest": _SETTING_PREFIX + field.name}
        if field.kind == "bool":
            options["action"] = argparse.BooleanOptionalAction
        else:
            options["metavar"] = _choose_metavar(field)
        if field.kind == "list":
            options |= {"type": split_commas, "action": "extend"}  # repeated flags extend the list
        if field.bare_value:
            parser.bare_values[field.flag] = (field.bare_value, field.choices)
        groups["main" if field.tier == "main" else "more"].add_argument(
            field.flag, help=_format_help_text(field), **options
        )


def add_saved_settings(parser: Parser) -> None:
    """Adds `--settings`, which loads saved settings."""
    help = "load settings saved on a page (by name or file) or stored in a result; flags override them"
    parser.add_argument("--settings", dest="settings_file", metavar="FILE", help=help)


def add_positional_setting(parser: Parser, settings: type[Settings]) -> None:
    """Adds the setting that may be given without its flag, if there is one. Call it before other words."""
    for field in settings.describe().values():
        if field.positional:
            parser.positional = field.flag
            parser.add_argument(
                _SETTING_PREFIX + field.name,
                nargs="?",
                default=argparse.SUPPRESS,
                action=_SecondWord,
                metavar=field.name.upper(),
                help=f"{field.help.rstrip('.')}; the same as {field.flag}",
            )


class _SecondWord(argparse.Action):
    """Rejects a second word: the first one has become the value of its flag."""

    def __call__(self, *_: Any) -> NoReturn:
        raise argparse.ArgumentError(self, "expected one; put several words in quotation marks")


def noun_of(kind: str) -> str:
    """Returns the word for a kind of file in help texts, such as "video" for "animation"."""
    return {"image": "image", "animation": "video", "dataset": "data set"}.get(kind, kind)


def given_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Returns the settings that were given, by name, for `Settings.parse`."""
    arguments_by_name = vars(arguments).items()
    return {
        name.removeprefix(_SETTING_PREFIX): value
        for name, value in arguments_by_name
        if name.startswith(_SETTING_PREFIX)
    }


def _choose_metavar(field: SettingInfo) -> str:
    """Returns the placeholder for the value of a setting in help texts."""
    if field.kind == "choice":
        return "|".join(map(str, field.choices))
    return {"int": "N", "float": "X", "list": "X,X", "text": "TEXT"}[field.kind]


def _format_help_text(field: SettingInfo) -> str:
    """Returns the help of a setting with its limits and default, escaped for argparse."""
    # The metavar lists choices already.
    notes = [field.accepted_values] if field.accepted_values and not field.choices else []
    if field.default not in (None, "", ()):
        unit = f" {field.unit}" if field.unit and field.choices else ""
        notes.append(f"default {_format_default(field.default)}{unit}")
    if field.bare_value:
        notes.append(f"{field.bare_value} when given alone")
    text = f"{field.help} ({', '.join(notes)})" if notes else field.help
    return text.replace("%", "%%")


def _format_default(default: Any) -> str:
    """Formats a default like a user would write it: 1, not 1.0."""
    return f"{default:g}" if isinstance(default, float) else str(default)
