"""Writes valid and malicious checkpoints in the formats of other libraries."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile


class PickledCall:
    """Pickles as a call of `module.name`, which need not exist here."""

    def __init__(self, module, name, arguments, state=None):
        self.module, self.name, self.arguments, self.state = module, name, arguments, state


class Pickler(pickle._Pickler):
    """Pickles `PickledCall` objects as references to those names."""

    def save(self, thing, save_persistent_id=True):
        if isinstance(thing, PickledCall):
            self.write(f"c{thing.module}\n{thing.name}\n".encode())
            if thing.arguments is not None:
                super().save(thing.arguments)
                self.write(pickle.REDUCE)
            if thing.state is not None:
                super().save(thing.state)
                self.write(pickle.BUILD)
        else:
            super().save(thing, save_persistent_id)


def dumps(value) -> bytes:
    stream = io.BytesIO()
    Pickler(stream, 3).dump(value)
    return stream.getvalue()


def numpy_array(values, code="f4", order="<", raw=None):
    """Returns the bytes that NumPy 1 wrote for an array."""
    dtype = PickledCall("numpy", "dtype", (code, False, True), (3, order, None, None, None, -1, -1, 0))
    data = values.tobytes() if raw is None else raw
    state = (1, values.shape, dtype, False, data)
    ndarray = PickledCall("numpy", "ndarray", None)
    return PickledCall("numpy.core.multiarray", "_reconstruct", (ndarray, (0,), b"b"), state)


def make_torch_file(
    arrays, tail=b"", declared=None, stride=None, name=("torch._utils", "_rebuild_tensor_v2")
):
    """Returns a file in PyTorch's format before its zip format."""

    class Torch(Pickler):
        def persistent_id(self, thing):
            if isinstance(thing, tuple) and thing[:1] == ("storage",):
                return thing
            return None

    stream = io.BytesIO()
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True, "protocol_version": 1001}):
        stream.write(pickle.dumps(part, 2))
    tensors = {}
    for key, values in arrays.items():
        identity = (
            "storage",
            PickledCall("torch", "LongStorage" if values.dtype.kind == "i" else "FloatStorage", None),
            key,
            "cpu",
            declared or values.size,
            None,
        )
        steps = stride or tuple(s // values.itemsize for s in values.strides)
        tensors[key] = PickledCall(*name, (identity, 0, values.shape, steps, False, None))
    Torch(stream, 2).dump(tensors)
    stream.write(pickle.dumps(list(arrays), 2))
    for values in arrays.values():
        stream.write(struct.pack("<q", values.size) + values.tobytes())
    return stream.getvalue() + tail


def torchscript_module(kind: str, attributes: dict) -> PickledCall:
    """Returns a module of a TorchScript program: created empty, then given its attributes."""
    return PickledCall(f"__torch__.{kind}", "Layer", (), attributes)


def make_jit_file(tree, arrays, root="net", extra_files=(), pickled=None):
    """Returns a TorchScript file: a zip archive of a network and its program.

    Args:
        tree: nested dictionaries; text in it names one of `arrays`, a number, list or flag stays as it is.
        arrays: by the key of their storage.
        extra_files: pairs of a name and bytes that the archive also holds.
        pickled: bytes in place of the pickled tree.
    """

    class Torch(Pickler):
        def persistent_id(self, thing):
            return thing if isinstance(thing, tuple) and thing[:1] == ("storage",) else None

    def pickled_value(thing):
        if isinstance(thing, dict):
            return torchscript_module("inner", {key: pickled_value(value) for key, value in thing.items()})
        if isinstance(thing, list):
            return PickledCall("torch.jit._pickle", "build_intlist", (thing,))
        if isinstance(thing, str):
            values = arrays[thing]
            identity = ("storage", PickledCall("torch", "FloatStorage", None), thing, "cpu", values.size)
            steps = tuple(s // values.itemsize for s in values.strides)
            notes = PickledCall("collections", "OrderedDict", ())
            return PickledCall(
                "torch._utils", "_rebuild_tensor_v2", (identity, 0, values.shape, steps, False, notes)
            )
        return thing

    stream = io.BytesIO()
    if pickled is None:
        Torch(stream, 2).dump(pickled_value(tree))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for key, values in arrays.items():
            zipped.writestr(f"{root}/data/{key}", values.tobytes())
        zipped.writestr(f"{root}/code/__torch__.py", "raise SystemExit")
        zipped.writestr(f"{root}/data.pkl", stream.getvalue() if pickled is None else pickled)
        for name, data in extra_files:
            zipped.writestr(name, data)
    return archive.getvalue()
