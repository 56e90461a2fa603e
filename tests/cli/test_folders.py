"""Commands on a folder of images: they resume and skip broken files."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import paint
import pytest

from studio.cli import folders, main
from studio.core.errors import InsufficientSpace, InvalidInput, Unavailable
from studio.core.imaging import image_io

INVERT_COMMAND = ["invert", "photos", "-o", "out", "--steps", "1", "--quiet"]


@pytest.fixture
def photos(tmp_path, home, monkeypatch):
    """Three images and another file in the folder `photos`."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    folder.mkdir()
    for n, name in enumerate(("a.png", "b.PNG", "ä c.jpg")):
        image = np.full((24, 32, 3), 40 * (n + 1), "uint8")
        (folder / name).write_bytes(image_io.encode_as(image, ".png" if n < 2 else ".jpg"))
    (folder / "notes.txt").write_text("no image")
    (folder / ".hidden.png").write_bytes(b"")
    return folder


def measure_means(folder):
    return {path.name: int(image_io.read(path).mean()) for path in sorted(folder.iterdir())}


def test_results_have_the_names_of_the_images(photos, capsys):
    assert main(INVERT_COMMAND) == 0
    assert measure_means(photos.with_name("out")) == {"a.png": 215, "b.png": 175, "ä c.png": 135}
    assert capsys.readouterr().out.splitlines() == ["out/a.png", "out/b.png", "out/ä c.png"]


def test_jfif_is_a_jpeg(photos, capsys):
    (photos / "ä c.jpg").rename(photos / "d.JFIF")
    assert main(INVERT_COMMAND) == 0
    assert measure_means(photos.with_name("out")) == {"a.png": 215, "b.png": 175, "d.png": 135}
    assert main(["invert", "photos/d.JFIF", "-o", "d.jfif", "--steps", "1", "--quiet"]) == 0
    assert image_io.read("d.jfif").shape == (24, 32, 3)


def test_repeated_run_makes_only_missing_or_changed_results(photos, capsys):
    main(INVERT_COMMAND)
    out = photos.with_name("out")
    (out / "b.png").unlink()
    (photos / "a.png").write_bytes(image_io.encode_png(np.zeros((24, 32, 3), "uint8")))
    before = (out / "ä c.png").stat().st_mtime_ns
    capsys.readouterr()
    assert main([*INVERT_COMMAND, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["saved"], report["existing"]) == (["out/a.png", "out/b.png"], ["out/ä c.png"])
    assert (out / "ä c.png").stat().st_mtime_ns == before
    assert main([*INVERT_COMMAND, "--json", "--tint", "red"]) == 0
    assert len(json.loads(capsys.readouterr().out)["saved"]) == 3


def test_repeated_run_recognizes_results_of_automatic_settings(photos, capsys, monkeypatch):
    monkeypatch.setattr(paint.PaintSettings, "resolve", lambda self: self.model_copy(update={"seed": 7}))
    main(INVERT_COMMAND)
    capsys.readouterr()
    assert main([*INVERT_COMMAND, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["saved"], len(report["existing"])) == ([], 3)


def test_class_names_of_an_imported_model_are_used(photos, monkeypatch):
    passed = []

    def read_inputs(task, values, machine, labels=None):
        passed.append(labels)
        raise InvalidInput("Enough.")

    monkeypatch.setattr(folders, "read_inputs", read_inputs)
    command = ["classify", "explain", "photos", "-o", "out", "--labels", "names.txt", "--quiet"]
    assert main(command) == 2
    assert passed == ["names.txt"]


def test_damaged_image_is_skipped(photos, capsys):
    (photos / "b.PNG").write_bytes((photos / "a.png").read_bytes()[:50])
    assert main(INVERT_COMMAND) == 2
    assert set(measure_means(photos.with_name("out"))) == {"a.png", "ä c.png"}
    assert "b.PNG was skipped" in capsys.readouterr().err


def test_image_beyond_the_memory_is_skipped(photos, capsys, monkeypatch):
    of_b = lambda settings, inputs: 2.0 ** (90 if inputs["content"][0].name == "b.PNG" else 9)  # noqa: E731
    monkeypatch.setattr(paint, "needs", of_b, raising=False)
    monkeypatch.setattr(paint, "PAINT", replace(paint.PAINT, estimate_bytes="paint:needs"))
    assert main(INVERT_COMMAND) == 2
    assert set(measure_means(photos.with_name("out"))) == {"a.png", "ä c.png"}
    assert "b.PNG was skipped. Paint needs about" in capsys.readouterr().err


@pytest.fixture
def fail_task(monkeypatch):
    """Makes the task raise a given error for b.PNG."""

    def fail(exception):
        def work(settings, inputs, progress):
            if inputs["content"][0].name == "b.PNG":
                raise exception
            return paint.run(settings, inputs, progress)

        monkeypatch.setattr(paint, "failing", work, raising=False)
        monkeypatch.setattr(paint, "PAINT", replace(paint.PAINT, work="paint:failing"))

    return fail


def test_image_rejected_by_the_task_is_skipped(photos, capsys, fail_task):
    fail_task(InvalidInput("Invalid size. Choose a larger one."))
    assert main([*INVERT_COMMAND, "--json"]) == 2
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["saved"], report["failed"]) == (["out/a.png", "out/ä c.png"], ["photos/b.PNG"])
    assert err == "b.PNG was skipped. Invalid size. Choose a larger one.\n"


@pytest.mark.parametrize(
    "exception", [InsufficientSpace("The disk is full."), Unavailable("No net."), OSError(5, "I/O")]
)
def test_general_error_ends_the_run_after_the_summary(photos, capsys, fail_task, exception):
    fail_task(exception)
    assert main([*INVERT_COMMAND, "--json"]) == 2
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["saved"], report["failed"], report["stopped"]) == (["out/a.png"], [], True)
    assert err.startswith("error: ") and err.count("\n") == 1
    assert main(INVERT_COMMAND[:-1]) == 2
    assert "0 of 3 images made, 1 existed already. Run the same" in capsys.readouterr().err


