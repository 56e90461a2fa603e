"""Untrusted Keras files: bad ones are rejected in one sentence, good ones become a safe copy."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from studio.core import paths
from studio.core.errors import InvalidInput, StudioError
from studio.core.process import sandbox
from studio.core.tasks import File
from studio.core.untrusted.refusals import Refused
from studio.imported import building, files, keras_files, resave, safe_copies, sandboxed_process

ROOT = Path(__file__).resolve().parents[2]

# HDF5 models that the corpus lists as rejected; the studio reads them without Keras' loader.
WHOLE = ("h5_named.keras", "legacy_whole_model.h5")


def list_model_files(data_dir):
    index = data_dir / "badfiles" / "INDEX.tsv"
    if not index.is_file():
        pytest.skip(f"no {index}")
    with index.open(encoding="utf-8", newline="") as file:
        entries = [row for row in csv.DictReader(file, delimiter="\t") if row["kind"] == "model"]
    assert len(entries) > 90
    expected = {row["file"]: row["expected"] for row in entries}
    expected |= {f"models/{name}": "accept" for name in WHOLE}
    return [(data_dir / "badfiles" / name, item) for name, item in expected.items()]


def resave_in_process(path, folder) -> dict:
    """Makes a safe copy in this process, because a new one loads Keras for seconds."""
    file = files.store(path)
    folder.mkdir()
    try:
        return resave.resave(file.path, folder)
    except Refused as error:
        raise files.refusal(path.name, str(error)) from None


@pytest.mark.slow
def test_the_corpus_is_accepted_or_refused_as_listed(data_dir, home, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    wrong, accepted = [], set()
    for number, (path, expected) in enumerate(list_model_files(data_dir)):
        try:
            resave_in_process(path, tmp_path / str(number))
            message = ""
            accepted.add(path.name)
        except InvalidInput as error:
            message = str(error)
        alone = path.name.endswith(".weights.h5")  # it may be valid, but has no layers
        if expected != "either" and bool(message) != (alone or expected == "refuse"):
            wrong.append((path.name, message))
        if message and not is_one_sentence(message, path, home):
            wrong.append((path.name, message))
    assert not wrong
    assert accepted >= {"good_control.keras", "good but ünïcode name.keras"}
    assert not list(Path.cwd().iterdir()) and not list(tmp_path.rglob("PWNED*"))


def is_one_sentence(message, path, home) -> bool:
    parts = ("Invalid model ", "Use ", ": ")
    inside = [str(path.parent), str(home), "Traceback", "\n", "root:"]
    return all(part in message for part in parts) and not any(part in message for part in inside)


MEASURE = """
import resource, sys
from pathlib import Path
from studio.imported import files
from studio.core.errors import InvalidInput
idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in map(Path, sys.argv[1:]):
    told = ""
    try:
        with path.open("rb") as file:
            files.check(file, path.name)
    except InvalidInput as error:
        told = str(error)
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle
    print(more / 1024, told)
