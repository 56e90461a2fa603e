"""`studio.make`: tasks from Python, with inputs of a program, shown in a notebook."""

from __future__ import annotations

import dataclasses
import io
import signal
import subprocess
import sys
import threading
import types
import warnings
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import studio
from studio.core import paths, recipes
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.gallery import index
from studio.gallery.index import Filter
from studio.run.machine import Machine

SMALL = {"size": 64, "quiet": True}


def make_painting(content="sample:coffee", style="house:mosaic", **arguments):
    return studio.make("style.transfer", content=content, style=style, **{**SMALL, **arguments})


@pytest.fixture
def painting(home):
    return make_painting()


def test_a_result_is_an_image_with_its_recipe_in_the_gallery(painting, tmp_path):
    assert painting.image.dtype == np.uint8 and painting.image.shape == (43, 64, 3)
    assert painting.settings.house == ("mosaic",) and painting.recipe.task == "style.transfer"
    out = painting.save(tmp_path / "out.png")
    assert recipes.read(out.read_bytes()) == painting.recipe
    assert [entry.file.digest for entry in index.find(Filter())[0]] == [painting.result.files[0].digest]
    assert painting.save(tmp_path / "out.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert (tmp_path / "out.jpg.json").is_file()


def test_images_are_accepted_in_many_forms(painting, tmp_path):
    photo = sample_photos.read_photo("coffee")
    path = tmp_path / "coffee.png"
    path.write_bytes(image_io.encode_png(photo))
    for content in (photo, Image.fromarray(photo), path, str(path), [str(path)]):
        assert np.array_equal(make_painting(content).image, painting.image)


def test_images_in_memory_are_read_like_their_files(home, tmp_path):
    rng = np.random.default_rng(0)
    # Decoding is tested with the files themselves.
    color, gray, alpha = (rng.integers(0, 256, (40, 64, *more), "uint8") for more in ((3,), (), (4,)))
    turned = Image.fromarray(color)
    turned.getexif()[0x0112] = 6  # as in a photo of an upright phone
    deep = Image.fromarray(gray.astype("uint16") * 257)
    for n, image in enumerate((gray, alpha, gray[..., None], Image.fromarray(alpha), turned, deep)):
        path = tmp_path / f"{n}.png"
        (Image.fromarray(image.squeeze()) if isinstance(image, np.ndarray) else image).save(
            path, exif=turned.getexif() if image is turned else b""
        )
        (file,) = make_painting(image).recipe.inputs["content"]
        stored = image_io.read(paths.stored_path(file.digest))
        assert np.array_equal(stored, image_io.read(path))
    assert image_io.read(tmp_path / "4.png").shape == (64, 40, 3)
    for image in (deep.convert("I"), Image.open(tmp_path / "5.png")):  # scaled, not clipped
        assert np.array_equal(image_io.read(image_io.as_png(image)), image_io.read(tmp_path / "5.png"))


def test_a_transparent_result_equals_its_saved_file(home, tmp_path):
    glass = np.full((24, 32, 4), (200, 90, 40, 255), "uint8")
    glass[:, 16:, 3] = 0
    result = studio.make("enhance", content=glass, scale=2, quiet=True)
    assert result.image.shape == (48, 64, 4)
    assert np.array_equal(result.image, np.asarray(Image.open(result.save(tmp_path / "out.png"))))


@pytest.mark.parametrize("top", [255, 65_535, 4_000_000])
def test_32_bit_images_are_scaled_by_their_maximum(home, top):
    levels = np.linspace(0, top, 24 * 32).reshape(24, 32).astype("int32")
    result = studio.make("enhance", content=Image.fromarray(levels), scale=2, sharpness=0, quiet=True)
    assert result.image[0, 0].max() < 3 and result.image[-1, -1].min() > 252


def test_a_result_is_accepted_as_an_input(painting):
    again = make_painting(painting, style=["house:wash"])
    (source,) = again.recipe.inputs["content"]
    assert source.digest == painting.result.files[0].digest and source.recipe == painting.recipe


def test_settings_are_parsed_like_flags(home):
    result = studio.make("style.transfer", content="sample:coffee", house="mosaic, wash", **SMALL)
    assert result.settings.house == ("mosaic", "wash")
    named = studio.make("style.transfer", content="sample:coffee", house="mosaic", network="house", **SMALL)
    assert named.settings.network == "house"


def test_it_works_in_a_thread_without_signals(home):
    results = []
    thread = threading.Thread(target=lambda: results.append(make_painting(quiet=False)))
    thread.start()
    thread.join(120)
    assert results and results[0].image.shape == (43, 64, 3)


@pytest.mark.parametrize(
    "task, arguments, says",
    [
        ("style", {"house": "mosaic"}, "Invalid content: 0 files. Use 1 file."),
        ("style.transform", {}, "Did you mean style.transfer"),
        ("", {}, ": "),
        ("style.transfer", {"contents": "a.png"}, "Did you mean content"),
        ("style.transfer", {"content": np.zeros((4, 4))}, r"an array \(4, 4\) float64"),
        ("style.transfer", {"content": np.zeros((0, 4, 3), "uint8")}, r"an array \(0, 4, 3\) uint8"),
        ("style.transfer", {"content": 3}, ": int"),
        ("style.transfer", {"content": np.zeros((4, 4), "uint8")}, "Invalid content"),
        (["style"], {}, ": "),
        ("style.transfer", {"content": "gone.png"}, "gone.png"),
        ("style.transfer", {"content": "sample:coffee", "house": "mosiac"}, "Did you mean mosaic"),
        ("style.transfer", {"content": "sample:coffee", "size": "big"}, ": 'big'"),
        ("faces.draw", {"preset": 3}, "a path of a model"),
    ],
)
def test_invalid_arguments_are_reported_in_one_sentence(task, arguments, says, home):
    with pytest.raises(InvalidInput, match=says):
        studio.make(task, **arguments)


def test_a_video_is_shown_and_saved_in_its_format(home, tmp_path):
    options = {"preset": "digits-dcgan", "n": 2, "interpolate": 2, "video": "gif", "fps": 2, "quiet": True}
    video = studio.make("faces.draw", **options)
    assert "data:image/gif;base64,R0lG" in video._repr_mimebundle_()["text/html"]
    assert video.save(tmp_path / "interpolate.gif").read_bytes()[:3] == b"GIF"
    with pytest.raises(InvalidInput, match=r"ends in \.gif"):
        video.save(tmp_path / "interpolate.mp4")
    with pytest.raises(InvalidInput, match=": an animation"):
        _ = video.image


def test_an_image_is_saved_by_its_extension_but_never_over_an_input(home, tmp_path):
    photo = tmp_path / "photo.webp"
    photo.write_bytes(image_io.encode_as(sample_photos.read_photo("coffee"), ".webp"))
    before = photo.read_bytes()
    result = make_painting(photo)
    with pytest.raises(InvalidInput, match="one of the inputs"):
        result.save(photo)
    assert photo.read_bytes() == before
    grid = studio.make("faces.draw", preset="digits-dcgan", n=2, quiet=True)
    # a video of them would be a result, too
    assert grid.save(tmp_path / "grid.webp").read_bytes()[8:12] == b"WEBP"


def test_an_input_is_never_overwritten_after_a_change_of_folder(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo = tmp_path / "photo.png"
    photo.write_bytes(image_io.encode_png(sample_photos.read_photo("coffee")))
    before = photo.read_bytes()
    opened_image = Image.open("photo.png")
    results = [make_painting("photo.png"), make_painting(["photo.png"]), make_painting(opened_image)]
    results.append(make_painting(results[0]))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    for result in results:
        with pytest.raises(InvalidInput, match="one of the inputs"):
            result.save("../photo.png")
    assert photo.read_bytes() == before
    assert results[0].save("photo.png") == Path("photo.png")


def test_a_setting_named_model_is_not_an_input(home):
    result = studio.make("faces.draw", model="dcgan", n=2, quiet=True)
    assert result.settings.model == "dcgan"


def test_styles_of_two_arguments_are_combined(home):
    for styles in ({"house": "mosaic", "style": "house:wash"}, {"style": "house:wash", "house": "mosaic"}):
        result = studio.make("style.transfer", content="sample:coffee", **styles, **SMALL)
        assert sorted(result.settings.house) == ["mosaic", "wash"]


def test_the_calling_program_keeps_its_warnings(home):
    before = warnings.showwarning
    make_painting()
    assert warnings.showwarning is before


PROGRAM = """
import logging, os, sys, warnings
import studio
from studio.core import tasks

logging.basicConfig(format="%(message)s", level=logging.INFO)  # holds the stream that is there now
streams, work = (sys.stdout, sys.stderr), tasks.run_checked

def run(*asked):
    logging.info("log of the program")
    print("print of the program", file=streams[0])
    warnings.warn("warning of a library")
    os.write(1, b"native 1\\n")
    os.write(2, b"native 2\\n")
    logging.getLogger("library").addHandler(logging.StreamHandler())
    return work(*asked)

tasks.run_checked = run
studio.make("faces.draw", preset="digits-dcgan", n=2, quiet=True)
logging.getLogger("library").warning("library afterwards")
os.write(2, b"native afterwards\\n")
assert (sys.stdout, sys.stderr) == streams
print("end", sys.stderr.name)
"""


@pytest.mark.slow
@pytest.mark.parametrize("unbuffered", [[], ["-u"]])
def test_the_calling_program_keeps_its_logging(unbuffered, home):
    done = subprocess.run([sys.executable, *unbuffered, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["print of the program", "end <stderr>"]
    lines = ["log of the program", "library afterwards", "library afterwards", "native afterwards"]
    assert done.stderr.splitlines() == lines
    log = (home / "logs" / "command-line.log").read_text()
    assert "of the program" not in log and "library afterwards" not in log
    assert all(line in log for line in ("native 1\n", "native 2\n", "warning of a library\n"))


@pytest.mark.parametrize("is_stopped", [True, False])
def test_control_c_returns_the_best_so_far_or_ends_the_loop(is_stopped, home, monkeypatch, capsys):
    """A task that checks for cancellation returns early; the result of any other is in the gallery."""

    def run(task, settings, inputs, progress):
        signal.raise_signal(signal.SIGINT)
        return dataclasses.replace(result.result, stopped_early=is_stopped)

    result = make_painting()
    monkeypatch.setattr(Machine, "run", staticmethod(run))
    if is_stopped:
        assert make_painting().stopped_early and "the best so far" in capsys.readouterr().err
    else:
        with pytest.raises(KeyboardInterrupt, match="in the gallery"):
            make_painting()
    assert len(index.find(Filter())[0]) == 2


def test_control_c_before_a_result_raises_keyboard_interrupt(home, monkeypatch):
    def run(task, settings, inputs, progress):
        signal.raise_signal(signal.SIGINT)
        progress.check()

    monkeypatch.setattr(Machine, "run", staticmethod(run))
    with pytest.raises(KeyboardInterrupt, match="before there was a result"):
        make_painting()


def test_a_truncated_image_is_reported_in_one_sentence(home, tmp_path):
    (tmp_path / "cut.jpg").write_bytes(image_io.encode_as(sample_photos.read_photo("coffee"), ".jpg")[:9000])
    with pytest.raises(InvalidInput, match=r"Invalid content.*: a cut one"):
        make_painting(Image.open(tmp_path / "cut.jpg"))


def test_a_text_prints_itself(home):
    result = studio.make("text.write", prompt="O, what <b>", chars=20, quiet=True)
    assert str(result).startswith("O, what <b>")
    assert result._repr_mimebundle_()["text/html"].startswith("<pre>O, what &lt;b&gt;")
    assert result.answer == {}


def test_a_notebook_shows_the_image_and_a_line_of_progress(home, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    studio.make("faces.draw", preset="digits-dcgan", n=2, interpolate=2, video="gif", fps=2)
    output = capsys.readouterr()
    assert "\rFaces" in output.err and output.err.endswith(" \r") and not output.out
    result = make_painting()
    image = Image.open(io.BytesIO(b64decode(result._repr_mimebundle_()["image/png"])))
    assert np.array_equal(np.asarray(image), result.image)


@pytest.mark.slow  # a real network
def test_a_prediction_is_available_as_text_and_data(weights_home, tmp_path):
    result = studio.make("classify.predict", images="sample:coffee", top=2, quiet=True)
    assert "espresso" in result.text or "cup" in result.text
    assert result.answer["images"][0]["path"] == "coffee.png"
    assert result.save(tmp_path / "said.json").read_text().startswith("{")
    assert result.save(tmp_path / "said.txt").read_text().strip() == result.text.strip()


@pytest.mark.slow  # a real network
def test_notes_are_printed_unless_quiet(weights_home, capsys):
    options = {"content": "sample:coffee", "look": "eyes", "backbone": "resnet50", "size": 64, "steps": 1}
    studio.make("dream.ascend", **options)
    assert "does not have the preset eyes" in capsys.readouterr().err
    studio.make("dream.ascend", quiet=True, **options)
    assert not capsys.readouterr().err


@pytest.mark.slow  # a training
def test_a_model_is_saved_as_a_folder_and_used(home, tmp_path):
    (tmp_path / "tale.txt").write_text("to be or not to be, that is the question. " * 60)
    result = studio.make("text.train", text=tmp_path / "tale.txt", units=32, epochs=1, quiet=True)
    folder = result.save(tmp_path / "language_model")
    assert studio.make("text.write", preset=str(folder), prompt="to", chars=12, quiet=True).text
    assert studio.make("text.write", preset=result, prompt="to", chars=12, quiet=True).text
    again = studio.make(
        "train text", text=tmp_path / "tale.txt", units=32, epochs=1, resume=False, quiet=True
    )
    assert again.figures["train_nats"] == pytest.approx(result.figures["train_nats"], rel=0.01)
