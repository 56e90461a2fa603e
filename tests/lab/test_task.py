"""The lab tasks: commands, replay, and nearly empty drawings."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from studio.cli import main
from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.lab import drawings, network_file
from studio.lab.settings import SIDE, AutoencoderSettings, ImagineSettings, RepairSettings

QUICK = ["--steps", "60", "--quiet"]


@pytest.fixture
def run_command(home, tmp_path, monkeypatch, capsys):
    """Runs a command in a new folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run_command(*words):
        code = main(list(words))
        return code, *capsys.readouterr()

    return run_command


def drawing(line=(), ground=0, side=200) -> np.ndarray:
    """Returns an image of a thick line through some points, in two brightness levels."""
    image = Image.new("L", (side, side), ground)
    if line:
        ImageDraw.Draw(image).line(line, fill=255 - ground, width=16, joint="curve")
    return np.asarray(image.convert("RGB"))


SEVEN = [(50, 40), (150, 40), (80, 170)]


@pytest.mark.slow
def test_repaired_digits_can_be_replayed(run_command):
    words = ["lab", "repair", "-o", "out.png", "--kind", "denoising", "--noise", "0.5", *QUICK, "--json"]
    code, out, _ = run_command(*words)
    figures = json.loads(out)["figures"]
    assert code == 0 and figures["steps"] == 60 and figures["error"] < figures["corruption_error"]
    assert len(figures["code"]) == RepairSettings().bottleneck
    assert image_io.read("out.png").shape == (3 * 4 * SIDE + 4, 10 * 4 * SIDE + 18, 3)
    assert run_command("replay", "out.png", "--verify", "--quiet")[:2] == (0, "identical\n")


@pytest.mark.parametrize("show", ["filters", "map"])
def test_filters_and_maps_are_drawn(run_command, show):
    assert run_command("lab", "repair", "-o", "out.png", "--show", show, "--kind", "sparse", *QUICK)[0] == 0
    assert image_io.read("out.png").std() > 10


def test_the_rest_of_a_drawing_is_sampled(run_command):
    Image.fromarray(drawing(SEVEN)).save("seven.png")
    quick = ["--units", "32", "--rounds", "12", "-n", "2", *QUICK]
    code, out, _ = run_command("lab", "imagine", "seven.png", "-o", "out.png", *quick, "--json")
    assert code == 0 and len(json.loads(out)["figures"]["energies"]) == 12
    assert run_command("replay", "out.png", "--verify", "--quiet")[:2] == (0, "identical\n")
    assert run_command("lab", "imagine", "-o", "out.gif", "--frames", "3", *quick)[0] == 0


def test_networks_are_npz_files(run_command):
    assert run_command("lab", "train", "-o", "net.npz", "--bottleneck", "4", *QUICK)[0] == 0
    assert run_command("lab", "boltzmann", "-o", "rbm.npz", "--units", "32", *QUICK)[0] == 0
    with np.load("net.npz") as arrays:
        assert arrays["encoder"].dtype == np.float32
    assert network_file.unpack_network(Path("net.npz").read_bytes())[0].settings.bottleneck == 4
    assert network_file.unpack_network(Path("rbm.npz").read_bytes())[0].kernel.shape == (784, 32)


@pytest.mark.slow
def test_doodles_can_be_learned(home):
    cross = image_io.encode_png(drawing([(40, 40), (160, 160), (100, 100), (160, 40), (40, 160)]))
    doodles = [File.store(cross, "image", "cross.png")]
    settings = RepairSettings(steps=300, bottleneck=4)
    figures = tasks.run("lab.repair", settings, {"content": doodles, "doodles": doodles}).figures
    of_digits = tasks.run("lab.repair", settings, {"content": doodles}).figures
    assert figures["error"] < 0.6 * of_digits["error"]
    empty = [File.store(image_io.encode_png(drawing()), "image", "empty.png")]
    with pytest.raises(InvalidInput, match=r"empty\.png: .* Use a drawing"):
        tasks.run("lab.repair", settings, {"doodles": empty})


def test_a_stopped_run_is_repeatable(home):
    checks = []

    def stop() -> bool:
        checks.append(1)
        return len(checks) > 3

    result = tasks.run("lab.repair", RepairSettings(steps=20_000, seed=9), {}, Progress(lambda _: None, stop))
    assert result.stopped_early and result.recipe.settings["most_steps"] == result.figures["steps"] < 20_000
    again = tasks.run("lab.repair", RepairSettings.parse(result.recipe.settings), {})
    assert not again.stopped_early
    np.testing.assert_array_equal(*(image_io.read(run.files[0].read()) for run in (result, again)))


@pytest.mark.parametrize(
    "image, message",
    [
        (drawing(), "The drawing is empty"),
        (drawing(ground=255), "The drawing is empty"),
        (drawing([(100, 100), (102, 100)]), ""),
        (drawing(SEVEN, side=200)[:, :120], ""),
        (np.full((20, 300, 3), 255, "uint8"), "The drawing is empty"),
        (np.random.default_rng(0).integers(0, 255, (64, 64, 3), "uint8"), ""),
    ],
)
def test_nearly_empty_drawings_give_a_result(home, image, message):
    content = {"content": [File.store(image_io.encode_png(image), "image", "drawing.png")]}
    quick = {"steps": 30}
    for name, settings in (
        ("lab.repair", RepairSettings(noise=0.3, holes=2, **quick)),
        ("lab.imagine", ImagineSettings(units=16, rounds=3, n=1, **quick)),
    ):
        notes = tasks.run(name, settings, content).figures["notes"]
        assert bool(notes) == bool(message) and all(message in note for note in notes)


def test_a_drawing_is_centered_and_scaled():
    small = drawing([(20, 20), (60, 20), (35, 80)])
    large = drawing(SEVEN)
    fitted = [drawings.convert_drawing(image, fit=True).reshape(SIDE, SIDE) for image in (small, large)]
    for entry in fitted:
        rows, columns = np.nonzero(entry > 0.2)
        assert 18 <= np.ptp(rows) + 1 <= 20 and abs(columns.mean() - 14) < 3
    dark = drawings.convert_drawing(255 - large, fit=True)
    np.testing.assert_allclose(dark, fitted[1].ravel(), atol=0.02)
    left = drawings.convert_drawing(small, fit=False).reshape(SIDE, SIDE)
    assert left[:, 14:].max() == 0


def test_invalid_settings_are_refused(run_command):
    code, _, err = run_command("lab", "repair", "-o", "out.png", "--bottleneck", "65")
    assert code == 2 and "1 to 64" in err
    code, _, err = run_command("lab", "train", "-o", "net.png")
    assert code == 2 and "error:" in err


def test_trained_networks_are_cached(home):
    settings = AutoencoderSettings(steps=40, seed=3)
    first, again = (tasks.run("lab.train", settings, {}) for _ in range(2))
    assert again.figures["seconds"] == first.figures["seconds"]
    with np.load(io.BytesIO(first.files[0].read())) as arrays:
        assert arrays["encoder"].any()