"""


def list_bombs(data_dir, folder) -> list[Path]:
    """Returns the decompression bombs of the corpus, and two of the worst that are small."""
    names = [path for path, _ in list_model_files(data_dir)]
    bomb_paths = [path for path in names if "bomb" in path.name or path.name.startswith(("huge_", "many_"))]
    bomb_paths = [path for path in bomb_paths if path.suffix == ".keras" and "inside" not in path.name]
    assert len(bomb_paths) >= 4
    wide = folder / "wide.keras"
    with zipfile.ZipFile(wide, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", "[" + "{}," * 1_390_000 + "{}]")
        file.writestr("model.weights.h5", b"")
    listed = folder / "listed.keras"
    with zipfile.ZipFile(listed, "w") as file:
        for number in range(60_000):
            file.writestr(zipfile.ZipInfo(f"{number}" + "x" * 200), b"")
    return [*bomb_paths, wide, listed]


@pytest.mark.slow
def test_bombs_are_refused_with_little_memory(data_dir, tmp_path):
    bomb_paths = list_bombs(data_dir, tmp_path)
    command = [sys.executable, "-c", MEASURE, *map(str, bomb_paths)]
    process = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    for path, line in zip(bomb_paths, process.stdout.splitlines(), strict=True):
        more, message = line.split(maxsplit=1)
        assert float(more) < 200, (path.name, line)
        assert ": " in message
        assert ("list of members that is too long" in message) == (path.name == "listed.keras")


def write_keras_file(path, config: dict | bytes, arrays: dict | None = None, packed: bytes = b"") -> Path:
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        for name, value in (arrays or {}).items():
            file[name] = value
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", config if isinstance(config, bytes) else json.dumps(config))
        file.writestr("model.weights.h5", packed or weights.getvalue())
    return path


def make_sequential(*layers: dict, shape=(4,)) -> dict:
    first = {"batch_shape": [None, *shape], "dtype": "float32", "name": "in"}
    parts = [{"module": "keras.layers", "class_name": "InputLayer", "config": first, "registered_name": None}]
    parts += [{"module": "keras.layers", "registered_name": None, **layer} for layer in layers]
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "made", "layers": parts},
        "registered_name": None,
        "build_config": {"input_shape": [None, *shape]},
    }


def make_dense(units, name="d", **more) -> dict:
    return {"class_name": "Dense", "config": {"name": name, "units": units, **more}}


REFUSED = {
    "a function as activation": make_dense(
        2, activation={"module": "os", "class_name": "function", "config": "system"}
    ),
    "a builtin as activation": make_dense(
        2, activation={"module": "builtins", "class_name": "function", "config": "eval"}
    ),
    "an unknown name as activation": make_dense(2, activation="keras.utils.get_file"),
    "a registered name": make_dense(2) | {"registered_name": "pkg>Dense"},
    "a layer of another module": make_dense(2) | {"module": "keras.src.layers.core.dense"},
    "a name that is a path": make_dense(2, name="../d"),
    "an absolute name": make_dense(2, name="/d"),
    "a huge text": make_dense(2, note="x" * 20_000),
    "a size far below zero": {"class_name": "Cropping1D", "config": {"name": "c", "cropping": [-(2**40), 0]}},
    "true as a size": make_dense(True),
    "no size": make_dense(None),
    "a size of another kind": make_dense({"module": "keras.layers", "class_name": "Dense", "config": {}}),
    "a type of long texts": {"class_name": "Rescaling", "config": {"name": "r", "dtype": "S900000000"}},
    "a list of names": make_dense(2) | {"class_name": ["Dense"]},
    "a module that is none": make_dense(2) | {"module": ["keras.layers"]},
}


@pytest.mark.parametrize("layer", REFUSED.values(), ids=REFUSED)
def test_unknown_parts_are_refused(layer, tmp_path):
    path = write_keras_file(tmp_path / "my.keras", make_sequential(layer))
    with pytest.raises(InvalidInput, match=r": "), path.open("rb") as file:
        files.check(file, path.name)
    write_keras_file(path, make_sequential(make_dense(2)))
    with path.open("rb") as file:
        files.check(file, path.name)  # otherwise the test proves nothing


def test_training_settings_may_be_large(tmp_path):
    schedule = {"name": "e", "decay_steps": 10_000_000, "seed": 2**40}
    trained = {
        "optimizer": {"module": "keras.optimizers", "class_name": "Adam", "config": schedule},
        "loss": "sparse_categorical_crossentropy",
    }
    path = write_keras_file(
        tmp_path / "my.keras", make_sequential(make_dense(2)) | {"compile_config": trained}
    )
    with path.open("rb") as file:
        files.check(file, path.name)


def test_allowed_parts_exist_in_keras():
    from importlib import import_module

    from studio.imported import allowed_layers

    missing = {
        f"{module}.{name}"
        for module, names in allowed_layers.ALLOWED.items()
        for name in names
        if not hasattr(import_module(module), name)
    }
    assert {file.rpartition(".")[2] for file in missing} <= allowed_layers.MODELS | {
        "FloatDTypePolicy",
        "DTypePolicy",
    }


@pytest.mark.slow
def test_sizes_are_checked_before_allocation(home, tmp_path):
    layers = make_sequential(make_dense(60_000), make_dense(60_000, "e"))
    with pytest.raises(InvalidInput, match=r"3,600,\d+,\d+ parameters, more than 200,000,000"):
        resave_in_process(write_keras_file(tmp_path / "my.keras", layers), tmp_path / "a")
    large = {"class_name": "UpSampling2D", "config": {"name": "u", "size": [6000, 6000]}}
    with pytest.raises(InvalidInput, match="activations per image"):
        resave_in_process(
            write_keras_file(tmp_path / "my.keras", make_sequential(large, shape=(2, 2, 3))), tmp_path / "b"
        )


def test_values_that_are_not_finite_are_refused_with_their_layer(home, tmp_path):
    arrays = {"layers/dense/vars/0": np.array([[np.nan, 1.0]] * 4), "layers/dense/vars/1": np.zeros(2)}
    with pytest.raises(InvalidInput, match="NaN or infinite values in /layers/dense/vars/0"):
        resave_in_process(
            write_keras_file(tmp_path / "my.keras", make_sequential(make_dense(2)), arrays), tmp_path / "a"
        )


@pytest.mark.slow
def test_a_good_file_is_copied_once_in_a_process(data_dir, home, monkeypatch):
    file = files.store(data_dir / "badfiles" / "models" / "good_control.keras")
    admitted = safe_copies.get_or_make(file)
    assert admitted.path == home / "cache" / "imported" / file.digest / "model.keras"
    assert (admitted.facts.parameters, admitted.facts.inputs, admitted.facts.outputs) == (
        53,
        ((None, 6),),
        ((None, 3),),
    )
    assert admitted.facts.image_input is None
    with admitted.path.open("rb") as copy, file.path.open("rb") as original:
        # shared_object_id is an address in memory
        layers = [keras_files.read(file).config["config"]["layers"] for file in (copy, original)]
    assert [layer["config"].get("units") for layer in layers[0]] == [None, 5, 3]
    assert len(layers[0]) == len(layers[1])
    assert [file.name for file in (home / "cache" / "imported").glob(".new-*")] == []
    monkeypatch.setattr(sandboxed_process, "_run_process", None)
    assert safe_copies.get_or_make(file) == admitted
    admitted.path.write_bytes(admitted.path.read_bytes()[:-1] + b"x")
    with pytest.raises(TypeError):  # an altered copy is not used, but made again
        safe_copies.get_or_make(file)


def test_weights_are_read_only_in_the_sandbox(data_dir, home, tmp_path, monkeypatch):
    monkeypatch.setattr(resave, "resave", None)
    monkeypatch.chdir(tmp_path)
    folder = data_dir / "badfiles" / "models"
    with pytest.raises(InvalidInput, match="not stored as it is"):
        safe_copies.get_or_make(files.store(folder / "external_storage_inside.keras"))
    assert not list((home / "cache" / "imported").glob("*/*"))


CAPS = {
    "memory": ("b = bytearray(resave.MAX_BYTES + (1 << 28))", "MemoryError"),
    "a large file": ("open('big', 'wb').truncate(1 << 40)", "OSError"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cap less")
@pytest.mark.parametrize("work, raised", CAPS.values(), ids=CAPS)
def test_the_process_is_limited_in_memory_and_file_size(work, raised, tmp_path):
    code = f"import signal\nfrom studio.imported import resave\nresave._limit_resources(1000)\n{work}"
    process = run_code(code, tmp_path)
    assert process.returncode and (raised in process.stderr or process.returncode == -signal.SIGXFSZ)


@pytest.mark.slow
def test_the_process_is_limited_in_time(tmp_path):
    start = "import time\nfrom studio.imported import resave\nresave.limit_time(1)\n"
    assert run_code(f"{start}time.sleep(30)", tmp_path).returncode == -signal.SIGALRM
    assert run_code(f"{start}resave.limit_time(0)\nprint('well')", tmp_path).stdout == "well\n"


def run_code(code, folder):
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=env, check=False)


@pytest.mark.parametrize(
    "code, message", [(-signal.SIGALRM, "too long"), (-signal.SIGKILL, "memory"), (1, "memory")]
)
def test_a_killed_process_is_reported(code, message, data_dir, home, monkeypatch):
    file = files.store(data_dir / "badfiles" / "models" / "good_control.keras")
    monkeypatch.setattr(sandboxed_process, "_run_process", lambda *args: code)
    with pytest.raises(InvalidInput, match=f": a file that takes .*{message}"):
        safe_copies.get_or_make(file)


FACTS = {"name": "a", "parameters": 1, "inputs": [], "outputs": [], "image_input": None, "labels": []}


def fake_process(monkeypatch, copy: bytes, answer: object) -> None:
    """Fakes the process that loads the untrusted file; the process that checks the copy is real."""
    real = sandboxed_process._run_process

    def fake_run_command(command, working_folder, *others):
        if resave.__name__ not in command:
            return real(command, working_folder, *others)
        (working_folder / resave.COPY).write_bytes(copy)
        (working_folder / resave.ANSWER).write_text(answer if isinstance(answer, str) else json.dumps(answer))
        return 0

    monkeypatch.setattr(sandboxed_process, "_run_process", fake_run_command)


def test_a_refused_model_is_removed(home, tmp_path, monkeypatch):
    file = files.store(write_keras_file(tmp_path / "my.keras", make_sequential(make_dense(2))))
    fake_process(monkeypatch, b"", {"reason": "it is too odd"})
    for _ in range(2):  # a page asks again when it reruns
        with pytest.raises(InvalidInput, match="too odd"):
            safe_copies.get_or_make(file)
        assert not paths.is_stored(file.digest)
        assert not [path for path in (home / "cache" / "imported").iterdir() if path.suffix != ".lock"]


def test_the_output_of_the_process_is_checked(data_dir, home, monkeypatch):
    folder = data_dir / "badfiles" / "models"
    good = (folder / "good_control.keras").read_bytes()
    file = files.store(folder / "good_control.keras")
    fake_process(monkeypatch, (folder / "lambda_bytecode.keras").read_bytes(), {"facts": FACTS})
    with pytest.raises(InvalidInput, match="Lambda"):
        safe_copies.get_or_make(file)
    file = files.store(folder / "good_control.keras")  # the rejected file is gone
    bad = (
        "",
        "[]",
        "5",
        "[" * 100_000,
        {},
        {"facts": FACTS | {"more": 1}},
        {"facts": FACTS | {"name": None}},
    )
    for answer in (*bad, {"reason": 3}):
        fake_process(monkeypatch, good, answer)
        with pytest.raises(StudioError, match=r"its description is missing\. Try"):
            safe_copies.get_or_make(file)
    fake_process(monkeypatch, good, {"facts": FACTS})
    assert safe_copies.get_or_make(file).facts.name == "a"


def test_a_link_instead_of_a_copy_is_not_followed(data_dir, home, monkeypatch):
    good = data_dir / "badfiles" / "models" / "good_control.keras"

    def fake_run_command(command, working_folder, *others):
        (working_folder / resave.COPY).symlink_to(good)
        (working_folder / resave.ANSWER).write_text(json.dumps({"facts": FACTS}))
        return 0

    monkeypatch.setattr(sandboxed_process, "_run_process", fake_run_command)
    with pytest.raises(StudioError, match="its description is missing"):
        safe_copies.get_or_make(files.store(good))
    assert not list((home / "cache" / "imported").glob("*/*"))


BAD_WEIGHTS = {
    "numbers that are none": lambda file: file.create_dataset("a", data=np.array([1.0, np.nan])),
    "a link to another file": lambda file: file.__setitem__("a", h5py.ExternalLink("secret.h5", "/a")),
    "numbers of another file": lambda file: file.create_dataset(
        "a", (4,), "f4", external=[("/etc/passwd", 0, 16)]
    ),
    "more numbers than it stores": lambda file: file.create_dataset("a", (1 << 40,), "f4", chunks=(1024,)),
    "no numbers": lambda file: file.create_dataset("a", data=[b"text"]),
}


@pytest.mark.parametrize("corrupt", BAD_WEIGHTS.values(), ids=BAD_WEIGHTS)
def test_the_weights_of_the_copy_are_checked(corrupt, data_dir, home, tmp_path, monkeypatch):
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        corrupt(file)
    copy = write_keras_file(
        tmp_path / "copy.keras", make_sequential(make_dense(2)), packed=weights.getvalue()
    )
    fake_process(monkeypatch, copy.read_bytes(), {"facts": FACTS})
    with pytest.raises(InvalidInput, match=r"not finite|NaN or infinite|another place|not stored as it is"):
        safe_copies.get_or_make(files.store(data_dir / "badfiles" / "models" / "good_control.keras"))
    assert not list((home / "cache" / "imported").glob("*/*"))


SPY = """
import json, os, socket, sys
from pathlib import Path
tries = {
    "connect": lambda: socket.create_connection(("127.0.0.1", int(Path(sys.argv[1]).read_text())), timeout=5),
    "read": lambda: Path("../secret").read_text(),
    "write": lambda: Path("../made").write_text("x"),
    "start": lambda: os.execv("/bin/true", ["true"]),
}
refused = []
for name, work in tries.items():
    try:
        work()
    except OSError:
        refused.append(name)
