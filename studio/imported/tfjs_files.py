"""Reads TensorFlow.js models: a description and a weights manifest in JSON, and weights in shards."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from studio.core import amounts
from studio.core.errors import make_printable
from studio.core.untrusted import strict_json
from studio.core.untrusted.refusals import Refused
from studio.imported import config_check, description

MAX_DESCRIPTION_BYTES = 4 << 20  # bytes of a model.json, checked before unpacking; as in a `.keras` file
TOO_LONG_REASON = f"a model.json of more than {amounts.format_bytes(MAX_DESCRIPTION_BYTES)}"
_TYPES = {"float32": "<f4", "float16": "<f2", "int32": "<i4", "uint8": "u1", "uint16": "<u2", "bool": "u1"}


def read(text: bytes) -> tuple[dict[str, Any], list[Any]]:
    """Returns the repaired and checked description of the network, and its weights manifest.

    Args:
        text: of `model.json`.

    Raises:
        Refused: if it is invalid or refused.
    """
    if len(text) > MAX_DESCRIPTION_BYTES:
        raise Refused(TOO_LONG_REASON)
    content = strict_json.parse(text, config_check.MAX_DEPTH + 2)
    if not isinstance(content, dict) or not isinstance(content.get("modelTopology"), dict):
        raise Refused("a model.json without a network")
    topology, manifest = content["modelTopology"], content.get("weightsManifest")
    if content.get("format") == "graph-model" or "node" in topology:
        raise Refused("a TensorFlow.js graph model, which has no layers")
    if not isinstance(manifest, list):
        raise Refused("a model.json without a list of its weights")
    config = description.prepare(topology.get("model_config", topology), topology.get("keras_version"))
    return config, manifest


def read_arrays(
    manifest: list[Any], shards: Mapping[str, bytes], max_weights: int
) -> list[tuple[str, np.ndarray]]:
    """Returns all arrays with their names, in the manifest's order.

    Args:
        manifest: the weights manifest.
        shards: bytes by name.
        max_weights: maximum number of values.

    Raises:
        Refused: if a shard is missing, has the wrong length, or holds values that are not finite.
    """
    entries: list[tuple[str, np.ndarray]] = []
    for group in manifest:
        try:
            raw, start = b"".join(shards[shard] for shard in group["paths"]), 0
            for entry in group["weights"]:
                array, start = _read_array(entry, raw, start, max_weights)
                entries.append((str(entry["name"]), array))
        except KeyError as error:
            raise Refused(f"no {make_printable(str(error.args[0]), 60)} next to its model.json") from None
        except (TypeError, ValueError, AttributeError):
            raise Refused("a damaged list of weights") from None
        if start != len(raw):
            raise Refused("weight shards of the wrong length")
    if sum(array.size for _, array in entries) > max_weights:
        raise Refused("more weights than such a model has")
    return entries


def _read_array(entry: Mapping[str, Any], raw: bytes, start: int, max_weights: int) -> tuple[np.ndarray, int]:
    """Returns an array of the manifest, which begins at `start` in the shards, and its end."""
    shape, quantization = entry["shape"], entry.get("quantization") or {}
    are_sizes = all(type(size) is int and 0 <= size <= max_weights for size in shape)
    if not are_sizes or math.prod(shape) > max_weights:
        raise Refused("more weights than such a model has")
    dtype = np.dtype(_TYPES[quantization.get("dtype", entry["dtype"])])
    end = start + math.prod(shape) * dtype.itemsize
    if end > len(raw):
        raise Refused("weight shards of the wrong length")
    array = np.frombuffer(raw, dtype, math.prod(shape), start).reshape(shape).astype("float32")
    if "scale" in quantization:
        array = array * np.float32(quantization["scale"]) + np.float32(quantization.get("min", 0))
    if not np.isfinite(array).all():
        raise Refused(f"numbers that are not finite, in {make_printable(str(entry['name']), 80)}")
    return array, end
