"""`studio completion`: a script with which a real shell completes commands, flags and file names."""

from __future__ import annotations

import subprocess

import pytest

from studio.cli import main
from studio.cli.completion import SHELLS

ASK_BASH = """
source "$1"
COMP_WORDS=("${@:2}")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_shtab_studio
printf '%s\\n' "${COMPREPLY[@]}"
"""


def print_script(shell: str, capsys) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_gets_a_script(shell, capsys):
    script = print_script(shell, capsys)
    assert "colorize" in script and "studio" in script


@pytest.mark.parametrize(
    "words, expected",
    [(["col"], {"colorize"}), (["style", "--stroke"], {"--stroke-size"}), (["style", "ho"], {"holiday.jpg"})],
    ids=["command", "flag", "file"],
)
def test_bash_completes(words, expected, tmp_path, capsys):
    script = tmp_path / "studio.bash"
    script.write_text(print_script("bash", capsys))
    (tmp_path / "holiday.jpg").touch()
    command = ["bash", "-c", ASK_BASH, "bash", script, "studio", *words]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(answer.stdout.split()) == expected


def test_an_unknown_shell_is_refused(capsys):
    assert main(["completion", "cmd"]) == 2
    assert "bash" in capsys.readouterr().err
