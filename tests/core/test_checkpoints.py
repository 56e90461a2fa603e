"""Checkpoints are read as arrays only: whatever else a file asks for is refused and never run."""

import io
import json
import pickle
import struct
import tarfile

import numpy as np
import pytest

from studio.core import archives, checkpoints, index, paths
from studio.core.errors import InvalidInput, StudioError

KERNEL = np.arange(24, dtype="<f4").reshape(2, 3, 4)


class Named:
    """Pickles as a call of `module.name`, which need not exist here."""

    def __init__(self, module, name, arguments, state=None):
        self.module, self.name, self.arguments, self.state = module, name, arguments, state


class Pickler(pickle._Pickler):
    """Writes `Named` objects as the libraries that own those names would."""

    def save(self, thing, save_persistent_id=True):
        if isinstance(thing, Named):
            self.write(f"c{thing.module}\n{thing.name}\n".encode())
            if thing.arguments is not None:
                super().save(thing.arguments)
                self.write(pickle.REDUCE)
            if thing.state is not None:
                super().save(thing.state)
                self.write(pickle.BUILD)
        else:
            super().save(thing, save_persistent_id)


def dumps(thing) -> bytes:
    stream = io.BytesIO()
    Pickler(stream, 3).dump(thing)
    return stream.getvalue()


def array(values, code="f4", order="<", raw=None):
    """What NumPy 1 wrote for an array."""
    dtype = Named("numpy", "dtype", (code, False, True), (3, order, None, None, None, -1, -1, 0))
    data = values.tobytes() if raw is None else raw
    state = (1, values.shape, dtype, False, data)
    ndarray = Named("numpy", "ndarray", None)
    return Named("numpy.core.multiarray", "_reconstruct", (ndarray, (0,), b"b"), state)


def torch_file(arrays, tail=b"", declared=None, stride=None, name=("torch._utils", "_rebuild_tensor_v2")):
    """What PyTorch wrote before its zip format."""

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
            Named("torch", "FloatStorage", None),
            key,
            "cpu",
            declared or values.size,
            None,
        )
        steps = stride or tuple(s // 4 for s in values.strides)
        tensors[key] = Named(*name, (identity, 0, values.shape, steps, False, None))
    Torch(stream, 2).dump(tensors)
    stream.write(pickle.dumps(list(arrays), 2))
    for values in arrays.values():
        stream.write(struct.pack("<q", values.size) + values.tobytes())
    return stream.getvalue() + tail


def test_reads_nested_dictionaries_of_arrays():
    data = dumps({"net": {"conv": {"kernel": array(KERNEL)}}, "bias": array(KERNEL[0, 0])})
    arrays = checkpoints.numpy_pickle(data)
    assert list(arrays) == ["net/conv/kernel", "bias"]
    assert np.array_equal(arrays["net/conv/kernel"], KERNEL)


def test_reads_pytorchs_old_format():
    arrays = checkpoints.torch_legacy(torch_file({"0.weight": KERNEL, "0.bias": KERNEL[0, 0]}))
    assert np.array_equal(arrays["0.weight"], KERNEL)
    assert np.array_equal(arrays["0.bias"], KERNEL[0, 0])


def test_reads_a_transposed_tensor_by_its_strides():
    arrays = checkpoints.torch_legacy(torch_file({"w": KERNEL}, stride=(1, 2, 6)))
    assert np.array_equal(arrays["w"], KERNEL.reshape(4, 3, 2).T)


ATTACKS = [
    ("os", "system", ("touch {}",)),
    ("posix", "system", ("touch {}",)),
    ("builtins", "eval", ("__import__('os').system('touch {}')",)),
    ("builtins", "exec", ("open('{}', 'w')",)),
    ("subprocess", "check_output", (["touch", "{}"],)),
    ("pathlib", "Path.touch", ("{}",)),
    ("numpy", "load", ("{}",)),
]


@pytest.mark.parametrize("module, name, arguments", ATTACKS)
@pytest.mark.parametrize("parse", [checkpoints.numpy_pickle, checkpoints.torch_legacy])
def test_runs_nothing(tmp_path, module, name, arguments, parse):
    marker = tmp_path / "marker"
    filled = json.loads(json.dumps(arguments).replace("{}", str(marker)))
    call = Named(module, name, tuple(filled))
    header = b"".join(pickle.dumps(p, 2) for p in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))
    for attack in (dumps(call), dumps({"net": call, "kernel": array(KERNEL)})):
        for data in (attack, header + attack):
            with pytest.raises(InvalidInput):
                parse(data)
    assert not marker.exists()


