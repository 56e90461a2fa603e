"""Flags made from a task's settings, and a parser whose errors read like all others.

Argparse over `Settings.described()`, not pydantic-settings' own command line: the fixed grammar has
repeated positional files, `--masks M1 M2` and a `--keep-colors` that may stand bare, which that one lacks.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from studio.cli import synonyms
from studio.core.errors import InvalidInput, printable
from studio.core.settings import Described, Settings, split_commas

_SETTING = "setting:"  # keeps a setting called `json` apart from the flag `--json`
_HELP = ("-h", "--help")
_FLAG = re.compile(r"--?[a-zA-Z]\S*(=.*)?", re.DOTALL)  # or what looks like one: a number does not
_CHOICE = re.compile(r"invalid choice: '(.*)' \(choose from (.*)\)")  # as argparse says it


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `InvalidInput` where argparse prints its usage and leaves."""

    def __init__(self, prog: str | None = None, **options: Any):
        super().__init__(prog, allow_abbrev=False, **options)
        # Argparse would take `-1-1` in `--preprocessing -1-1` for a flag; no flag here begins with a digit.
        self._negative_number_matcher = re.compile(r"-\.?\d")
        self.bare: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.default_command = ""  # that runs when none is named
        self.positional = ""  # the flag of the setting that may stand without it
        self._given: Sequence[str] = ()
        self.other: Callable[[str], bool] = lambda word: False  # whether a word is never that setting's

    def error(self, message: str) -> NoReturn:
        """Raises the usage error on one line; an unknown flag counts before what follows from it."""
        given = itertools.takewhile(lambda word: word != "--", self._given)
        if stray := next(filter(self._stray, given), ""):
            message = self._unknown(stray.partition("=")[0])
        elif wrong := _CHOICE.search(message):
            message = self._no_command(wrong[1], re.findall("'(.*?)'", wrong[2]))
        message = f"{message[:1].upper()}{message[1:]}".removesuffix(".")
        raise InvalidInput(f"{message}{'' if message.endswith('?') else '.'} See `{self.prog} --help`.")

    def _no_command(self, word: str, commands: Sequence[str]) -> str:
        close = difflib.get_close_matches(word, commands, n=1)
        meant = f" Did you mean `{self.prog} {close[0]}`?" if close else ""
        return f"There is no command `{self.prog} {printable(word, 60)}`.{meant}"

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but flags may stand anywhere between the words of a command."""
        words = self._with_values(args) if args else args
        if self.default_command and not (words and (words[0] in _HELP or not words[0].startswith("-"))):
            words = [self.default_command, *(words or ())]
        leaf = self.get_default("run")  # here the command and its flags are known
        if leaf:
            self._given = words or ()
            words = self._in_order(words or ())
        found = super().parse_known_args(words, namespace)
        if leaf and (stray := next((word for word in found[1] if word != "--"), "")):
            self.error(self._unknown(stray.partition("=")[0]))
        return found

    def _stray(self, word: str) -> bool:
        """Whether a word looks like a flag and is none; a number may begin with a minus, too."""
        name = word.partition("=")[0]
        joined = not word.startswith("--") and word[:2] in self._option_string_actions  # `-oout.png`
        known = joined or name in self._option_string_actions
        return bool(re.fullmatch(r"--?[a-zA-Z][\w-]*", name)) and not known

    def _unknown(self, word: str) -> str:
        if not word.startswith("-"):
            return f"there is one word too many for `{self.prog}`: {printable(word, 60)}"
        advice = synonyms.advice(word, self._option_string_actions)
        return f"`{self.prog}` has no {printable(word, 60)}.{advice}"

    def _with_values(self, words: Sequence[str]) -> list[str]:
        # Argparse's own `nargs="?"` would swallow the image in `--keep-colors photo.jpg`.
        full = []
        for word, following in zip(words, [*words[1:], ""], strict=False):
            value, choices = self.bare.get(word, ("", ()))
            full.append(f"{word}={value}" if value and following not in choices else word)
        return full

    def _in_order(self, words: Sequence[str]) -> list[str]:
        # Argparse gives all positionals their words at the first of them, and none to those that come later.
        flags, others = self._apart(words)
        given = any(word.partition("=")[0] == self.positional for word in flags)
        if self.positional and not given and len(others) > self._needed and not self.other(others[0]):
            flags.append(f"{self.positional}={others.pop(0)}")
        return [*flags, "--", *others] if others else flags

    def _apart(self, words: Sequence[str]) -> tuple[list[str], list[str]]:
        """The flags with their values, and the other words."""
        flags: list[str] = []
        others: list[str] = []
        values: float = 0  # that the last flag still takes
        for at, word in enumerate(words):
            if word == "--":
                return flags, [*others, *words[at + 1 :]]
            if _FLAG.fullmatch(word):
                values = self._values_after(word)
            elif values:
                values -= 1
            else:
                others.append(word)
                continue
            flags.append(word)
        return flags, others

    def _values_after(self, word: str) -> float:
        """How many words after a flag are its values; one that is joined to its value takes no more."""
        action = self._option_string_actions.get(word)
        if action is None:
            return 0
        if isinstance(action.nargs, int):
            return action.nargs
        return math.inf if action.nargs == "+" else 1

    def _get_positional_actions(self) -> list[argparse.Action]:
        # Shown first, as the first word is its; taken last, as that word has become its flag's value.
        return sorted(super()._get_positional_actions(), key=lambda one: isinstance(one, _Second))

    @property
    def _needed(self) -> int:
        """How many words there must be next to the setting's."""
        others = [one for one in self._get_positional_actions() if not isinstance(one, _Second)]
        return sum(one.nargs if isinstance(one.nargs, int) else one.nargs in (None, "+") for one in others)


