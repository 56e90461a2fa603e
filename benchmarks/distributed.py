"""Distributed training: difference between two processes and one, uninterrupted and killed midway.

    python -m benchmarks.distributed [--json] [--only text|vae|dcgan|style] [--processes 2] [--steps 20]

Each learns from what the studio draws itself, on this machine's processors, on the JAX backend
(`pip install -e '.[jax]'`), with the same batches in all. The figure is the largest difference of any weight
of the models that are saved. `style` needs the weights of VGG16.
"""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import arguments, note, show
from benchmarks.servers import free_port
from studio.core.process import children

# The training script, but saving at every step.
SCRIPT = """
import sys
from studio.core.training import checkpoints
from training.script import main

checkpoints.CHECKPOINT_SECONDS = 0
sys.exit(main(sys.argv[1], "train", sys.argv[2:]))
"""
IMAGES = ("data.npz", "--size", "32", "--batch", "16", "--scored", "0")
WORDS = {
    "text": ("data.txt", "--units", "64", "--embedding", "16", "--streams", "8", "--sequence", "32"),
    "vae": (*IMAGES, "--width", "8", "--latent-dim", "16"),
    "dcgan": (*IMAGES, "--width", "8", "--discriminator-width", "8", "--latent-dim", "16"),
    "style": ("data.npz", "--size", "64", "--photo-size", "96", "--batch", "2", "--style", "sample:mosaic"),
}


def prepare(place: Path) -> None:
    """Writes training images and a text."""
    from training.drawings import avatars

    images = avatars.collection(200, seed=0, size=96)["images"]
    np.savez(place / "data.npz", images=images)
    (place / "data.txt").write_text("".join(f"{n} times {n} are {n * n}.\n" for n in range(1, 400)))


def start_processes(
    task: str, place: Path, out: str, count: int, words: Sequence[str]
) -> list[subprocess.Popen]:
    """Starts the processes of one training run."""
    address = f"127.0.0.1:{free_port()}"
    line = children.build_command("-c", SCRIPT, f"{task}.train", *WORDS[task], "-o", out, "--quiet", *words)
    usual = children.build_environment(KERAS_BACKEND="jax")
    usual |= {"JAX_PLATFORMS": "cpu", "STUDIO_HOME": str(place / "home")}
    processes = []
    for n in range(count):
        named = {
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
            "KERAS_DISTRIBUTION_PROCESS_ID": str(n),
        }
        environment = usual | (named if count > 1 else {})
        processes.append(subprocess.Popen(line, cwd=place, env=environment, stdout=subprocess.DEVNULL))
    return processes


def wait_for(processes: Sequence[subprocess.Popen]) -> None:
    """Waits for a training run; exits if it failed."""
    codes = [one.wait() for one in processes]
    if any(codes):
        raise SystemExit(f"a training run ended with {codes}")


def kill_and_resume(task: str, place: Path, count: int, steps: int, words: Sequence[str]) -> None:
    """Kills the last process of a training run halfway and resumes it with a single process."""
    running = start_processes(task, place, "resumed", count, words)
    while all(one.poll() is None for one in running) and furthest(place) < steps // 2:
        time.sleep(0.01)
    running[-1].send_signal(signal.SIGKILL)
    for one in running:
        one.wait()
    wait_for(start_processes(task, place, "resumed", 1, [*words, "--resume"]))


def furthest(place: Path) -> int:
    """Returns the step of the newest checkpoint."""
    return max((int(path.stem) for path in (place / "home" / "runs").glob("*/[0-9]*.run")), default=0)


def weights(folder: Path) -> list[np.ndarray]:
    """Returns all arrays of a saved model."""
    import h5py

    arrays: list[np.ndarray] = []
    with h5py.File(folder / "weights.weights.h5") as file:
        file.visititems(lambda _, one: arrays.append(one[()]) if isinstance(one, h5py.Dataset) else None)
    return arrays


def farthest(first: Path, second: Path) -> float:
    """Returns the largest difference of any weight."""
    return max(float(np.abs(a - b).max()) for a, b in zip(weights(first), weights(second), strict=True))


def compare(task: str, count: int, steps: int) -> dict[str, object]:
    """Compares one process, several, and several of which one was killed."""
    from studio.core import paths

    note(task)
    # Text training counts epochs, not steps: two are about as long.
    words = ["--epochs", "2"] if task == "text" else ["--steps", str(steps)]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        prepare(place)
        if task == "style":
            (place / "home").mkdir()
            (place / "home" / "weights").symlink_to(paths.ensure_folder("weights"))
        wait_for(start_processes(task, place, "alone", 1, words))
        wait_for(start_processes(task, place, "together", count, words))
        kill_and_resume(task, place, count, steps, words)
        return {
            f"{task}, {count} processes against one": farthest(place / "alone", place / "together"),
            f"{task}, killed midway and resumed by one": farthest(place / "alone", place / "resumed"),
        }


def main(argv: Sequence[str] | None = None) -> None:
    """Trains and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="--only text --steps 3")
    parser.add_argument("--only", choices=list(WORDS), help="one kind of model")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20)
    args = parser.parse_args(argv)
    figures: dict[str, object] = {}
    for task in [args.only] if args.only else WORDS:
        figures |= {name: f"{value:.1e}" for name, value in compare(task, args.processes, args.steps).items()}
    show(figures, args.json)


if __name__ == "__main__":
    main()