def test_names_what_was_refused():
    with pytest.raises(InvalidInput, match=r"os\.system"):
        checkpoints.numpy_pickle(dumps(Named("os", "system", ("true",))))


@pytest.mark.parametrize(
    "bad",
    [
        {"a": array(KERNEL, code="O8")},
        {"a": array(KERNEL, code="f8")},
        {"a": array(KERNEL, order=">")},
        {"a": array(KERNEL, raw=b"1234")},
        {"a": array(KERNEL, raw=KERNEL.tobytes() + b"1234")},
        {"a": Named("numpy", "ndarray", ((2, 3),))},
        {"a": 3},
        {3: array(KERNEL)},
        [array(KERNEL)],
        {"a": Named("numpy", "load", ("x.npy",))},
        {"a": Named("numpy.core.multiarray", "scalar", ("x",))},
    ],
)
def test_refuses_what_is_no_float32_array(bad):
    with pytest.raises(InvalidInput):
        checkpoints.numpy_pickle(dumps(bad))


@pytest.mark.parametrize(
    "bad",
    [
        torch_file({"w": KERNEL}, tail=b"more"),
        torch_file({"w": KERNEL}, declared=25),
        torch_file({"w": KERNEL}, stride=(12, 4, 2)),
        torch_file({"w": KERNEL}, stride=(-12, 4, 1)),
        torch_file({"w": KERNEL}, name=("torch._utils", "_rebuild_parameter")),
    ],
)
def test_refuses_tensors_that_do_not_fit(bad):
    with pytest.raises(InvalidInput):
        checkpoints.torch_legacy(bad)


def test_refuses_a_memory_bomb_before_it_goes_off():
    with pytest.raises(InvalidInput, match="memory"):
        checkpoints.numpy_pickle(b"\x80\x03}r\xff\xff\xff\x7f.")


@pytest.mark.parametrize(
    "parse, data",
    [
        (checkpoints.numpy_pickle, dumps({"net": {"kernel": array(KERNEL)}})),
        (checkpoints.torch_legacy, torch_file({"w": KERNEL, "b": KERNEL[0]})),
    ],
)
def test_every_cut_and_flipped_bit_gives_arrays_or_a_refusal(parse, data):
    for end in range(len(data)):
        with pytest.raises(InvalidInput):
            parse(data[:end])
    for position in range(len(data)):
        for bit in (0, 3, 7):
            damaged = bytearray(data)
            damaged[position] ^= 1 << bit
            try:
                arrays = parse(bytes(damaged))
            except StudioError:
                continue
            assert all(a.dtype == "<f4" for a in arrays.values())


def test_one_flipped_bit_in_a_member_is_refused(tmp_path):
    good = torch_file({"w": KERNEL})
    member = index.Member(path="pkg/w.pth", bytes=len(good), sha256=paths.digest(good))
    for data, fine in ((good, True), (good[:-1] + bytes([good[-1] ^ 1]), False), (good + b"x", False)):
        with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
            info = tarfile.TarInfo("pkg/w.pth")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        if fine:
            assert archives.members(tmp_path / "a.tar.gz", [member]) == {"w.pth": good}
        else:
            with pytest.raises(InvalidInput, match=r"w\.pth"):
                archives.members(tmp_path / "a.tar.gz", [member])


def test_a_link_is_no_member(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        info = tarfile.TarInfo("pkg/w.pth")
        info.type, info.linkname = tarfile.SYMTYPE, str(tmp_path / "secret")
        tar.addfile(info)
    with pytest.raises(InvalidInput):
        archives.members(tmp_path / "a.tar", [index.Member(path="pkg/w.pth", bytes=6, sha256="0" * 64)])
