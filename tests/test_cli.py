"""The command line as a script sees it: exit codes, stdout, stderr, and files."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import paint  # adds the command `paint`
import pytest
from PIL import Image

from studio.cli import _parser, flags, main
from studio.core import images, paths, recipes

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def photo(tmp_path, picture, home, monkeypatch):
    """A photo in the working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "photo.png"
    path.write_bytes(images.encode_png(picture))
    return path


@pytest.fixture
def said(capsys):
    """Runs a command in this process: exit code, stdout and stderr."""

    def run(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def start(*words, **options):
    """Starts a command in a process of its own, with the fake task in it."""
    code = "import sys, paint; from studio.cli import main; sys.exit(main())"
    path = os.pathsep.join([str(ROOT), str(Path(paint.__file__).parent)])
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        **options,
    )


def test_result_path_is_all_of_stdout(photo, said):
    code, out, _ = said("paint", photo, "-o", "out.png")
    assert (code, out) == (0, "out.png\n")
    assert np.array_equal(images.read("out.png"), 255 - images.read(photo))


def test_json_is_one_object(photo, said):
    code, out, _ = said("paint", photo, "-o", "out.png", "--json", "--steps", "2")
    found = json.loads(out)
    assert code == 0
    assert found["path"] == "out.png"
    assert found["seconds"] >= 0
    assert found["figures"] == {"passes": 2, "loss": None}  # NaN is no JSON
    assert found["stopped_early"] is False


def test_recipe_is_in_the_png_and_names_the_input(photo, said):
    said("paint", photo, "-o", "out.png", "--seed", "7")
    recipe = recipes.read(Path("out.png").read_bytes())
    assert recipe.settings["seed"] == 7
    assert recipe.inputs["content"][0].digest == paths.file_digest(photo)


@pytest.mark.parametrize("name", ["out.jpg", "out.jpeg", "out.webp", "OUT.JPG"])
def test_other_formats_have_their_recipe_beside_them(name, photo, said):
    assert said("paint", photo, "-o", name)[0] == 0
    assert recipes.read(Path(f"{name}.json").read_bytes()).task == "fake.paint"
    with Image.open(name) as made:
        assert made.format == ("WEBP" if "webp" in name else "JPEG")


BAD = {
    "no command": [],
    "unknown command": ["pain"],
    "no arguments": ["paint"],
    "no output": ["paint", "photo.png"],
    "no such flag": ["paint", "photo.png", "-o", "out.png", "--colour"],
    "shortened flag": ["paint", "photo.png", "-o", "out.png", "--step", "3"],
    "no such picture": ["paint", "nothing.png", "-o", "out.png"],
    "a folder as picture": ["paint", ".", "-o", "out.png"],
    "NUL in a path": ["paint", "a\0b.png", "-o", "out.png"],
    "line break and colours in a path": ["paint", "a\n\x1b[31mb.png", "-o", "out.png"],
    "very long path": ["paint", "a" * 5000, "-o", "out.png"],
    "no such sample": ["paint", "sample:nobody", "-o", "out.png"],
    "not a picture": ["paint", "text.txt", "-o", "out.png"],
    "number too large": ["paint", "photo.png", "-o", "out.png", "--steps", "1001"],
    "not a number": ["paint", "photo.png", "-o", "out.png", "--steps", "many"],
    "NaN": ["paint", "photo.png", "-o", "out.png", "--seconds", "nan"],
    "not a choice": ["paint", "photo.png", "-o", "out.png", "--tint", "green"],
    "list too long": ["paint", "photo.png", "-o", "out.png", "--levels", "1,2,3,4"],
    "list of words": ["paint", "photo.png", "-o", "out.png", "--levels", "one"],
    "too many files": ["paint", "photo.png", "-o", "out.png", "--masks", *["photo.png"] * 3],
    "output is a folder": ["paint", "photo.png", "-o", "folder.png"],
    "output in no folder": ["paint", "photo.png", "-o", "nowhere/out.png"],
    "output in a file": ["paint", "photo.png", "-o", "text.txt/out.png"],
    "output of no kind": ["paint", "photo.png", "-o", "out"],
    "output of another kind": ["paint", "photo.png", "-o", "out.gif"],
    "output over the input": ["paint", "photo.png", "-o", "photo.png"],
    "NUL in the output": ["paint", "photo.png", "-o", "a\0.png"],
    "output name too long": ["paint", "photo.png", "-o", "a" * 300 + ".png"],
    "replay of nothing": ["replay", "nothing.png"],
    "replay without a recipe": ["replay", "photo.png"],
    "replay of a folder": ["replay", "folder.png"],
    "replay of a NUL": ["replay", "a\0.png"],
    "port": ["app", "--port", "99999"],
}


