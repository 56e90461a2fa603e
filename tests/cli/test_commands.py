"""The command line as scripts use it: exit codes, stdout, stderr and files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import paint  # adds the command `invert`
import pytest
from PIL import Image

from studio.cli import main
from studio.core import paths, recipes
from studio.core.imaging import image_io
from studio.core.machine import doctor_checks, speed
from tests.wording import says_what_to_do

ROOT = Path(__file__).resolve().parents[2]


def test_result_path_is_all_of_stdout(photo, run_command):
    code, out, _ = run_command("invert", photo, "-o", "out.png")
    assert (code, out) == (0, "out.png\n")
    assert np.array_equal(image_io.read("out.png"), 255 - image_io.read(photo))


def test_version_is_that_of_the_package(capsys):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert (end.value.code, capsys.readouterr().out) == (0, f"studio {project['version']}\n")


def test_json_output_is_one_object(photo, run_command):
    code, out, _ = run_command("invert", photo, "-o", "out.png", "--json", "--steps", "2")
    report = json.loads(out)
    assert code == 0
    assert report["path"] == "out.png"
    assert report["seconds"] >= 0
    assert report["figures"] == {"passes": 2, "loss": None}  # NaN is not valid JSON
    assert report["stopped_early"] is False


def test_png_contains_the_recipe(photo, run_command):
    run_command("invert", photo, "-o", "out.png", "--seed", "7")
    recipe = recipes.read(Path("out.png").read_bytes())
    assert recipe.settings["seed"] == 7
    assert recipe.inputs["content"][0].digest == paths.file_digest(photo)


@pytest.mark.parametrize("name", ["out.jpg", "out.jpeg", "out.webp", "OUT.JPG"])
def test_other_formats_have_a_recipe_file(name, photo, run_command):
    assert run_command("invert", photo, "-o", name)[0] == 0
    assert recipes.read(Path(f"{name}.json").read_bytes()).task == "fake.paint"
    with Image.open(name) as image:
        assert image.format == ("WEBP" if "webp" in name else "JPEG")


INVALID_COMMANDS = {
    "no command": [],
    "unknown command": ["pain"],
    "no arguments": ["invert"],
    "no output": ["invert", "photo.png"],
    "no such flag": ["invert", "photo.png", "-o", "out.png", "--color"],
    "shortened flag": ["invert", "photo.png", "-o", "out.png", "--step", "3"],
    "no such image": ["invert", "nothing.png", "-o", "out.png"],
    "a folder as image": ["invert", ".", "-o", "out.png"],
    "NUL in a path": ["invert", "a\0b.png", "-o", "out.png"],
    "NUL in a video's path": ["style", "a\0b.mp4", "house:mosaic", "-o", "o.mp4"],
    "line break and colors in a path": ["invert", "a\n\x1b[31mb.png", "-o", "out.png"],
    "very long path": ["invert", "a" * 5000, "-o", "out.png"],
    "no such sample": ["invert", "sample:nobody", "-o", "out.png"],
    "not an image": ["invert", "text.txt", "-o", "out.png"],
    "number too large": ["invert", "photo.png", "-o", "out.png", "--steps", "1001"],
    "not a number": ["invert", "photo.png", "-o", "out.png", "--steps", "many"],
    "NaN": ["invert", "photo.png", "-o", "out.png", "--seconds", "nan"],
    "number of 400 digits": [
        "tune",
        "text",
        "text.txt",
        "-o",
        "m",
        "--vary",
        "units",
        "--trials",
        "9" * 400,
    ],
    "more steps than a float counts": ["dream", "photo.png", "-o", "out.png", "--most-steps", "9" * 400],
    "seed beyond any": ["invert", "photo.png", "-o", "out.png", "--seed", "9" * 30],
    "not a choice": ["invert", "photo.png", "-o", "out.png", "--tint", "green"],
    "list too long": ["invert", "photo.png", "-o", "out.png", "--levels", "1,2,3,4"],
    "list of words": ["invert", "photo.png", "-o", "out.png", "--levels", "one"],
    "too many files": ["invert", "photo.png", "-o", "out.png", "--mask", *["photo.png"] * 3],
    "output is a folder": ["invert", "photo.png", "-o", "folder.png"],
    "output in no folder": ["invert", "photo.png", "-o", "nowhere/out.png"],
    "output in a file": ["invert", "photo.png", "-o", "text.txt/out.png"],
    "output of no kind": ["invert", "photo.png", "-o", "out"],
    "output of another kind": ["invert", "photo.png", "-o", "out.gif"],
    "output over the input": ["invert", "photo.png", "-o", "photo.png"],
    "NUL in the output": ["invert", "photo.png", "-o", "a\0.png"],
    "output name too long": ["invert", "photo.png", "-o", "a" * 300 + ".png"],
    "replay of nothing": ["replay", "nothing.png"],
    "replay without a recipe": ["replay", "photo.png"],
    "replay of a folder": ["replay", "folder.png"],
    "replay of a NUL": ["replay", "a\0.png"],
    "port": ["app", "--port", "99999"],
}


@pytest.mark.parametrize("argv", INVALID_COMMANDS.values(), ids=INVALID_COMMANDS)
def test_invalid_input_is_one_line_and_leaves_nothing(argv, photo, run_command, monkeypatch):
    Path("folder.png").mkdir()
    Path("text.txt").write_text("not an image")
    monkeypatch.setattr(paint, "run", lambda *_: pytest.fail("the work was started"))
    before = {path: path.stat().st_mtime_ns for path in Path().iterdir() if path.name != "home"}
    code, out, err = run_command(*argv)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert (says_what_to_do(err) or "See `studio" in err) and "went wrong" not in err
    assert all(c.isprintable() for c in err.rstrip("\n"))
    assert before == {path: path.stat().st_mtime_ns for path in Path().iterdir() if path.name != "home"}


def test_home_is_private_and_results_follow_the_umask(photo, run_command, home):
    before = os.umask(0o022)
    try:
        assert run_command("invert", photo, "-o", "out.jpg")[0] == run_command("gallery", "list")[0] == 0
        assert run_command("invert", photo, "-o", "bug.png", "--fault", "bug")[0] != 0
    finally:
        os.umask(before)
    assert [path for path in (home, *home.rglob("*")) if path.lstat().st_mode & 0o077] == []
    assert list(home.glob("cache/gallery-*.sqlite")) and list(home.glob("logs/*.log"))
    assert [Path(name).stat().st_mode & 0o777 for name in ("out.jpg", "out.jpg.json")] == [0o644] * 2


def test_read_only_folder_is_rejected_before_the_work(photo, run_command):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    locked = Path("locked")
    locked.mkdir(mode=0o500)
    assert run_command("invert", photo, "-o", locked / "out.png")[0] == 2


def test_output_over_a_device_is_rejected(photo, run_command):
    Path("null.png").symlink_to("/dev/null")
    assert run_command("invert", photo, "-o", "null.png")[0] == 2
    assert not Path("/dev/null").is_file()


def test_output_through_a_link_keeps_the_link(photo, run_command):
    Path("link.png").symlink_to("real.png")
    assert run_command("invert", photo, "-o", "link.png")[0] == 0
    assert Path("link.png").is_symlink()
    assert image_io.read("real.png").shape == (48, 64, 3)


@pytest.mark.parametrize(
    "exception, argv",
    [("bug", "ZeroDivisionError"), ("memory", "memory"), ("device", "memory"), ("disk", "I/O")],
)
def test_unexpected_errors_are_one_line_with_a_logged_traceback(exception, argv, photo, run_command, home):
    code, out, err = run_command("invert", photo, "-o", "out.png", "--fault", exception)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert argv in err
    assert "Traceback" in (home / "logs" / "command-line.log").read_text()
    assert not Path("out.png").exists()


@pytest.mark.slow
def test_invalid_input_is_found_before_keras_loads(photo):
    lines = [["style", "nothing.png", "sample:mosaic", "-o", "out.png"]]
    lines += [
        ["style", "photo.png", "photo.png", "-o", "out.png", *more] for more in (["--size", "0"], ["--x"])
    ]
    lines += [["style", "photo.png", "-o", "out.png"], ["replay", "photo.png"], ["--bogus"]]
    code = (
        "import sys; from studio.cli import main\n"
        f"for line in {lines!r}: assert main(line) == 2, line\n"
        "assert not {'keras', 'tensorflow', 'streamlit', 'distributed'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=photo.parent, env=os.environ | {"PYTHONPATH": ROOT}
    )


@pytest.mark.parametrize("command", [[], ["style"], ["invert"], ["replay"], ["app"], ["doctor"]])
def test_help_is_on_stdout(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([*command, "--help"])
    out, err = capsys.readouterr()
    assert (left.value.code, err) == (0, "")
    assert "usage: studio" in out


def test_doctor_benchmark_prints_timings(home, run_command, monkeypatch):
    timings = [
        timing for timing in speed.BENCHMARKS if timing.title in ("64 digits, 28 px", "what a photo shows")
    ]
    monkeypatch.setattr(speed, "BENCHMARKS", timings)
    monkeypatch.setattr(
        doctor_checks, "run_checks", lambda: iter([doctor_checks.Check("memory", "well", "enough")])
    )
    code, out, _ = run_command("doctor", "--benchmark")
    assert code == 0 and re.search(r"^speed    64 digits, 28 px: \d+\.\d\d s\.$", out, re.MULTILINE)
    code, out, _ = run_command("doctor", "--benchmark", "--json")
    assert sorted(json.loads(out)["seconds"]) == ["64 digits, 28 px", "what a photo shows"]


def test_unwritable_home_is_one_line(photo, run_command, monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", "/dev/null/home")
    code, _, err = run_command("invert", photo, "-o", "out.png")
    assert (code, err.count("\n")) == (2, 1)
    assert "STUDIO_HOME" in err
