"""A killed training process resumes from its last checkpoint and ends as an uninterrupted one.

This file kills the training of a DCGAN; test_parallel.py kills that of a VAE.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from saved_weights import load_weights
from waiting import wait_until

from studio.core.models import presets

# Saves at every step and prints the first step; otherwise the unchanged script.
SCRIPT = """
import sys
from studio.core.training import checkpoints
from studio.core.training.trainer import Trainer
from training.script import main

resume = Trainer._resume
def report_step(self):
    resume(self)
    print("begins at", self.step, file=sys.stderr, flush=True)

Trainer._resume = report_step
checkpoints.CHECKPOINT_SECONDS = 0
sys.exit(main("dcgan.train", "train", sys.argv[1:]))
"""
STEPS, KILLED = 60, 10
SMALL = ["--width", "4", "--discriminator-width", "4", "--latent-dim", "8", "--size", "32", "--batch", "16"]


@pytest.fixture
def start_training(home, tmp_path):
    """Starts a training run on a few images: `(name of its folder, more words) -> Popen`."""
    images = np.random.default_rng(0).integers(0, 256, (200, 32, 32, 3)).astype("uint8")
    np.savez(tmp_path / "data.npz", images=images)

    started = []

    def start(out, *words):
        length = ["--steps", str(STEPS), "--test-every", "25", "--scored", "0"]
        command = [sys.executable, "-c", SCRIPT, "data.npz", "-o", out, *SMALL, *length, *words]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        started.append(
            subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for item in started:
        item.kill()
        item.wait()


def wait_until_saved(training, home) -> None:
    wait_until(lambda: training.poll() is not None or max(list_saved_steps(home), default=0) >= KILLED)


def read_first_step(training) -> int:
    """Returns the step at which a training run begins, once it says so."""
    line = next(line for line in training.stderr if "begins at" in line)
    return int(line.split("begins at")[1])


def list_saved_steps(home) -> list[int]:
    """Returns the steps of the checkpoints."""
    return [int(path.stem) for path in (home / "runs").glob("*/[0-9]*.run")]


@pytest.mark.slow
def test_a_killed_training_resumes_and_gives_the_uninterrupted_weights(start_training, home, tmp_path):
    uninterrupted = start_training("uninterrupted")
    assert "begins at 0" in uninterrupted.communicate()[1] and uninterrupted.returncode == 0
    killed = start_training("model")
    wait_until_saved(killed, home)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL and not (tmp_path / "model").exists()
    resumed = start_training("model", "--resume")
    output = resumed.communicate()[1]
    assert resumed.returncode == 0, output
    assert KILLED <= int(output.split("begins at")[1].split()[0]) < STEPS
    for first, second in zip(
        load_weights(tmp_path / "uninterrupted"), load_weights(tmp_path / "model"), strict=True
    ):
        # Not bit-exact, because the order of sums varies on several cores.
        assert np.allclose(first, second, atol=2e-2)
    assert presets.find(tmp_path / "model").read_data()["figures"]["curve"]["steps"] == [25, 50, 60]


@pytest.mark.slow
def test_a_second_process_is_refused_and_keeps_the_checkpoints(start_training, home):
    first = start_training("first", "--steps", "100000")
    wait_until_saved(first, home)
    for words in ((), ("--no-resume",)):
        second = start_training("second", "--steps", "100000", *words)
        output = second.communicate()[1]
        assert second.returncode == 2 and f"already going on (process {first.pid} on " in output
        assert output.splitlines()[-1].startswith("error: ") and "Traceback" not in output
    assert first.poll() is None
    assert read_first_step(start_training("other", "--seed", "1")) == 0
    first.kill()
    first.communicate()
    assert list_saved_steps(home), "the first process still has its checkpoints"
    assert read_first_step(start_training("third", "--steps", "100000")) >= KILLED
