"""`studio classify train` and `audit`, and the training script, on synthetic images."""

from __future__ import annotations

import json
import re

import drawn_classes
import pytest

from studio import cli
from studio.cli import running
from studio.core.models import presets
from tests.wording import says_what_to_do
from training import script

TRAIN_FLAGS = ["--backbone", "vgg16", "--size", "32"]


@pytest.fixture
def class_folder(tmp_path):
    return drawn_classes.make(tmp_path / "shapes")


@pytest.mark.slow
def test_training_notes_its_cost_and_its_folder_works_with_predict(
    weights_home, class_folder, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(running, "MIN_NOTED_SECONDS", 0.01)
    out = tmp_path / "model"
    assert cli.main(["classify", "train", str(class_folder), "-o", str(out), *TRAIN_FLAGS]) == 0
    output, noted = capsys.readouterr()
    assert output.strip() == str(out) and "accuracy" in noted
    assert re.search(r"Classifier training: (about \d+|a few) seconds here, \d\.\d GiB of memory\.", noted)
    assert presets.find(out).read_data()["classes"] == list(drawn_classes.CLASSES)
    image = class_folder / "lying" / "00.png"
    assert cli.main(["classify", "predict", str(out), str(image), "--json"]) == 0
    labels = json.loads(capsys.readouterr().out)["images"][0]["labels"]
    assert labels[0]["label"] == "lying" and labels[0]["probability"] > 0.5


@pytest.mark.slow
def test_training_script_equals_the_command(weights_home, class_folder, tmp_path, capsys):
    argv = [str(class_folder), "-o", str(tmp_path / "model"), *TRAIN_FLAGS, "--json", "--seed", "3"]
    assert script.main("classify.train", "train_classifier", argv) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["figures"]["accuracy"] > 0.7 and report["figures"]["n"] == 12
    assert report["path"] == str(tmp_path / "model") and not report["stopped_early"]


def test_audit_prints_anomalies(weights_home, class_folder, capsys):
    (class_folder / "disc" / "list.txt").write_text("words")
    assert cli.main(["classify", "audit", str(class_folder), *TRAIN_FLAGS]) == 0
    output = capsys.readouterr().out
    assert "| lying | 12 |" in output and "disc/list.txt" in output and "Fewer than 20" in output


def test_audit_needs_no_weights(home, class_folder, capsys):
    argv = ["classify", "audit", str(class_folder), "--no-suspicious", "--size", "32", "--json"]
    assert cli.main(argv) == 0
    assert json.loads(capsys.readouterr().out)["figures"]["images"] == 36


@pytest.mark.parametrize(
    "argv, says",
    [
        (["shapes/disc", "-o", "model"], "two classes"),
        (["nowhere", "-o", "model"], "nowhere"),
        (["shapes", "-o", "model", "--backbone", "alexnet"], "vgg16"),
        (["shapes", "-o", "model", "--held-out", "1"], "held_out"),
        (["shapes"], "-o"),
    ],
)
def test_invalid_input_is_one_line(home, class_folder, monkeypatch, capsys, argv, says):
    monkeypatch.chdir(class_folder.parent)
    assert cli.main(["classify", "train", *argv]) == 2
    output, noted = capsys.readouterr()
    assert output == "" and noted.startswith("error: ") and says in noted and noted.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["zip_traversal", "symlink", "bomb", "nested"])
def test_malicious_archives_are_rejected(home, tmp_path, capsys, kind):
    import zipfile

    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/1.png", b"x")
        if kind == "zip_traversal":
            archive.writestr("../out.png", b"x")
        elif kind == "symlink":
            info = zipfile.ZipInfo("b/link.png")
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc/passwd")
        elif kind == "bomb":
            archive.writestr("b/bomb.png", bytes(200_000_000))
        else:
            archive.writestr("b/more.zip", b"PK")
    assert cli.main(["classify", "train", str(path), "-o", str(tmp_path / "model")]) == 2
    noted = capsys.readouterr().err
    assert noted.startswith("error: ") and says_what_to_do(noted)
    assert not (tmp_path / "model").exists() and not (tmp_path.parent / "out.png").exists()
