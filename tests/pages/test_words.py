"""Words, variants and the command line that a result shows."""

from __future__ import annotations

import shlex

import pytest

from pages.parts import commands, results, words
from studio.cli import flags, make
from studio.core.tasks import File
from studio.style.settings import TransferSettings


@pytest.mark.parametrize(
    "seconds, text", [(None, ""), (0.4, "0 s"), (59, "59 s"), (75, "1 min 15 s"), (7260, "2 h 1 min")]
)
def test_durations(seconds, text):
    assert words.duration(seconds) == text


def test_a_file_name_is_never_markdown():
    assert words.plain("*a*_b_[c](d)<e>") == r"\*a\*\_b\_\[c\]\(d\)\<e\>"


SETTINGS = [
    TransferSettings(),
    TransferSettings(mode="fine", strength=0.35, keep_colors="matched", steps=7, seed=3),
    TransferSettings(style_weights=(1.0, 0.25), stroke=2.0, size=256),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_command_that_is_shown_asks_for_the_same(settings, home, picture):
    file = File("0" * 64, "picture", "my photo.png")
    inputs = {"content": [file], "style": [file, file], "mask": [file]}
    line = commands.line("style.transfer", settings, inputs)
    parser = flags.Parser("studio")
    make.add(parser.add_subparsers())
    program, *rest = shlex.split(line)
    arguments = parser.parse_args(rest)
    assert program == "studio"
    assert TransferSettings.parse(flags.values(arguments)) == settings
    assert (arguments.content, arguments.style, arguments.mask) == (
        ["my photo.png"],
        ["my photo.png"] * 2,
        ["my photo.png"],
    )


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_variants_differ_and_stay_within_the_bounds(strength):
    settings = TransferSettings(strength=strength)
    found = [settings.parse(settings.model_dump() | change) for change in results.variants(settings).values()]
    assert len(found) >= 2
    assert settings not in found