def add_group(commands: Any, name: str, help: str, default: str = "", metavar: str = "COMMAND") -> Any:
    """Adds a command that has commands of its own, and gives what those are added to.

    Args:
        commands: of the parser above.
        name: of the command.
        help: one line.
        default: the command that it runs when none is named; "" refuses that.
        metavar: what help calls its commands.
    """
    parser = commands.add_parser(name, help=help, description=help)
    parser.default_command = default
    return parser.add_subparsers(title="commands", metavar=metavar, required=True)


def add_leaf(commands: Any, name: str, help: str, run: Any) -> Parser:
    """Adds a command that does something, with the flags that all of them have."""
    return prepare_leaf(commands.add_parser(name, help=help, description=help), run)


def prepare_leaf(parser: Parser, run: Any) -> Parser:
    """Gives a parser the flags that every command has, and what it runs."""
    parser.set_defaults(run=run, command=parser.prog)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.add_argument(
        "--verbose", action="store_true", help="print all log lines, and tracebacks of errors"
    )
    return parser


def add_settings(parser: Parser, settings: type[Settings]) -> None:
    """Adds a flag for each setting."""
    groups = {
        "main": parser.add_argument_group("settings"),
        "more": parser.add_argument_group("more settings"),
    }
    for field in settings.described().values():
        options: dict[str, Any] = {"default": argparse.SUPPRESS, "dest": _SETTING + field.name}
        if field.kind == "bool":
            options["action"] = argparse.BooleanOptionalAction
        else:
            options["metavar"] = _metavar(field)
        if field.kind == "list":
            options |= {"type": split_commas, "action": "extend"}  # given twice it adds to the first
        if field.bare:
            parser.bare[field.flag] = (field.bare, field.choices)
        groups["main" if field.tier == "main" else "more"].add_argument(
            field.flag, help=_help(field), **options
        )


def add_saved_settings(parser: Parser) -> None:
    """Adds the flag that names settings to begin with."""
    help = "load settings saved on a page (by name or file) or stored in a result; flags override them"
    parser.add_argument("--settings", dest="settings_file", metavar="FILE", help=help)


def add_first_word(parser: Parser, settings: type[Settings]) -> None:
    """Adds the setting that may stand without its flag, if there is one; to be called before other words."""
    for field in settings.described().values():
        if field.positional:
            parser.positional = field.flag
            parser.add_argument(
                _SETTING + field.name,
                nargs="?",
                default=argparse.SUPPRESS,
                action=_Second,
                metavar=field.name.upper(),
                help=f"{field.help.rstrip('.')}; the same as {field.flag}",
            )


class _Second(argparse.Action):
    """The first became its flag's value, so this is one too many."""

    def __call__(self, *_: Any) -> NoReturn:
        raise argparse.ArgumentError(self, "expected one; put several words in quotation marks")


def noun(kind: str) -> str:
    """The word for a kind of file, in help texts: "image" -> "image"."""
    return {"image": "image", "animation": "video", "dataset": "data set"}.get(kind, kind)


def values(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given, by name, as `Settings.parse` takes them."""
    given = vars(arguments).items()
    return {name.removeprefix(_SETTING): value for name, value in given if name.startswith(_SETTING)}


def _metavar(field: Described) -> str:
    if field.kind == "choice":
        return "|".join(map(str, field.choices))
    return {"int": "N", "float": "X", "list": "X,X", "text": "TEXT"}[field.kind]


def _help(field: Described) -> str:
    # Choices stand behind the flag already.
    notes = [field.limits] if field.limits and not field.choices else []
    if field.default not in (None, "", ()):
        unit = f" {field.unit}" if field.unit and field.choices else ""
        notes.append(f"default {_number(field.default)}{unit}")
    if field.bare:
        notes.append(f"{field.bare} when given alone")
    text = f"{field.help} ({', '.join(notes)})" if notes else field.help
    return text.replace("%", "%%")


def _number(default: Any) -> str:
    """As a user writes it: 1, not 1.0."""
    return f"{default:g}" if isinstance(default, float) else str(default)