Path("answer.json").write_text(json.dumps({"reason": " ".join(refused)}))
"""


@pytest.mark.skipif(not sandbox.probe_rules().landlock, reason="this kernel does not offer Landlock")
def test_the_sandbox_blocks_network_files_and_programs(tmp_path, monkeypatch):
    working_folder, packages = tmp_path / "place", tmp_path / "site-packages"
    working_folder.mkdir()
    packages.mkdir()
    (packages / "spy.py").write_text(SPY)
    (tmp_path / "secret").write_text("secret")
    monkeypatch.setenv("PYTHONPATH", str(packages))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        (tmp_path / "port").write_text(str(listener.getsockname()[1]))
        with pytest.raises(InvalidInput, match=": connect read write start"):
            sandboxed_process.run("spy", tmp_path / "port", working_folder, "my.keras")


ODD_ENDS = {
    "an answer without end": "open('answer.json', 'w').write(' ' * (17 << 20) + '{\"refused\": \"no\"}')",
    "a link to a device": "os.symlink('/dev/null', 'answer.json')",
    "a folder": "os.mkdir('answer.json')",
}


@pytest.mark.parametrize("work", ODD_ENDS.values(), ids=ODD_ENDS)
def test_an_invalid_answer_file_is_refused(work, tmp_path, monkeypatch):
    with pytest.raises(StudioError, match="its description is missing"):
        run_spy(f"import os; {work}", tmp_path, monkeypatch)


FILLS = {
    "many files": "[open(f'{n}', 'wb').write(bytes(1 << 20)) for n in range(8)]",
    "many empty files": "os.mkdir('a'), [open(f'a/{n}', 'wb') for n in range(1000)]",
    "files without a name": "f = [open(f'{n}', 'wb', 0) for n in range(8)];"
    "[(one.write(bytes(1 << 20)), os.unlink(one.name)) for one in f]",
}


@pytest.mark.parametrize("work", FILLS.values(), ids=FILLS)
def test_a_process_that_fills_the_disk_is_killed(work, tmp_path, monkeypatch):
    monkeypatch.setattr(resave, "max_file_size", lambda size: 1 << 20)
    with pytest.raises(InvalidInput, match=r"more disk space than it may\. .* Try a smaller"):
        run_spy(f"import os, time; {work}; time.sleep(60)", tmp_path, monkeypatch)


def test_endless_output_is_not_kept_in_memory(tmp_path, monkeypatch):
    say = "import os; [os.write(one, b'x' * (1 << 20)) for one in (1, 2) for _ in range(64)]"
    tracemalloc.start()
    try:
        with pytest.raises(StudioError, match="its description is missing"):
            run_spy(say, tmp_path, monkeypatch)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def run_spy(code, folder, monkeypatch):
    """Returns the outcome if the process that opens a file runs this code instead."""
    working_folder, packages = folder / "place", folder / "site-packages"
    working_folder.mkdir()
    packages.mkdir()
    (packages / "spy.py").write_text(code)
    (folder / "my.keras").touch()
    monkeypatch.setenv("PYTHONPATH", str(packages))
    return sandboxed_process.run("spy", folder / "my.keras", working_folder, "my.keras")


def test_environment_variables_are_not_passed_on(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "secret")
    env = sandboxed_process._make_environment(tmp_path)
    assert "SECRET_KEY" not in env and env["HOME"] == str(tmp_path)


def test_a_studio_model_is_not_imported(home):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("settings.json", "{}")
    assert not files.is_imported(File.store(packed.getvalue(), "model", "my.zip"))
    assert not files.is_imported(File.store(b"PK\3\4 cut", "model", "my.keras"))


def test_a_skeleton_allocates_no_weights():
    import keras

    described = make_sequential(make_dense(7), shape=(8,))
    skeleton = building.build_skeleton(described)
    with keras.StatelessScope():
        pass  # where Keras fills all deferred objects
    assert [variable.shape for variable in skeleton.variables] == [(8, 7), (7,)]
    assert all(variable._value is None for variable in skeleton.variables)


def test_a_negative_member_offset_is_refused(data_dir, home, tmp_path):
    data = bytearray((data_dir / "badfiles" / "models" / "good_control.keras").read_bytes())
    end = data.rindex(b"PK\5\6")
    data[end + 16 : end + 20] = (int.from_bytes(data[end + 16 : end + 20], "little") + 999).to_bytes(
        4, "little"
    )
    path = tmp_path / "shifted.keras"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match="damaged"):
        safe_copies.get_or_make(files.store(path))
    with pytest.raises(InvalidInput, match="damaged"):
        files.check(io.BytesIO(data), "an-upload.keras")  # the message differs for data in memory
