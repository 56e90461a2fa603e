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
from studio.core.training.trainer import Trainer
from training import script

# Saves at every step; otherwise the unchanged script.
SCRIPT = """
import sys
from studio.core.training import checkpoints
from training.script import main

checkpoints.CHECKPOINT_SECONDS = 0
sys.exit(main("dcgan.train", "train", sys.argv[1:]))
"""
STEPS, KILLED = 60, 10
SMALL = ["--width", "4", "--discriminator-width", "4", "--latent-dim", "8", "--size", "32", "--batch", "16"]
WORDS = ["data.npz", *SMALL, "--steps", str(STEPS), "--test-every", "25", "--scored", "0", "-o"]


@pytest.fixture
def folder(home, tmp_path, monkeypatch):
    """The current folder, with a few images to train on."""
    images = np.random.default_rng(0).integers(0, 256, (200, 32, 32, 3)).astype("uint8")
    np.savez(tmp_path / "data.npz", images=images)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def killed(folder):
    """A training run in another process, after its first checkpoints."""
    command = [sys.executable, "-c", SCRIPT, *WORDS, "model"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, env=environment)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def first_steps(monkeypatch):
    """The steps at which the training runs of this process begin."""
    steps, resume = [], Trainer._resume

    def note_step(trainer):
        resume(trainer)
        steps.append(trainer.step)

    monkeypatch.setattr(Trainer, "_resume", note_step)
    return steps


def train(*words) -> int:
    """Trains in this process, which takes less time than another one; returns the exit code."""
    return script.main("dcgan.train", "train", [*WORDS, *words])


def list_saved_steps(home) -> list[int]:
    """Returns the steps of the checkpoints."""
    return [int(path.stem) for path in (home / "runs").glob("*/[0-9]*.run")]


@pytest.mark.slow
def test_a_killed_training_is_protected_resumes_and_gives_the_uninterrupted_weights(
    killed, first_steps, folder, home, capsys
):
    wait_until(lambda: killed.poll() is not None or max(list_saved_steps(home), default=0) >= KILLED)
    killed.send_signal(signal.SIGSTOP)
    for words in ((), ("--no-resume",)):
        assert train("second", *words) == 2
        error = capsys.readouterr().err
        assert f"already going on (process {killed.pid} on " in error
        assert error.splitlines()[-1].startswith("error: ")
    assert train("other", "--seed", "1", "--steps", "1") == 0
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL and not (folder / "model").exists()
    assert list_saved_steps(home), "the others left its checkpoints"
    assert train("model", "--resume") == 0
    assert train("uninterrupted", "--no-resume") == 0
    other, resumed, uninterrupted = first_steps
    assert other == uninterrupted == 0 and KILLED <= resumed < STEPS
    for first, second in zip(
        load_weights(folder / "uninterrupted"), load_weights(folder / "model"), strict=True
    ):
        # Not bit-exact, because the order of sums varies on several cores.
        assert np.allclose(first, second, atol=2e-2)
    assert presets.find(folder / "model").read_data()["figures"]["curve"]["steps"] == [25, 50, 60]
