"""Two processes that train together end with the weights of one, even if one is killed.

For all training tasks, run `python -m benchmarks.distributed`.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
from saved_weights import load_weights
from waiting import wait_until

from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.training import parallel

pytest.importorskip("jax", reason="training on several devices needs JAX: pip install -e '.[jax]'")

# Saves at every step; otherwise the unchanged script.
SCRIPT = """
import sys
from studio.core.training import checkpoints
from training.script import main

checkpoints.CHECKPOINT_SECONDS = 0
sys.exit(main(sys.argv[1], "train", sys.argv[2:]))
"""
IMAGES = ["data.npz", "--size", "32", "--scored", "0", "--batch", "16", "--steps", "20"]
TEXT = ["data.txt", "--streams", "8", "--sequence", "16", "--epochs", "2"]
SMALL = {
    # With seed 0 a ReLU input is near 0, and rounding decides: 1 and 4 devices differ from 2 and 8.
    "vae.train": [*IMAGES, "--width", "4", "--latent-dim", "8", "--seed", "2"],
    "text.train": [*TEXT, "--units", "16", "--embedding", "8", "--layers", "1"],
}


def write_data(place) -> None:
    """Writes images and a text to train on."""
    images = np.random.default_rng(0).integers(0, 256, (200, 32, 32, 3)).astype("uint8")
    np.savez(place / "data.npz", images=images)
    (place / "data.txt").write_text("the quick brown fox jumps over the lazy dog. " * 120)


@pytest.fixture
def start_processes(home, tmp_path):
    """Starts a training run in several processes with some devices each: `(task, out, count, *words)`."""
    write_data(tmp_path)
    started = []

    def start(task, out, count=1, *words, devices=1):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        mine = []
        for n in range(count):
            environment = {
                **os.environ,
                "PYTHONPATH": os.pathsep.join(sys.path),
                "KERAS_BACKEND": "jax",
                "JAX_PLATFORMS": "cpu",
                "XLA_FLAGS": f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count={devices}",
            }
            if count > 1:
                environment |= {
                    "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{port}",
                    "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
                    "KERAS_DISTRIBUTION_PROCESS_ID": str(n),
                }
            line = [sys.executable, "-c", SCRIPT, task, *SMALL[task], "-o", out, *words]
            mine.append(
                subprocess.Popen(
                    line,
                    cwd=tmp_path,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        started.extend(mine)
        return mine

    yield start
    for item in started:
        item.kill()
        item.wait()


def collect_outputs(processes) -> list[tuple[int, str, str]]:
    """Returns the exit code, stdout and stderr of each process, once all have ended."""
    outputs = [process.communicate(timeout=300) for process in processes]
    return [(process.returncode, *streams) for process, streams in zip(processes, outputs, strict=True)]


def measure_difference(one, other) -> float:
    """Returns the largest difference of any weight."""
    return max(
        float(np.abs(a - b).max()) for a, b in zip(load_weights(one), load_weights(other), strict=True)
    )


def wait_until_trained(processes) -> None:
    """Waits for a successful run: the first process prints the model's path, the others nothing."""
    first, *others = collect_outputs(processes)
    assert first[0] == 0 and len(first[1].splitlines()) == 1, first
    assert all(other == (0, "", "") for other in others), others


def wait_until_saved(process, home, name: str) -> None:
    """Waits for a checkpoint whose name matches a pattern, or for the end of the process."""
    wait_until(lambda: process.poll() is not None or list((home / "runs").glob(f"*/{name}")), pause=0.005)


@pytest.mark.slow
def test_two_processes_train_like_one_even_if_killed_and_resumed(start_processes, home, tmp_path):
    wait_until_trained(start_processes("vae.train", "alone"))
    both = start_processes("vae.train", "model", 2)
    wait_until_saved(both[0], home, "0000000[1-9]*.run")
    both[1].send_signal(signal.SIGKILL)
    (code, out, err), _ = collect_outputs(both)
    assert code == 2 and out == "" and not (tmp_path / "model").exists()
    assert re.search(r"^error: Another process of this training has ended", err, re.MULTILINE), err
    assert "Traceback" not in err
    wait_until_trained(start_processes("vae.train", "model", 1, "--resume", devices=2))
    assert measure_difference(tmp_path / "alone", tmp_path / "model") <= 1e-5


@pytest.mark.slow
def test_stopping_one_process_stops_all(start_processes, home, tmp_path):
    both = start_processes("text.train", "model", 2, "--epochs", "500")
    wait_until_saved(both[0], home, "*.run")
    both[1].send_signal(signal.SIGTERM)
    results = collect_outputs(both)
    assert {code for code, *_ in results} <= {0, 130}, results
    assert presets.find(tmp_path / "model").read_data()["figures"]["ended"] == "cancelled"


@pytest.mark.slow
def test_a_batch_not_divisible_by_the_devices_is_refused(start_processes, tmp_path):
    ((code, out, err),) = collect_outputs(
        start_processes("vae.train", "model", 1, "--batch", "15", devices=2)
    )
    assert code == 2 and out == "" and not (tmp_path / "model").exists()
    assert err.splitlines()[-1].startswith("error: Expected a batch that 2 devices can share equally")
    assert "14, or 16" in err


@pytest.mark.parametrize(
    "variables, says",
    [
        ({"NUM_PROCESSES": "2"}, "JOB_ADDRESSES"),
        ({"NUM_PROCESSES": "2", "PROCESS_ID": "2", "JOB_ADDRESSES": "here:1"}, "from 0"),
        ({"NUM_PROCESSES": "two", "PROCESS_ID": "0", "JOB_ADDRESSES": "here:1"}, "from 0"),
        ({"NUM_PROCESSES": "2", "PROCESS_ID": "0", "JOB_ADDRESSES": "here:1"}, "KERAS_BACKEND=jax"),
    ],
)
def test_invalid_process_variables_raise_readable_errors(monkeypatch, variables, says):
    for name, value in variables.items():
        monkeypatch.setenv(f"KERAS_DISTRIBUTION_{name}", value)
    with pytest.raises(StudioError, match=says):
        parallel.initialize()
    assert parallel.count_devices() == parallel.count_processes() == 1 and parallel.is_first()
