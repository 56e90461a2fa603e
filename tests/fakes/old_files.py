"""Small models in the HDF5 format of Keras 2."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np

RNG = np.random.default_rng(0)


def layer(kind, name, **config) -> dict:
    return {"class_name": kind, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}


def conv(name="conv", **more) -> dict:
    old = {"kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}}, "groups": 1}
    return layer("Conv2D", name, filters=4, kernel_size=[3, 3], activation="relu", **old, **more)


def dense(name="dense", units=2, **more) -> dict:
    return layer("Dense", name, units=units, activation="softmax", kernel_regularizer=None, **more)


def sequential(*layers, name="made") -> dict:
    return {"class_name": "Sequential", "config": {"name": name, "layers": list(layers)}}


def old_network(*between, size=8, first=None) -> dict:
    first = first or conv(batch_input_shape=[None, size, size, 3])
    return sequential(first, layer("GlobalAveragePooling2D", "mean"), *between, dense())


ARRAYS = {
    "conv": {"conv/kernel:0": RNG.normal(size=(3, 3, 3, 4)), "conv/bias:0": RNG.normal(size=4)},
    "dense": {"dense/kernel:0": RNG.normal(size=(4, 2)), "dense/bias:0": RNG.normal(size=2)},
}


def write_h5(path: Path, config: object, arrays: dict | None = None, change=lambda file: None) -> Path:
    """Writes a model as Keras 2 does."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)
        file.attrs["keras_version"] = "2.4.0"
        group = file.create_group("model_weights")
        arrays = ARRAYS if arrays is None else arrays
        group.attrs["layer_names"] = [name.encode() for name in arrays]
        for name, weights in arrays.items():
            layer_group = group.create_group(name)
            layer_group.attrs["weight_names"] = [array.encode() for array in weights]
            for item, value in weights.items():
                layer_group[item] = np.asarray(value, "float32")
        change(file)
    return path
