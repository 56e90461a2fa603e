"""Checkpoints are read as arrays only: whatever else a file asks for is refused and never run."""

import io
import json
import pickle
import tarfile

import numpy as np
import pytest
from foreign import Named, array, dumps, jit_file, parts, torch_file

from studio.core import archives, checkpoints, index, paths
from studio.core.errors import InvalidInput, StudioError

KERNEL = np.arange(24, dtype="<f4").reshape(2, 3, 4)


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
        torch_file({"w": KERNEL}, stride=(13, 4, 1)),  # its last number is the first beyond the storage
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


TREE = {
    "training": False,
    "net": {"conv": {"weight": "0", "stride": [2, 2]}, "norm": {"beta": "1", "none": None}},
}
JIT = {"0": KERNEL, "1": KERNEL[0, 0]}


def test_reads_a_network_saved_with_its_program():
    arrays = checkpoints.torch_jit(jit_file(TREE, JIT))
    assert list(arrays) == ["net.conv.weight", "net.norm.beta"]
    assert np.array_equal(arrays["net.conv.weight"], KERNEL)
    assert np.array_equal(arrays["net.norm.beta"], KERNEL[0, 0])


@pytest.mark.parametrize("module, name, arguments", ATTACKS)
def test_a_network_runs_nothing(tmp_path, module, name, arguments):
    marker = tmp_path / "marker"
    filled = json.loads(json.dumps(arguments).replace("{}", str(marker)))
    for attack in (
        dumps(Named(module, name, tuple(filled))),
        dumps(parts("x", {"a": Named(module, name, tuple(filled))})),
    ):
        with pytest.raises(InvalidInput, match=name.rpartition(".")[2]):
            checkpoints.torch_jit(jit_file({}, {}, pickled=attack))
    assert not marker.exists()


@pytest.mark.parametrize(
    "bad, why",
    [
        (jit_file(TREE, JIT | {"0": KERNEL.astype("<f8")}), "as long as"),
        (jit_file(TREE, JIT, more=[("other/data.pkl", b"")]), "not one network"),
        (jit_file(TREE, {"0": KERNEL, "1": KERNEL[0, 0]}, pickled=b""), "damaged"),
        (jit_file({}, {}, pickled=dumps(parts("x", {})) + b"more"), "follows"),
        (jit_file({}, {}, pickled=dumps(Named("__torch__.x", "Layer", (), ["a"]))), "named things"),
        (jit_file({}, {}, pickled=dumps(Named("__torch__x", "Layer", ()))), "__torch__x"),
        (jit_file({}, {}, pickled=dumps(Named("torch", "DoubleStorage", None))), "DoubleStorage"),
        (jit_file({"a": {"a": {}}}, {}).replace(b"net/data.pkl", b"net/data.bin"), "not one network"),
    ],
)
def test_refuses_a_network_that_is_none(bad, why):
    with pytest.raises(InvalidInput, match=why):
        checkpoints.torch_jit(bad)


def test_refuses_a_network_nested_without_end():
    tree = {}
    for _ in range(40):
        tree = {"a": tree}
    with pytest.raises(InvalidInput, match="deep"):
        checkpoints.torch_jit(jit_file(tree, {}))


@pytest.mark.parametrize(
    "parse, data",
    [
        (checkpoints.numpy_pickle, dumps({"net": {"kernel": array(KERNEL)}})),
        (checkpoints.torch_legacy, torch_file({"w": KERNEL, "b": KERNEL[0]})),
        (checkpoints.torch_jit, jit_file({"part": {"weight": "0"}}, {"0": KERNEL})),
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
