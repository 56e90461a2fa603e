"""`--settings` takes settings that a page saved, by file or by name."""

from __future__ import annotations

from studio.cli import main
from studio.core import recipes
from studio.run import saved_settings
from studio.style.settings import TransferSettings

STYLE = "style.transfer"
SOFT = TransferSettings(strength=0.25, seed=7, size=64, house=("mosaic",))
STYLE_COMMAND = ("style", "photo.png", "-o", "out.png", "--quiet")


def read_result_settings(tmp_path):
    return recipes.read((tmp_path / "out.png").read_bytes()).parse_settings()


def test_command_loads_saved_settings_by_file_or_name(photo, tmp_path):
    (tmp_path / "soft.json").write_text(saved_settings.to_json(STYLE, SOFT))
    assert main([*STYLE_COMMAND, "--settings", "soft.json"]) == 0
    assert read_result_settings(tmp_path) == SOFT
    saved_settings.save(STYLE, "So soft", SOFT)
    assert main([*STYLE_COMMAND, "--settings", "So soft", "--seed", "9"]) == 0
    assert read_result_settings(tmp_path) == SOFT.model_copy(update={"seed": 9}), "a flag counts more"
    assert main([*STYLE_COMMAND, "house:wash", "--settings", "So soft"]) == 0
    assert read_result_settings(tmp_path).house == ("wash",), "and so does a style that is given"
    assert main([*STYLE_COMMAND, "--settings", "out.png"]) == 0
    assert read_result_settings(tmp_path).house == ("wash",), "and a result is as good as a file"


def test_training_loads_saved_settings(photo, tmp_path, capsys):
    (tmp_path / "bad.json").write_text('{"version": 1, "task": "text.train", "settings": {"units": 0}}')
    assert main(["train", "text", "photo.png", "-o", "model", "--settings", "bad.json"]) == 2
    assert "`units`" in capsys.readouterr().err


def test_invalid_settings_file_is_one_line(photo, tmp_path, capsys):
    saved_settings.save(STYLE, "Soft", SOFT)
    for value, suggestion in (("nope", "or one of Soft"), (str(tmp_path), "none that can be read")):
        assert main([*STYLE_COMMAND, "--settings", value]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ") and suggestion in line
