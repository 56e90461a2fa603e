"""`studio models`: results replay after a rename, and say so after a removal."""

from __future__ import annotations

import json

import pytest

from studio.core.models import model_zip, presets
from studio.style.house import known_styles
from tests.wording import says_what_to_do


@pytest.mark.slow
def test_replay_finds_a_renamed_model_and_reports_a_removed_one(run_command, photo):
    presets.unpack(model_zip.pack(presets.find(known_styles.SHIPPED_NETWORK).folder), "My painter")
    argv = ["style", photo, "house:mosaic", "--network", "My painter", "--size", "64", "--quiet"]
    assert run_command(*argv, "-o", "out.png")[0] == 0
    assert run_command("models", "rename", "My painter", "Rain and sand")[1] == "Rain and sand\n"
    assert run_command("replay", "out.png", "--verify", "--quiet")[:2] == (0, "identical\n")
    assert run_command(*argv, "-o", "again.png")[0] == 0
    assert run_command("replay", "again.png", "--verify", "--quiet")[:2] == (0, "identical\n")
    models = json.loads(run_command("models", "list", "--json")[1])["models"]
    assert {"name": "Rain and sand", "task": "style.train", "own": True} in models

    assert run_command("models", "remove", "Rain and sand", "--quiet")[:2] == (0, "Rain and sand\n")
    for command in (["replay", "out.png", "-o", "b.png"], [*argv, "-o", "b.png"]):
        code, _, error = run_command(*command)
        assert code == 2 and error.startswith("error: ") and "My painter" in error and says_what_to_do(error)
    assert run_command("models", "list", "--removed")[1] == "Rain and sand\n"
    assert run_command("models", "remove", "--undo", "rain and sand")[0] == 0
    assert run_command("replay", "out.png", "--verify", "--quiet")[:2] == (0, "identical\n")


def test_invalid_input_is_one_line(run_command, home):
    for argv in (
        ["rename", "digits-vae", "mine"],
        ["remove", "nothing"],
        ["remove", "--undo", "--for-good", "a"],
    ):
        code, out, error = run_command("models", *argv)
        assert code == 2 and not out and error.count("\n") == 1 and says_what_to_do(error)
    assert "digits-vae" in run_command("models", "list")[1]
