"""The script that draws a data set of cartoon faces."""

from __future__ import annotations

import json

import numpy as np
import pytest

from studio.core.pictures import avatars
from training import draw_avatars


def draw(*words):
    return draw_avatars.main([*map(str, words), "--quiet"])


def test_it_writes_pictures_and_one_array_a_fact(home, tmp_path, capsys):
    out = tmp_path / "avatars.npz"
    assert draw("-o", out, "-n", 5, "--seed", 3) == 0
    assert capsys.readouterr().out.strip() == str(out)
    images, facts = avatars.collection(5, seed=3)
    with np.load(out, allow_pickle=False) as found:
        assert set(found) == {"images", *avatars.FACTS}
        assert np.array_equal(found["images"], images)
        assert all(np.array_equal(found[name], facts[name]) for name in facts)


def test_same_seed_same_bytes(home, tmp_path, capsys):
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        assert draw("-o", tmp_path / f"{name}.npz", "-n", 3, "--seed", seed, "--size", 32) == 0
    one, two, three = ((tmp_path / f"{name}.npz").read_bytes() for name in ("one", "two", "three"))
    assert one == two != three


def test_json_tells_how_common_each_fact_is(home, tmp_path, capsys):
    assert draw("-o", tmp_path / "a.npz", "-n", 4, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == str(tmp_path / "a.npz") and set(told["means"]) == set(avatars.FACTS)


@pytest.mark.parametrize(
    "words, says",
    [
        (["-o", "a.zip"], ".npz"),
        (["-o", "nowhere/a.npz"], "folder"),
        (["-o", "a.npz", "-n", "0"], "-n"),
        (["-o", "a.npz", "-n", "many"], "-n"),
        (["-o", "a.npz", "--size", "8"], "--size"),
        (["-o", "a.npz", "--seed", "-1"], "--seed"),
        (["-o", "a.npz", "-n", "200000", "--size", "256"], "4.3 GB"),
        ([], "-o"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(home, tmp_path, monkeypatch, capsys, words, says):
    monkeypatch.chdir(tmp_path)
    assert draw(*words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and says in err and err.count("\n") == 1
    assert not list(tmp_path.glob("*.npz"))
