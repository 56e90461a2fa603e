"""Reads the arrays of a TensorFlow.js model: a list in JSON, and shards of raw float32 laid end to end."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from studio.core.refusals import Refused, safely, shape

_SHARD = re.compile(r"[A-Za-z0-9_-]+-shard([0-9]{1,4})of([0-9]{1,4})\.bin")


def arrays(members: Mapping[str, bytes], name: str = "model.json") -> dict[str, np.ndarray]:
    """Reads all arrays of a model.

    Args:
        members: the list under `name`, and every shard that it tells of under its own name.
        name: the list's.

    Returns:
        The arrays by the model's names for them, e.g. `"conv1/kernel"`, in Keras' own layout.

    Raises:
        InvalidInput: if they are anything but float32 arrays that fill the shards to the last byte.
    """
    return safely(lambda: _arrays(members, json.loads(members[name])), name)


def _arrays(members: Mapping[str, bytes], model: dict) -> dict[str, np.ndarray]:
    groups = model["weightsManifest"]
    if len(groups) != 1:
        raise Refused("its arrays are not one group")
    raw = b"".join(members[path] for path in _in_order(groups[0]["paths"]))  # arrays reach across shards
    found, start = {}, 0
    for entry in groups[0]["weights"]:
        if set(entry) != {"name", "shape", "dtype"} or entry["dtype"] != "float32":
            raise Refused("it holds something else than plain float32 arrays")
        sizes = shape(tuple(entry["shape"]))
        end = start + 4 * math.prod(sizes)
        if end > len(raw) or type(entry["name"]) is not str or entry["name"] in found:
            raise Refused("its arrays are not those of its shards")
        found[entry["name"]] = np.frombuffer(raw[start:end], "<f4").reshape(sizes)
        start = end
    if start != len(raw):
        raise Refused("something follows its last array")
    return found


def _in_order(paths: Sequence[str]) -> list[str]:
    """Shards by their number: a list may well name the tenth before the second."""
    numbers = {}
    for path in paths:
        named = _SHARD.fullmatch(path) if type(path) is str else None
        if named is None or int(named[2]) != len(paths):
            raise Refused(f"a shard in it is called {path!r:.60}")
        numbers[int(named[1])] = path
    if sorted(numbers) != list(range(1, len(paths) + 1)):
        raise Refused("its shards are not one of each number")
    return [numbers[number] for number in sorted(numbers)]
