"""Reads models of TensorFlow.js: a description and a list of arrays in JSON, their numbers in shards."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from studio.core import amounts
from studio.core.errors import printable
from studio.core.untrusted import strict_json
from studio.core.untrusted.refusals import Refused
from studio.imported import config_check, description

MOST_TEXT = 4 << 20  # bytes of a model.json, checked before it is unpacked; as that of a `.keras` file
TOO_LONG = f"a model.json of more than {amounts.size(MOST_TEXT)}"
_TYPES = {"float32": "<f4", "float16": "<f2", "int32": "<i4", "uint8": "u1", "uint16": "<u2", "bool": "u1"}


def read(text: bytes) -> tuple[dict[str, Any], list[Any]]:
    """The description of the network, repaired and checked; and the list of its arrays.

    Args:
        text: of `model.json`.

    Raises:
        Refused: if it is none, or is refused.
    """
    if len(text) > MOST_TEXT:
        raise Refused(TOO_LONG)
    found = strict_json.parsed(text, config_check.MOST_DEPTH + 2)
    if not isinstance(found, dict) or not isinstance(found.get("modelTopology"), dict):
        raise Refused("a model.json without a network")
    topology, manifest = found["modelTopology"], found.get("weightsManifest")
    if found.get("format") == "graph-model" or "node" in topology:
        raise Refused("a TensorFlow.js graph model, which has no layers")
    if not isinstance(manifest, list):
        raise Refused("a model.json without a list of its weights")
    config = description.prepare(topology.get("model_config", topology), topology.get("keras_version"))
    return config, manifest


def arrays(manifest: list[Any], shards: Mapping[str, bytes], most: int) -> list[tuple[str, np.ndarray]]:
    """All arrays, by name, in the list's order.

    Args:
        manifest: the list.
        shards: their bytes, by name.
        most: numbers that there may be.

    Raises:
        Refused: if a shard is missing, has more or fewer bytes, or holds numbers that are not finite.
    """
    found: list[tuple[str, np.ndarray]] = []
    for group in manifest:
        try:
            raw, start = b"".join(shards[one] for one in group["paths"]), 0
            for entry in group["weights"]:
                array, start = _array(entry, raw, start, most)
                found.append((str(entry["name"]), array))
        except KeyError as error:
            raise Refused(f"no {printable(str(error.args[0]), 60)} next to its model.json") from None
        except (TypeError, ValueError, AttributeError):
            raise Refused("a damaged list of weights") from None
        if start != len(raw):
            raise Refused("weight shards of the wrong length")
    if sum(array.size for _, array in found) > most:
        raise Refused("more weights than such a model has")
    return found


def _array(entry: Mapping[str, Any], raw: bytes, start: int, most: int) -> tuple[np.ndarray, int]:
    shape, packing = entry["shape"], entry.get("quantization") or {}
    if not all(type(size) is int and 0 <= size <= most for size in shape) or math.prod(shape) > most:
        raise Refused("more weights than such a model has")
    kind = np.dtype(_TYPES[packing.get("dtype", entry["dtype"])])
    end = start + math.prod(shape) * kind.itemsize
    if end > len(raw):
        raise Refused("weight shards of the wrong length")
    array = np.frombuffer(raw, kind, math.prod(shape), start).reshape(shape).astype("float32")
    if "scale" in packing:
        array = array * np.float32(packing["scale"]) + np.float32(packing.get("min", 0))
    if not np.isfinite(array).all():
        raise Refused(f"numbers that are not finite, in {printable(str(entry['name']), 80)}")
    return array, end
