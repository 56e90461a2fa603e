"""The command that generates a data set."""

from __future__ import annotations

import json

import numpy as np
import pytest

from training.drawings import __main__ as drawings
from training.drawings import avatars
from training.drawings.data_sets import draw_data_set


def draw(*words, kind="avatars"):
    return drawings.main([kind, *map(str, words), "--quiet"])


@pytest.mark.parametrize("kind, size", [("avatars", 64), ("sketches", 96), ("images", 224)])
def test_the_command_writes_the_arrays_of_a_kind(home, tmp_path, capsys, kind, size):
    out = tmp_path / "drawn.npz"
    assert draw("-o", out, "-n", 3, "--seed", 3, kind=kind) == 0
    assert capsys.readouterr().out.strip() == str(out)
    expected = draw_data_set(kind, 3, seed=3)
    assert expected["images"].shape == (3, size, size, 3)
    with np.load(out, allow_pickle=False) as arrays:
        assert set(arrays) == set(expected)
        assert all(np.array_equal(arrays[name], array) for name, array in expected.items())


def test_images_differ_and_do_not_depend_on_their_number():
    few, more = (draw_data_set("images", count, 0, size=128)["images"] for count in (2, 8))
    assert np.array_equal(few, more[:2])
    assert len({image.tobytes() for image in more}) == 8 and min(np.ptp(image) for image in more) > 60


def test_the_seed_determines_the_file(home, tmp_path, capsys):
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        assert draw("-o", tmp_path / f"{name}.npz", "-n", 3, "--seed", seed, "--size", 32) == 0
    one, two, three = ((tmp_path / f"{name}.npz").read_bytes() for name in ("one", "two", "three"))
    assert one == two != three


def test_json_has_the_mean_of_each_attribute(home, tmp_path, capsys):
    assert draw("-o", tmp_path / "a.npz", "-n", 4, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["path"] == str(tmp_path / "a.npz") and set(report["means"]) == set(avatars.FACTS)


@pytest.mark.parametrize(
    "words, says",
    [
        (["-o", "a.zip"], ".npz"),
        (["-o", "nowhere/a.npz"], "folder"),
        (["-o", "a.npz", "-n", "0"], "-n"),
        (["-o", "a.npz", "-n", "many"], "-n"),
        (["-o", "a.npz", "--size", "8"], "--size"),
        (["-o", "a.npz", "--size", "65"], "a multiple of 4"),
        (["-o", "a.npz", "--seed", "-1"], "--seed"),
        (["-o", "a.npz", "-n", "200000", "--size", "256"], "4.3 GB"),
        (["-o", "a.npz", "--size", "1028"], "--size"),
        ([], "-o"),
    ],
)
def test_invalid_input_is_one_line(home, tmp_path, monkeypatch, capsys, words, says):
    monkeypatch.chdir(tmp_path)
    assert draw(*words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and says in err and err.count("\n") == 1
    assert not list(tmp_path.glob("*.npz"))