@pytest.mark.parametrize("words", BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_leaves_nothing(words, photo, said, monkeypatch):
    Path("folder.png").mkdir()
    Path("text.txt").write_text("not a picture")
    monkeypatch.setattr(paint, "run", lambda *_: pytest.fail("the work was started"))
    before = {path: path.stat().st_mtime_ns for path in Path().iterdir() if path.name != "home"}
    code, out, err = said(*words)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Next: " in err
    assert all(c.isprintable() for c in err.rstrip("\n"))
    assert before == {path: path.stat().st_mtime_ns for path in Path().iterdir() if path.name != "home"}


def test_read_only_folder_is_refused_before_the_work(photo, said):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    locked = Path("locked")
    locked.mkdir(mode=0o500)
    assert said("paint", photo, "-o", locked / "out.png")[0] == 2


def test_output_over_a_device_is_refused(photo, said):
    Path("null.png").symlink_to("/dev/null")
    assert said("paint", photo, "-o", "null.png")[0] == 2
    assert not Path("/dev/null").is_file()


def test_output_through_a_link_keeps_the_link(photo, said):
    Path("link.png").symlink_to("real.png")
    assert said("paint", photo, "-o", "link.png")[0] == 0
    assert Path("link.png").is_symlink()
    assert images.read("real.png").shape == (48, 64, 3)


@pytest.mark.parametrize(
    "fault, words", [("bug", "ZeroDivisionError"), ("memory", "memory"), ("disk", "I/O")]
)
def test_faults_are_one_line_with_the_traceback_in_the_log(fault, words, photo, said, home):
    code, out, err = said("paint", photo, "-o", "out.png", "--fault", fault)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert words in err
    assert "Traceback" in (home / "logs" / "command-line.log").read_text()
    assert not Path("out.png").exists()


def test_native_lines_and_progress_stay_off_a_piped_stderr(photo):
    done = start("paint", photo, "-o", "out.png")
    out, err = done.communicate(timeout=60)
    assert (done.returncode, out, err) == (0, "out.png\n", "")
    verbose = start("paint", photo, "-o", "out.png", "--verbose")
    assert "a native library" in verbose.communicate(timeout=60)[1]


def until(path, process):
    """Waits until the first pass was made: the fake task keeps nothing before, so its log tells."""
    for _ in range(600):
        if path.exists() and "native" in path.read_text():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    pytest.fail("the work never began")


def test_ctrl_c_saves_the_best_so_far(photo, home):
    process = start("paint", photo, "-o", "out.png", "--steps", "1000", "--seconds", "0.05")
    until(home / "logs" / "command-line.log", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "out.png\n")
    assert "best so far" in err
    assert images.read("out.png").shape == (48, 64, 3)


def test_second_ctrl_c_quits(photo, home):
    process = start("paint", photo, "-o", "out.png", "--steps", "2", "--seconds", "10")
    until(home / "logs" / "command-line.log", process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=9)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert not Path("out.png").exists()


def test_a_closed_pipe_is_no_fault(photo):
    process = start("paint", photo, "-o", "out.png", "--json")
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 0


def test_bad_input_is_found_before_keras_loads(photo):
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


def parsed(*words):
    return flags.values(flags.parse(_parser(), list(words)))


def test_the_fixed_grammar_of_style():
    words = "style a.jpg b.jpg c.jpg -o o.png --mode fine --size 512 --steps 9 --seed 3 --style-weights 1,2"
    words += " --strength 0.5 --keep-colors --masks m.png n.png"
    arguments = flags.parse(_parser(), words.split())
    assert (arguments.content, arguments.style, arguments.mask) == (
        ["a.jpg"],
        ["b.jpg", "c.jpg"],
        ["m.png", "n.png"],
    )
    assert flags.values(arguments) == {
        "mode": "fine",
        "size": "512",
        "steps": "9",
        "seed": "3",
        "style_weights": ["1", "2"],
        "strength": "0.5",
        "keep_colors": "luminance",
    }


def test_keep_colors_alone_swallows_no_picture():
    found = flags.parse(_parser(), ["style", "--keep-colors", "a.jpg", "b.jpg", "-o", "o.png"])
    assert found.content == ["a.jpg"]
    assert flags.values(found) == {"keep_colors": "luminance"}
    assert parsed("style", "a.jpg", "b.jpg", "-o", "o.png", "--keep-colors", "matched") == {
        "keep_colors": "matched"
    }
    assert parsed("style", "a.jpg", "b.jpg", "-o", "o.png", "--keep-colors=off") == {"keep_colors": "off"}


def test_settings_not_given_are_left_to_the_task():
    assert parsed("style", "a.jpg", "b.jpg", "-o", "o.png") == {}
    assert parsed("paint", "a.jpg", "-o", "o.png", "--mirror") == {"mirror": True}
    assert parsed("paint", "a.jpg", "-o", "o.png", "--no-mirror") == {"mirror": False}


@pytest.mark.parametrize("command", [[], ["style"], ["paint"], ["replay"], ["app"], ["doctor"]])
def test_help_is_on_stdout(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([*command, "--help"])
    out, err = capsys.readouterr()
    assert (left.value.code, err) == (0, "")
    assert "usage: studio" in out


def test_replay_makes_the_same_pixels(photo, said):
    said("paint", photo, "-o", "out.png", "--mirror")
    assert said("replay", "out.png", "--verify") == (0, "identical\n", "")
    assert said("replay", "out.png")[:2] == (0, "out-again.png\n")
    assert said("replay", "out.png")[:2] == (0, "out-again-2.png\n")
    assert said("replay", "out.png", "-o", "copy.jpg")[0] == 0
    assert np.array_equal(images.read("out-again.png"), images.read("out.png"))


def test_replay_of_a_lossy_picture_compares_after_the_same_loss(photo, said):
    said("paint", photo, "-o", "out.jpg")
    assert said("replay", "out.jpg", "--verify")[:2] == (0, "identical\n")
    assert said("replay", "out.jpg.json", "--verify")[:2] == (0, "identical\n")


def test_replay_says_how_an_edited_picture_differs(photo, said):
    said("paint", photo, "-o", "out.png")
    edited = images.read("out.png").copy()
    edited[0, 0] ^= 8
    Path("edited.png").write_bytes(images.encode_png(edited, recipes.read(Path("out.png").read_bytes())))
    code, out, _ = said("replay", "edited.png", "--verify")
    assert code == 1
    assert "8 of 255" in out
    assert "edited" in out
    code, out, _ = said("replay", "edited.png", "--verify", "--json")
    found = json.loads(out)
    assert (code, found["figures"]["max"], found["figures"]["identical"]) == (1, 8, False)


def test_replay_names_the_missing_input_and_takes_it_back(photo, said, home):
    said("paint", photo, "-o", "out.png")
    digest = paths.file_digest(photo)
    shutil.rmtree(home / "files")
    code, _, err = said("replay", "out.png", "--verify")
    assert code == 2
    assert digest in err
    assert "photo.png" in err
    assert said("replay", "out.png", "--verify", "--inputs", ".") == (0, "identical\n", "")


def test_replay_makes_a_missing_link_of_a_chain_again(photo, said, home):
    said("paint", photo, "-o", "one.png", "--mirror")
    said("paint", "one.png", "-o", "two.png")
    (home / "files" / paths.file_digest(Path("one.png"))).unlink()
    assert said("replay", "two.png", "--verify") == (0, "identical\n", "")


@pytest.mark.parametrize(
    "change", [{"task": "os.system"}, {"settings": {"steps": 10**12}}, {"settings": {"x": 1}}]
)
def test_replay_refuses_what_the_form_would(change, photo, said):
    said("paint", photo, "-o", "out.png")
    recipe = recipes.read(Path("out.png").read_bytes()).model_copy(update=change)
    Path("changed.png").write_bytes(images.encode_png(images.read("out.png"), recipe))
    code, out, err = said("replay", "changed.png")
    assert (code, out) == (2, "")
    assert err.startswith("error: ")


def test_home_that_cannot_be_written_is_one_line(photo, said, monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", "/dev/null/home")
    code, _, err = said("paint", photo, "-o", "out.png")
    assert (code, err.count("\n")) == (2, 1)
    assert "STUDIO_HOME" in err


@pytest.mark.slow
def test_doctor_finds_the_backend(said, home):
    code, out, _ = said("doctor", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["well"]
    assert any("backend" in check["found"] for check in found["checks"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listening(pid: int) -> str:
    """The addresses that a process listens on, as /proc has them: hexadecimal, `0100007F` is 127.0.0.1."""
    own = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/net/{table}").read_text().splitlines()
    ]
    return " ".join(row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux' /proc")
def test_app_serves_on_loopback_from_any_folder_and_ctrl_c_ends_it(tmp_path, home):
    port = free_port()
    process = start("app", "--port", port, cwd=tmp_path, start_new_session=True)
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                assert process.poll() is None, process.communicate()
                time.sleep(0.1)
        else:
            pytest.fail("the pages never answered")
        assert listening(process.pid)
        assert all(address.startswith("0100007F:") for address in listening(process.pid).split())
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)  # nothing that it started is left
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
