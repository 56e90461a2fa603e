"""`studio classify predict`, `explain` and `export`, and `studio score` of a classifier."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import third_party_networks
import toy_classifier
from PIL import Image

from studio.classify.models import imagenet, trained
from studio.core import recipes
from studio.core.imaging import image_io, video_decoder, video_encoder
from studio.core.models import presets
from tests.wording import says_what_to_do


@pytest.fixture(scope="module")
def saved_toy(lasting_weights_home, tmp_path_factory):
    """The folder of a classifier."""
    folder = tmp_path_factory.mktemp("toy") / "toy"
    with lasting_weights_home():
        toy_classifier.save(folder)
    return folder


@pytest.fixture
def toy(saved_toy, weights_home, tmp_path, monkeypatch, image):
    """A copy of the classifier in a folder and a photo, both in the working folder."""
    monkeypatch.chdir(tmp_path)
    Path("photo.png").write_bytes(image_io.encode_png(image))
    shutil.copytree(saved_toy, "toy")
    return "toy"


@pytest.mark.slow
def test_predict_prints_classes(toy, run_command):
    code, out, _ = run_command("classify", "predict", toy, "photo.png", "sample:chelsea", "--quiet")
    assert code == 0
    first, second = out.splitlines()
    assert first.startswith("photo.png: c") and second.startswith("sample:chelsea: c")
    assert first.count("%") == 2


@pytest.mark.slow
def test_predict_json_has_the_given_paths(toy, run_command):
    Path("a").mkdir()
    Path("photo.png").rename("a/photo.png")
    code, out, _ = run_command(
        "classify", "predict", "--json", toy, "a/photo.png", "sample:coffee", "--top", 1
    )
    report = json.loads(out)
    assert (code, out.count("\n")) == (0, 1)
    assert [entry["path"] for entry in report["images"]] == ["a/photo.png", "sample:coffee"]
    for entry in report["images"]:
        (label,) = entry["labels"]
        assert label["label"] in ("cat", "coffee") and 0.5 <= label["probability"] <= 1
    assert report["stopped_early"] is False


@pytest.mark.slow
def test_predict_saves_text_or_json(toy, run_command):
    assert run_command("classify", "predict", toy, "photo.png", "-o", "told.json", "--quiet")[:2] == (
        0,
        "told.json\n",
    )
    report = json.loads(Path("told.json").read_text())
    assert report["images"][0]["path"] == "photo.png"
    assert recipes.read(Path("told.json.json").read_bytes()).task == "classify.predict"
    assert run_command("classify", "predict", toy, "photo.png", "-o", "told.txt", "--quiet")[0] == 0
    assert Path("told.txt").read_text().startswith("photo.png: c")


@pytest.mark.slow
def test_saved_answer_can_be_replayed(toy, run_command):
    name = "told.txt"
    run_command("classify", "predict", toy, "photo.png", "-o", name, "--quiet")
    before = Path(name).read_text()
    assert run_command("replay", name, "--quiet")[:2] == (0, "told-again.txt\n")
    assert Path("told-again.txt").read_text() == before
    assert run_command("replay", f"{name}.json", "-o", "other.json", "--quiet")[0] == 0
    assert json.loads(Path("other.json").read_text())["images"][0]["labels"]
    code, _, err = run_command("replay", name, "--verify")
    assert code == 2 and ": metrics." in err


@pytest.mark.slow
def test_preset_can_be_given_by_its_flag(toy, run_command):
    plain = run_command("classify", "predict", toy, "photo.png", "--quiet")
    assert plain[0] == 0
    assert run_command("classify", "predict", f"--preset={toy}", "photo.png", "--quiet") == plain


@pytest.mark.slow
def test_explain_accepts_a_video(toy, run_command):
    frames = [np.full((32, 48, 3), shade, "uint8") for shade in (60, 180)]
    Path("clip.gif").write_bytes(video_encoder.encode(frames, "gif", 10))
    code, out, err = run_command("classify", "explain", toy, "clip.gif", "-o", "where.gif", "--quiet")
    assert (code, out, err) == (0, "where.gif\n", "")
    recipe = recipes.read(Path("where.gif.json").read_bytes())
    assert recipe.task == "video.repaint" and [file.name for file in recipe.inputs["model"]] == ["toy.zip"]
    assert len(list(video_decoder.decode(Path("where.gif").read_bytes()))) == 2


@pytest.mark.slow
def test_images_alone_use_the_default_classifier(toy, run_command, monkeypatch):
    monkeypatch.setattr(imagenet, "load", lambda progress=None: trained.load(presets.find(Path("toy"))))
    for first in ("photo.png", "sample:chelsea"):
        code, out, err = run_command("classify", "predict", first, "sample:coffee", "--quiet")
        assert (code, err) == (0, "")
        assert [line.partition(": c")[0] for line in out.splitlines()] == [first, "sample:coffee"]


def test_explain_without_a_classifier_is_rejected(toy, run_command):
    code, _, err = run_command("classify", "explain", "photo.png", "photo.png", "-o", "why.png", "--quiet")
    assert code == 2 and ": an image. Use a model saved" in err


@pytest.mark.slow
def test_explain_writes_an_image(toy, run_command):
    code, out, _ = run_command(
        "classify", "explain", toy, "photo.png", "-o", "why.png", "--label", "cat", "--quiet"
    )
    assert (code, out) == (0, "why.png\n")
    assert image_io.read(Path("why.png")).shape[1] > image_io.read(Path("photo.png")).shape[1]
    recipe = recipes.read(Path("why.png").read_bytes())
    assert recipe.task == "classify.explain" and set(recipe.inputs) == {"image", "model"}


@pytest.mark.slow
def test_export_writes_file_program_and_recipe_and_keeps_a_changed_program(toy, run_command):
    code, out, err = run_command("classify", "export", toy, "-o", "toy.keras")
    assert (code, out) == (0, "toy.keras\n")
    assert "10 images" in err and "exactly the model's" in err
    with zipfile.ZipFile("toy.keras") as packed:
        assert "labels.txt" in packed.namelist()
    assert "keras.saving.load_model" in Path("toy.keras.py").read_text()
    assert recipes.read(Path("toy.keras.json").read_bytes()).task == "classify.export"
    run_command("classify", "export", toy, "-o", "toy.keras")
    assert not Path("toy.keras-2.py").exists()
    Path("toy.keras.py").write_text("mine")
    assert run_command("classify", "export", toy, "-o", "toy.keras")[0] == 0
    assert Path("toy.keras.py").read_text() == "mine"
    assert "load_model" in Path("toy.keras-2.py").read_text()


@pytest.mark.slow
def test_program_of_a_web_model_is_javascript(toy, run_command):
    assert run_command("classify", "export", toy, "-o", "web.zip", "--form", "tfjs", "--quiet")[0] == 0
    assert "tf.loadLayersModel" in Path("web.zip.js").read_text() and not Path("web.zip.py").exists()


@pytest.mark.slow
def test_score_prints_metrics_of_a_classifier(toy, run_command):
    rng = np.random.default_rng(0)
    for name in ("cat", "coffee"):
        for n in range(5):
            path = Path("data", name, f"{n}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (32, 32, 3), "uint8")).save(path)
    code, out, _ = run_command("score", toy, "data", "--quiet")
    report = json.loads(out)
    assert code == 0 and report["n"] == 10
    low, high = report["interval"]
    assert low <= report["accuracy"] <= high
    assert json.loads(run_command("score", toy, "data", "--part", "0.6:1", "--quiet")[1])["n"] == 4


@pytest.fixture
def imported_model(tmp_path, monkeypatch, image, home):
    """An imported Keras classifier and a photo, both in the working folder."""
    monkeypatch.chdir(tmp_path)
    Path("photo.png").write_bytes(image_io.encode_png(image))
    third_party_networks.save(Path("my.keras"), third_party_networks.make_tutorial_network())
    return "my.keras"


@pytest.mark.slow
def test_imported_keras_model_is_supported(imported_model, run_command):
    code, out, err = run_command("classify", "predict", imported_model, "photo.png", "--quiet")
    assert (code, err) == (0, "") and out.startswith("photo.png: class ")
    assert out.count("%") == 4 and "Preprocessing: 0 to 255 (it has a Rescaling layer)" in out
    _, out, _ = run_command(
        "classify", "predict", imported_model, "photo.png", "--preprocessing", "-1-1", "--quiet"
    )
    assert "Preprocessing: -1 to 1 (chosen in the settings)" in out
    code, out, _ = run_command(
        "classify", "explain", imported_model, "photo.png", "-o", "why.png", "--label", "class 3", "--quiet"
    )
    assert code == 0 and recipes.read(Path("why.png").read_bytes()).inputs["model"][0].name == imported_model
    assert run_command("classify", "export", imported_model, "-o", "again.keras", "--quiet") == (
        0,
        "again.keras\n",
        "",
    )
    with zipfile.ZipFile("again.keras") as packed:
        assert packed.read("labels.txt").decode().split("\n")[0] == "class 1"
    assert run_command("write", "Once", "--preset", imported_model, "--quiet")[0] == 2  # not a language model


@pytest.mark.parametrize(
    "name, data, message",
    [
        ("my.h5", b"\x89HDF\r\n\x1a\n", "not an HDF5 model file, or a damaged one"),
        ("my.weights.h5", b"\x89HDF\r\n\x1a\n", "weights without their layers"),
        ("my.onnx", b"\x08\x07", "an ONNX file"),
        ("my.tflite", b"\x1c\0\0\0TFL3", "a damaged TFLite file"),
        ("my.pt", b"\x80\x02}q\0.", "a Python pickle"),
        ("my.keras", b"", "a damaged one"),
    ],
)
def test_other_files_are_rejected_as_models(name, data, message, run_command, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(data)
    code, out, err = run_command("classify", "predict", name, "sample:chelsea", "--quiet")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert (
        name in err
        and message in err
        and "a Keras (.keras, .h5)" in err
        and (says_what_to_do(err) or "See `studio" in err)
    )


INVALID_COMMANDS = {
    "no such preset": ["classify", "predict", "nobody", "photo.png"],
    "no image": ["classify", "predict", "toy"],
    "no such model file": ["classify", "predict", "nothing.keras", "photo.png"],
    "no such image": ["classify", "predict", "toy", "nothing.png"],
    "no such label": ["classify", "explain", "toy", "photo.png", "-o", "why.png", "--label", "dog"],
    "a model of another kind": ["classify", "predict", "shakespeare", "photo.png"],
    "two images to explain": ["classify", "explain", "toy", "photo.png", "photo.png", "-o", "why.png"],
    "an unknown form": ["classify", "export", "toy", "-o", "toy.pb"],
    "no output": ["classify", "export", "toy"],
    "a wrong ending": ["classify", "predict", "toy", "photo.png", "-o", "told.png"],
    "a score of no model": ["score", "model.keras", "data"],
    "a score of no file": ["score", "nothing.h5", "data"],
    "a whole model": ["classify", "predict", "model.keras", "photo.png"],
}


@pytest.mark.slow
@pytest.mark.parametrize("argv", INVALID_COMMANDS.values(), ids=INVALID_COMMANDS)
def test_bad_input_is_one_line(argv, toy, run_command):
    Path("model.keras").write_bytes(b"PK\x03\x04 no model")
    Path("labels.txt").write_text("cat\ncoffee\n")
    code, out, err = run_command(*argv, "--quiet")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ") and (says_what_to_do(err) or "See `studio" in err)
    assert not Path("why.png").exists()
    files = [word for word in argv if word.endswith((".keras", ".h5"))]
    assert all(f"model {name}" in err for name in files), "it names the file"
