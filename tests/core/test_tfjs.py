"""TensorFlow.js models are read as float32 arrays that fill their shards, and as nothing else."""

from __future__ import annotations

import json

import numpy as np
import pytest

from studio.core import tfjs
from studio.core.errors import InvalidInput

ARRAYS = {"conv/kernel": np.arange(24, dtype="<f4").reshape(2, 3, 4), "conv/bias": np.arange(30, dtype="<f4")}
CUTS = (10, 20, 30, 40, 50, 60, 70, 80, 100)  # arrays reach across all of them


def model(arrays=None, names=None, change=None, tail=b"", groups=1):
    """The members of a model in ten shards, listed in the order of their names."""
    arrays = ARRAYS if arrays is None else arrays
    raw = b"".join(array.tobytes() for array in arrays.values()) + tail
    shards = [raw[a:b] for a, b in zip((0, *CUTS), (*CUTS, len(raw)), strict=True)]
    names = names or [f"group1-shard{i}of10.bin" for i in range(1, 11)]
    weights = [{"name": n, "shape": list(a.shape), "dtype": "float32"} for n, a in arrays.items()]
    if change:
        change(weights)
    listed = {"weightsManifest": [{"paths": sorted(names), "weights": weights}] * groups}
    return {"model.json": json.dumps(listed).encode(), **dict(zip(names, shards, strict=True))}


def test_joins_shards_by_their_number():
    members = model()
    assert b'shard10of10.bin", "group1-shard1of10' in members["model.json"]  # not in the order of numbers
    found = tfjs.arrays(members)
    assert list(found) == list(ARRAYS)
    assert all(np.array_equal(found[name], ARRAYS[name]) for name in ARRAYS)


@pytest.mark.parametrize(
    "change",
    [
        lambda weights: weights[0].update(dtype="int32"),
        lambda weights: weights[0].update(dtype="float16"),
        lambda weights: weights[0].update(quantization={"scale": 1.0, "min": 0.0, "dtype": "uint8"}),
        lambda weights: weights[0].pop("dtype"),
        lambda weights: weights[0].update(shape=[2, 3, -4]),
        lambda weights: weights[0].update(shape=[2, 3, 4.0]),
        lambda weights: weights[0].update(shape=[2, 3, 2**62]),
        lambda weights: weights[0].update(shape="24"),
        lambda weights: weights[0].update(name=3),
        lambda weights: weights[1].update(name="conv/kernel"),
        lambda weights: weights.pop(),
        lambda weights: weights.append({"name": "more", "shape": [1], "dtype": "float32"}),
        lambda weights: weights.append("more"),
    ],
)
def test_refuses_what_is_no_float32_array_of_the_shards(change):
    with pytest.raises(InvalidInput, match=r"model\.json"):
        tfjs.arrays(model(change=change))


def test_refuses_what_follows_the_last_array():
    with pytest.raises(InvalidInput, match="follows"):
        tfjs.arrays(model(tail=b"x"))


@pytest.mark.parametrize(
    "bad",
    [
        "../group1-shard1of10.bin",
        "more/group1-shard1of10.bin",
        "..\\group1-shard1of10.bin",
        "/group1-shard1of10.bin",
        "group1-shard1of11.bin",
        "group1-shard11of10.bin",
        "group1-shard2of10.bin",
        "group1-shard1of10.json",
        "..",
    ],
)
def test_refuses_shards_by_other_names(bad):
    names = [bad, *[f"group1-shard{i}of10.bin" for i in range(2, 11)]]
    if bad in names[1:]:
        members = model()
        members["model.json"] = members["model.json"].replace(b"shard1of10", b"shard2of10")
    else:
        members = model(names=names)
    with pytest.raises(InvalidInput, match="shard"):
        tfjs.arrays(members)


@pytest.mark.parametrize("groups", [0, 2])
def test_refuses_other_than_one_group(groups):
    with pytest.raises(InvalidInput, match="one group"):
        tfjs.arrays(model(groups=groups))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"weightsManifest": 3}', b"[" * 100_000, b"\xff"])
def test_refuses_a_damaged_list(data):
    with pytest.raises(InvalidInput, match=r"model\.json"):
        tfjs.arrays(model() | {"model.json": data})


def test_refuses_a_missing_or_cut_shard():
    members = model()
    cut = members | {"group1-shard10of10.bin": members["group1-shard10of10.bin"][:-1]}
    missing = {name: data for name, data in members.items() if "shard10of" not in name}
    for bad in (cut, missing):
        with pytest.raises(InvalidInput):
            tfjs.arrays(bad)
