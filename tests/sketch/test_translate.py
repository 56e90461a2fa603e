"""Training on one's own pairs of images, and using the network."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from studio.cli import main
from studio.core.imaging import crops, image_io
from studio.sketch import drawings
from training.drawings.sketches import views
from training.drawings.sketches.partial_avatars import choose_avatar

COUNT, SIDE = 12, 64
QUICK = [
    "--size",
    "32",
    "--width",
    "4",
    "--discriminator-width",
    "4",
    "--batch",
    "4",
    "--steps",
    "2",
    "--json",
]


@pytest.fixture(scope="session")
def lines_and_images():
    """Pairs of line drawings and avatars."""
    scenes = [choose_avatar(2, n, 0.0).scene for n in range(COUNT)]
    return [(255 - views.draw_outline(scene.trace_shapes(), SIDE), scene.render(SIDE)) for scene in scenes]


@pytest.fixture
def run_command(home, tmp_path, monkeypatch, capsys):
    """Runs a command in a new folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments):
        code = main([*arguments, "--quiet"])
        return code, *capsys.readouterr()

    return run_command


def save_image(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(image_io.encode_png(image))


def put_pairs(root, form, pairs):
    """Writes pairs in one of the supported layouts."""
    for n, (first, second) in enumerate(pairs):
        if form == "side by side":
            save_image(root / f"{n}.png", np.concatenate([first, second], axis=1))
            continue
        names = {"folders": ("a/{n}.png", "b/{n}.png"), "letters": ("{n}_A.png", "{n}_b.png")}[form]
        for name, item in zip(names, (first, second), strict=True):
            save_image(root / name.format(n=n), item)


@pytest.fixture
def read(home):
    """Loads both images of all pairs in a folder, as training does."""
    from studio.core import data
    from studio.core.progress import Progress
    from studio.sketch.learn import pairs_task
    from studio.sketch.settings import TrainTranslateSettings

    def read(root, **settings):
        parsed = TrainTranslateSettings(size=64, **settings)
        return pairs_task.load_pairs(parsed, data.store_reference(str(root)), Progress())

    return read


@pytest.mark.parametrize("form", ["folders", "letters", "side by side"])
def test_pairs_are_found_in_each_layout_and_direction(read, tmp_path, lines_and_images, form):
    put_pairs(tmp_path / "pairs", form, lines_and_images)
    (tmp_path / "pairs" / ".DS_Store").write_bytes(b"junk")
    first, second, positions, notes = read(tmp_path / "pairs")
    assert len(np.unique(positions)) == len(first) == COUNT and not notes
    image_of = {first.tobytes(): second for first, second in lines_and_images}
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(image_of[one.tobytes()], other)
    back = read(tmp_path / "pairs", reverse=True)
    assert np.array_equal(back[0], second) and np.array_equal(back[1], first)
    assert np.array_equal(back[2], positions)


def test_splits_of_a_data_set_are_not_pairs(read, tmp_path, lines_and_images):
    for part in ("train", "val"):
        put_pairs(tmp_path / "pairs" / part, "side by side", lines_and_images)
    assert len(read(tmp_path / "pairs")[0]) == 2 * COUNT


def test_edges_are_detected_where_photos_change(read, tmp_path):
    """A light disc on a dark ground has one ring as its edge."""
    at = np.mgrid[:128, :128] - 64
    for n in range(8):
        disc = np.where(np.hypot(*at) < 30 + n, 200, 60 + n).astype("uint8")
        save_image(tmp_path / "photos" / f"{n}.png", np.repeat(disc[..., None], 3, axis=2))
    first, second, _, _ = read(tmp_path / "photos", edges=True)
    away = np.hypot(*(np.mgrid[:64, :64] - 31.5))
    lines = first[0][..., 0] > 100
    assert lines.sum() > 60 and np.all(np.abs(away[lines] - 15) < 3)
    assert second[0][32, 32, 0] == 200 and second[0][2, 2, 0] == 60


def test_files_without_a_partner_are_named(run_command, tmp_path, lines_and_images):
    put_pairs(tmp_path / "pairs", "folders", lines_and_images)
    (tmp_path / "pairs" / "b" / "7.png").unlink()
    code, _, err = run_command("train", "translate", "pairs", "-o", "m", *QUICK)
    assert code == 2 and err.count("\n") == 1 and "1 without the other: a/7.png" in err
    put_pairs(tmp_path / "side", "side by side", lines_and_images)
    save_image(tmp_path / "side" / "alone.png", lines_and_images[0][0])
    code, _, err = run_command("train", "translate", "side", "-o", "m", *QUICK)
    assert code == 2 and err.count("\n") == 1 and "1 that are none: alone.png" in err
    put_pairs(tmp_path / "few", "letters", lines_and_images[:3])
    code, _, err = run_command("train", "translate", "few", "-o", "m", *QUICK)
    assert code == 2 and "at least 8 pairs" in err and ": 3" in err


def test_a_damaged_image_excludes_its_pair(read, tmp_path, lines_and_images):
    put_pairs(tmp_path / "pairs", "letters", lines_and_images)
    (tmp_path / "pairs" / "3_b.png").write_bytes(b"no image")
    first, _, _, notes = read(tmp_path / "pairs")
    assert len(first) == COUNT - 1 and "1 pair was left out" in notes[0] and "3" in notes[0]


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_network_trained_on_pairs_translates_and_can_be_a_start(run_command, tmp_path, lines_and_images):
    put_pairs(tmp_path / "pairs", "folders", lines_and_images)
    code, out, err = run_command("train", "translate", "pairs", "-o", "mine", *QUICK)
    assert code == 0, err
    figures = json.loads(out)["figures"]
    assert figures["steps"] == 2 and figures["pairs"] == COUNT and 1 <= figures["held_out"] <= 3
    assert "mean training image" in (tmp_path / "mine" / "card.md").read_text()
    save_image(tmp_path / "paper.png", lines_and_images[0][0])
    save_image(tmp_path / "slate.png", 255 - lines_and_images[0][0])
    for name in ("paper", "slate"):
        arguments = ["translate", f"{name}.png", "--network", "mine", "-o", f"{name}-out.png", "--side", "96"]
        assert run_command(*arguments)[0] == 0
    paper, slate = (image_io.read(tmp_path / f"{name}-out.png") for name in ("paper", "slate"))
    assert paper.shape == (96, 96, 3)
    np.testing.assert_array_equal(paper, slate)  # it gets drawings with the background of its training
    assert run_command("replay", "paper-out.png", "--verify")[:2] == (0, "identical\n")
    options = ["--start-from", "mine", "--seed", "1"]
    assert run_command("train", "translate", "pairs", "-o", "again", *QUICK, *options)[0] == 0
    code, _, err = run_command("sketch", "slate.png", "-o", "no.png", "--network", "mine")
    assert code == 2 and "`studio translate`" in err
    code, _, err = run_command("translate", "slate.png", "-o", "no.png")
    assert code == 2 and "studio train translate PAIRS" in err
    code, _, err = run_command("translate", "slate.png", "-o", "no.png", "--network", "sketch")
    assert code == 2 and "trained on pairs" in err
    shutil.rmtree(tmp_path / "pairs" / "a")
    code, _, err = run_command("train", "translate", "pairs", "-o", "none", *QUICK)
    assert code == 2 and "Traceback" not in err


@pytest.mark.slow
def test_training_on_pairs_lowers_the_error(home, lines_and_images):
    """Each image is the negative of the other, which a few steps learn."""
    from studio.core.progress import Progress
    from studio.sketch.learn.pair_bank import PairBank
    from studio.sketch.learn.train import Trainer
    from studio.sketch.settings import TrainTranslateSettings

    lines = np.stack([crops.crop_and_resize(lines_and_image, 32) for lines_and_image, _ in lines_and_images])
    settings = TrainTranslateSettings(
        size=32, width=8, discriminator_width=4, steps=60, test_every=60, ema_steps=5
    )
    bank = PairBank(lines, 255 - lines, np.arange(8), settings)
    others = PairBank(lines, 255 - lines, np.arange(8, COUNT), settings)
    trainer = Trainer(bank, others.make_plain_batch(np.arange(len(others))), settings)
    before = trainer.test(Progress())["held out"]
    assert trainer.fit().stop_reason == ""
    assert trainer.test(Progress())["held out"] < before / 2


def test_both_images_of_a_pair_are_shifted_and_flipped_alike(lines_and_images):
    from studio.sketch.learn.pair_bank import PairBank
    from studio.sketch.settings import TrainTranslateSettings

    images = np.stack([other for _, other in lines_and_images])
    bank = PairBank(images, 255 - images, np.arange(COUNT), TrainTranslateSettings(size=64, shift=0.2))
    batch = bank.make_batch(np.arange(4), np.random.default_rng(0))
    np.testing.assert_allclose(batch["drawing"] + batch["image"], 1, atol=1e-6)
    assert np.abs(batch["drawing"] - bank.make_plain_batch(np.arange(4))["drawing"]).mean() > 0.02


def test_drawings_are_distinguished_from_photos(lines_and_images):
    from skimage import data

    paper = np.linspace(0.6, 1, SIDE)[:, None, None]  # with uneven lighting
    for drawing, _ in lines_and_images:
        assert drawings.is_drawn(drawing) and drawings.is_drawn(255 - drawing)
        assert drawings.is_drawn((drawing * paper).astype("uint8"))
    assert not any(drawings.is_drawn(photo) for photo in (data.astronaut(), data.cat(), data.coffee()))


def test_a_photo_is_rejected_as_an_outline(run_command, tmp_path):
    from skimage import data

    save_image(tmp_path / "photo.png", data.astronaut())
    code, _, err = run_command("sketch", "photo.png", "-o", "out.png")
    assert code == 2 and err.count("\n") == 1 and "looks like a photo" in err and "--edges" in err
