"""Bad whole models in HDF5: that each is refused, in how many seconds, and with how much memory.

    python -m benchmarks.imported_bad [--json] [--only NAME]

Makes the `.h5` twins of bad `.keras` files, and lets a fresh process look each over as the page does, before
anything else is drawn. It says the seconds by the clock and of processor, and the most memory of that process
and of those that it starts. One that gets as far as building its layers pays for loading Keras.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from benchmarks.report import arguments, note, show
from studio.core.process import children

_KERNEL = "model_weights/dense/dense/kernel:0"
_LOOK = """
import sys
from pathlib import Path
from studio.imported import files, safe_copies
from studio.core.errors import InvalidInput
try:
    safe_copies.admit(files.keep(Path(sys.argv[1])))
except InvalidInput as error:
    sys.stderr.write(str(error))
    sys.exit(2)
"""


def _layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}


def _of(*between: dict[str, Any]) -> dict[str, Any]:
    first = _layer("Conv2D", "conv", filters=4, kernel_size=[3, 3], batch_input_shape=[None, 8, 8, 3])
    last = _layer("Dense", "dense", units=2, activation="softmax")
    layers = [first, _layer("GlobalAveragePooling2D", "mean"), *between, last]
    return {"class_name": "Sequential", "config": {"name": "made", "layers": layers}}


def _array(value: np.ndarray, **more: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[_KERNEL]
        file.create_dataset(_KERNEL, data=value, **more)

    return change


def _bomb(file: h5py.File) -> None:
    """Two billion numbers, of which none is written."""
    del file[_KERNEL]
    file.create_dataset(_KERNEL, (4, 1 << 29), "float32", chunks=(4, 1 << 16), compression="gzip")


def _outside(file: h5py.File) -> None:
    del file[_KERNEL]
    file.create_dataset(_KERNEL, (4, 2), "float32", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)])


def _linked(file: h5py.File) -> None:
    del file["model_weights/dense"]
    file["model_weights/dense"] = h5py.ExternalLink("/etc/hostname", "/")


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4, 2), "float32")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", (4, 2))
    del file[_KERNEL]
    file.create_virtual_dataset(_KERNEL, layout)


def _missing(file: h5py.File) -> None:
    del file[_KERNEL]


def _twice(file: h5py.File) -> None:
    file["model_weights"].attrs["layer_names"] = [b"conv", b"conv", b"dense"]


def _groups(file: h5py.File) -> None:
    group = file["model_weights/dense"]
    for _ in range(200):
        group = group.create_group("g")
    group["kernel:0"] = np.zeros((4, 2), "float32")


def _nothing(file: h5py.File) -> None:
    """The arrays stay as they are."""


_CODE = _layer("Lambda", "code", function=["4wEAAAA=", None, None])
BAD: dict[str, tuple[Any, Callable[[h5py.File], None]]] = {
    "Lambda with code": (_of(_CODE), _nothing),
    "code within a wrapper": (_of(_layer("TimeDistributed", "t", layer=_CODE)), _nothing),
    "array in another file": (_of(), _outside),
    "layer in another file": (_of(), _linked),
    "virtual array": (_of(), _virtual),
    "bomb of 8 GB": (_of(), _bomb),
    "a layer of 2,000,000,000 units": (_of(_layer("Dense", "wide", units=2 * 10**9)), _nothing),
    "20,000 layers": (_of(*(_layer("ReLU", f"r{n}") for n in range(20_000))), _nothing),
    "description 50,000 deep": ("[" * 50_000, _nothing),
    "groups 200 deep": (_of(), _groups),
    "array of another shape": (_of(), _array(np.zeros((5, 2), "float32"))),
    "missing array": (_of(), _missing),
    "two layers of one name": (_of(), _twice),
    "NaN": (_of(), _array(np.full((4, 2), np.nan, "float32"))),
    "texts for numbers": (_of(), _array(np.full((4, 2), b"ab", "S8"))),
}


def written(path: Path, config: Any, change: Callable[[h5py.File], None] = _nothing) -> Path:
    """A whole model as Keras 2 writes it."""
    rng, text = np.random.default_rng(0), config if isinstance(config, str) else json.dumps(config)
    shapes = {"conv": (3, 3, 3, 4), "dense": (4, 2)}
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["model_config"], file.attrs["keras_version"] = text, "2.4.0"
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [name.encode() for name in shapes]
        for name, shape in shapes.items():
            group = weights.create_group(name)
            group.attrs["weight_names"] = [f"{name}/{kind}:0".encode() for kind in ("kernel", "bias")]
            group[f"{name}/kernel:0"] = rng.normal(size=shape).astype("float32")
            group[f"{name}/bias:0"] = np.zeros(shape[-1], "float32")
        change(file)
    return path


def looked_over(path: Path, home: Path) -> tuple[int, str, float, float, float]:
    """Of one file: the exit code, what was said, seconds by the clock and of processor, MB at most."""
    began = time.monotonic()
    with subprocess.Popen(
        children.command("-c", _LOOK, str(path)),
        env=children.environment() | {"STUDIO_HOME": str(home)},
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stderr is not None
        said = child.stderr.read().decode(errors="replace")
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    took = time.monotonic() - began
    return child.returncode, said, took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main(argv: list[str] | None = None) -> None:
    """Looks all of them over, and prints."""
    parser = arguments(__doc__, quick="--only units")
    parser.add_argument("--only", default="", help="those alone whose name has that in it")
    asked = parser.parse_args(argv)
    figures: dict[str, object] = {}
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for number, (name, (config, change)) in enumerate(BAD.items()):
            if asked.only not in name:
                continue
            path = written(Path(place) / f"model{number}.h5", copy.deepcopy(config), change)
            code, said, clock, used, most = looked_over(path, Path(place) / "home")
            end = (
                "refused"
                if code == 2 and "\n" not in said
                else "TAKEN"
                if code == 0
                else f"ended with {code}"
            )
            figures[name] = f"{end}; {clock:.1f} s, {used:.1f} of processor, {most:.0f} MB"
            rows.append((end == "refused", used, most))
            note(f"{name}: {figures[name]}; {said[-200:]}")
    figures |= {
        "refused": f"{sum(row[0] for row in rows)} of {len(rows)}",
        "most of processor, s": max(row[1] for row in rows),
        "most memory, MB": max(row[2] for row in rows),
    }
    show(figures, asked.json)


if __name__ == "__main__":
    main(sys.argv[1:])