def test_foreign_image_among_the_results_stays(photos, capsys):
    out = photos.with_name("out")
    out.mkdir()
    mine = image_io.encode_png(np.full((8, 8, 3), 7, "uint8"))
    (out / "a.png").write_bytes(mine)
    assert main(INVERT_COMMAND) == 2
    assert (out / "a.png").read_bytes() == mine
    assert "out/a.png is not a result of the studio" in capsys.readouterr().err
    assert set(measure_means(out)) == {"a.png", "b.png", "ä c.png"}


def test_names_with_different_endings_stay_distinct(photos):
    (photos / "A.jpg").write_bytes((photos / "ä c.jpg").read_bytes())
    assert main(INVERT_COMMAND) == 0
    assert {"a.png.png", "A.jpg.png"} <= {path.name for path in photos.with_name("out").iterdir()}


def test_results_have_unique_names(photos, capsys):
    for name in ("c.jpg", "c.png", "c.jpg.png"):
        (photos / name).write_bytes((photos / "a.png").read_bytes())
    assert main(INVERT_COMMAND) == 0
    assert {"c.jpg.png", "c.jpg-2.png", "c.png.png"} <= set(measure_means(photos.with_name("out")))
    assert main([*INVERT_COMMAND, "--json"]) == 0
    capsys_out = capsys.readouterr().out.splitlines()[-1]
    assert len(json.loads(capsys_out)["existing"]) == 6


@pytest.mark.slow
def test_ctrl_c_keeps_results_and_the_next_run_continues(photos, start_command, capsys):
    slow = ["invert", "photos", "-o", "out", "--steps", "20", "--seconds", "0.2"]
    process = start_command(*slow, cwd=photos.parent)
    process.stdout.readline()  # the first image is done
    process.send_signal(2)
    _, output = process.communicate(timeout=60)
    assert process.returncode == 130 and "Run the same command again" in output
    assert set(measure_means(photos.with_name("out"))) == {"a.png"}
    (photos / "b.PNG").unlink()  # would take as long again
    (photos / "ä c.jpg").unlink()
    assert main([*slow, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["existing"] == ["out/a.png"]


@pytest.mark.parametrize(
    "out, message",
    [
        ("photos", "the folder of the images"),
        ("file", "File exists"),
        ("no/where", "No such file"),
        ("out.png", "an image's name"),
    ],
)
def test_invalid_output_folder_is_rejected(photos, capsys, out, message):
    photos.with_name("file").write_text("here")
    assert main(["invert", "photos", "-o", out]) == 2
    assert message in capsys.readouterr().err
    assert sorted(path.name for path in photos.iterdir()) == [
        ".hidden.png",
        "a.png",
        "b.PNG",
        "notes.txt",
        "ä c.jpg",
    ]


def test_folder_without_images_is_rejected(photos, capsys):
    photos.with_name("empty").mkdir()
    assert main(["invert", "empty", "-o", "out"]) == 2
    assert "none in empty" in capsys.readouterr().err


def test_results_of_subfolders_are_in_equal_subfolders(photos, run_command):
    for name in ("summer/a.png", "summer/old/a.png", "winter/A.png", ".cache/a.png"):
        (photos / name).parent.mkdir(parents=True, exist_ok=True)
        (photos / name).write_bytes((photos / "a.png").read_bytes())
    command = ("invert", "photos", "-o", "photos/out", "--steps", "1")
    code, _, err = run_command(*command)
    assert code == 0 and "6 of 6 images made" in err
    out = photos / "out"
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.png")} == {
        *("a.png", "b.png", "ä c.png", "summer/a.png", "summer/old/a.png", "winter/A.png"),
    }
    assert "6 existed already" in run_command(*command)[2], "results are no images to read"


def test_a_subfolder_named_like_an_image_is_no_image(photos, run_command):
    (photos / "summer.png").mkdir()
    (photos / "loop").symlink_to(photos)
    code, _, err = run_command("invert", "photos", "-o", "out", "--steps", "1")
    assert code == 0 and "3 of 3 images made" in err


def test_an_image_is_skipped_if_a_file_has_the_name_of_its_subfolder(photos, run_command):
    (photos / "summer").mkdir()
    (photos / "summer" / "a.png").write_bytes((photos / "a.png").read_bytes())
    photos.with_name("out").mkdir()
    photos.with_name("out").joinpath("summer").write_text("mine")
    code, _, err = run_command("invert", "photos", "-o", "out", "--steps", "1")
    assert code == 2 and "3 of 4 images made, 1 skipped" in err
    assert "Use a folder for the results" in err and photos.with_name("out").joinpath("summer").is_file()


def test_other_files_are_noted_and_tiffs_are_read(photos, data_dir, run_command):
    shutil.copy(data_dir / "odd" / "07" / "mixed_folder" / "a.tif", photos / "e.tif")
    (photos / "layers.psd").write_bytes(b"8BPS")
    code, out, err = run_command("invert", "photos", "-o", "out", "--steps", "1")
    assert code == 0 and "out/e.png" in out.splitlines()
    assert "2 files of other kinds were skipped: layers.psd, notes.txt." in err
