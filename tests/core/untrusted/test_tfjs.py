"""TensorFlow.js weights are read as float32 arrays that fill their shards."""

from __future__ import annotations

import json

import numpy as np

from studio.core.untrusted import tfjs

ARRAYS = {"conv/kernel": np.arange(24, dtype="<f4").reshape(2, 3, 4), "conv/bias": np.arange(30, dtype="<f4")}
CUTS = (10, 20, 30, 40, 50, 60, 70, 80, 100)  # arrays span all shards


def make_members():
    """The members of a model in ten shards, in the order of their names."""
    raw = b"".join(array.tobytes() for array in ARRAYS.values())
    shards = [raw[a:b] for a, b in zip((0, *CUTS), (*CUTS, len(raw)), strict=True)]
    names = [f"group1-shard{i}of10.bin" for i in range(1, 11)]
    weights = [{"name": n, "shape": list(a.shape), "dtype": "float32"} for n, a in ARRAYS.items()]
    listed = {"weightsManifest": [{"paths": sorted(names), "weights": weights}]}
    return {"model.json": json.dumps(listed).encode(), **dict(zip(names, shards, strict=True))}


def test_joins_shards_by_their_number():
    members = make_members()
    assert b'shard10of10.bin", "group1-shard1of10' in members["model.json"]  # not in numeric order
    arrays = tfjs.read_arrays(members)
    assert list(arrays) == list(ARRAYS)
    assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)
