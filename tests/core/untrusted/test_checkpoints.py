"""Untrusted checkpoints are read as arrays only; everything else is rejected and never run."""

import io
import json
import pickle
import tarfile

import numpy as np
import pytest
from foreign import PickledCall, dumps, make_jit_file, make_torch_file, numpy_array

from studio.core import paths
from studio.core.errors import InvalidInput
from studio.core.untrusted import checkpoints
from studio.core.weights import archive_members, index

KERNEL = np.arange(24, dtype="<f4").reshape(2, 3, 4)


def test_reads_nested_dictionaries_of_arrays():
    data = dumps({"net": {"conv": {"kernel": numpy_array(KERNEL)}}, "bias": numpy_array(KERNEL[0, 0])})
    arrays = checkpoints.read_numpy_pickle(data)
    assert list(arrays) == ["net/conv/kernel", "bias"]
    assert np.array_equal(arrays["net/conv/kernel"], KERNEL)


def test_reads_pytorchs_old_format():
    arrays = checkpoints.read_torch_legacy(make_torch_file({"0.weight": KERNEL, "0.bias": KERNEL[0, 0]}))
    assert np.array_equal(arrays["0.weight"], KERNEL)
    assert np.array_equal(arrays["0.bias"], KERNEL[0, 0])


def test_reads_integers_among_pytorchs_arrays():
    count = np.array([1, 2**40], "<i8")
    arrays = checkpoints.read_torch_legacy(make_torch_file({"count": count, "w": KERNEL}))
    assert arrays["count"].dtype == "int64" and np.array_equal(arrays["count"], count)
    assert np.array_equal(arrays["w"], KERNEL)


def test_reads_a_transposed_tensor_by_its_strides():
    arrays = checkpoints.read_torch_legacy(make_torch_file({"w": KERNEL}, stride=(1, 2, 6)))
    assert np.array_equal(arrays["w"], KERNEL.reshape(4, 3, 2).T)


TREE = {
    "training": False,
    "net": {"conv": {"weight": "0", "stride": [2, 2]}, "norm": {"beta": "1", "none": None}},
}
JIT = {"0": KERNEL, "1": KERNEL[0, 0]}


def test_reads_a_torchscript_network():
    arrays = checkpoints.read_torch_jit(make_jit_file(TREE, JIT))
    assert list(arrays) == ["net.conv.weight", "net.norm.beta"]
    assert np.array_equal(arrays["net.conv.weight"], KERNEL)
    assert np.array_equal(arrays["net.norm.beta"], KERNEL[0, 0])


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
def test_names_outside_the_table_are_refused(tmp_path, module, name, arguments):
    marker = tmp_path / "marker"
    filled = json.loads(json.dumps(arguments).replace("{}", str(marker)))
    call = dumps(PickledCall(module, name, tuple(filled)))
    header = b"".join(pickle.dumps(number, 2) for number in (1, 2, 3))
    for read, data in (
        (checkpoints.read_numpy_pickle, call),
        (checkpoints.read_torch_legacy, header + call),
        (checkpoints.read_torch_jit, make_jit_file({}, {}, pickled=call)),
    ):
        with pytest.raises(pickle.UnpicklingError, match=name.rpartition(".")[2]):
            read(data)
    assert not marker.exists()


def test_one_flipped_bit_in_a_member_is_refused(tmp_path):
    original = make_torch_file({"w": KERNEL})
    member = index.Member(path="pkg/w.pth", bytes=len(original), sha256=paths.digest(original))
    for data, is_accepted in (
        (original, True),
        (original[:-1] + bytes([original[-1] ^ 1]), False),
        (original + b"x", False),
    ):
        with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
            info = tarfile.TarInfo("pkg/w.pth")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        if is_accepted:
            assert archive_members.read_members(tmp_path / "a.tar.gz", [member]) == {"w.pth": original}
        else:
            with pytest.raises(InvalidInput, match=r"w\.pth"):
                archive_members.read_members(tmp_path / "a.tar.gz", [member])


def test_a_link_is_not_read_as_a_member(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        info = tarfile.TarInfo("pkg/w.pth")
        info.type, info.linkname = tarfile.SYMTYPE, str(tmp_path / "secret")
        tar.addfile(info)
    with pytest.raises(InvalidInput):
        archive_members.read_members(
            tmp_path / "a.tar", [index.Member(path="pkg/w.pth", bytes=6, sha256="0" * 64)]
        )
