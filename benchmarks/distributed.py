"""Distributed: how far two processes that train together end from a single one, whole and killed midway.

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

# Saves at every step; else the very script.
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
    """Images and a text to learn from."""
    from training.drawings import avatars

    images = avatars.collection(200, seed=0, size=96)["images"]
    np.savez(place / "data.npz", images=images)
    (place / "data.txt").write_text("".join(f"{n} times {n} are {n * n}.\n" for n in range(1, 400)))


def started(task: str, place: Path, out: str, count: int, words: Sequence[str]) -> list[subprocess.Popen]:
    """The processes of one training run, begun."""
    address = f"127.0.0.1:{free_port()}"
    line = children.command("-c", SCRIPT, f"{task}.train", *WORDS[task], "-o", out, "--quiet", *words)
    usual = children.environment(KERAS_BACKEND="jax")
    usual |= {"JAX_PLATFORMS": "cpu", "STUDIO_HOME": str(place / "home")}
    found = []
    for n in range(count):
        named = {
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
            "KERAS_DISTRIBUTION_PROCESS_ID": str(n),
        }
        environment = usual | (named if count > 1 else {})
        found.append(subprocess.Popen(line, cwd=place, env=environment, stdout=subprocess.DEVNULL))
    return found


def ended(processes: Sequence[subprocess.Popen]) -> None:
    """Waits for a training run that must go well."""
    codes = [one.wait() for one in processes]
    if any(codes):
        raise SystemExit(f"a training ended with {codes}")


def killed(task: str, place: Path, count: int, steps: int, words: Sequence[str]) -> None:
    """A training whose last process is killed halfway, continued with by one alone."""
    running = started(task, place, "resumed", count, words)
    while all(one.poll() is None for one in running) and furthest(place) < steps // 2:
        time.sleep(0.01)
    running[-1].send_signal(signal.SIGKILL)
    for one in running:
        one.wait()
    ended(started(task, place, "resumed", 1, [*words, "--resume"]))


def furthest(place: Path) -> int:
    """The step of the newest checkpoint."""
    return max((int(path.stem) for path in (place / "home" / "runs").glob("*/[0-9]*.run")), default=0)


def weights(folder: Path) -> list[np.ndarray]:
    """All arrays of a saved model."""
    import h5py

    found: list[np.ndarray] = []
    with h5py.File(folder / "weights.weights.h5") as file:
        file.visititems(lambda _, one: found.append(one[()]) if isinstance(one, h5py.Dataset) else None)
    return found


def farthest(one: Path, other: Path) -> float:
    """The largest difference of any weight."""
    return max(float(np.abs(a - b).max()) for a, b in zip(weights(one), weights(other), strict=True))


def compared(task: str, count: int, steps: int) -> dict[str, object]:
    """One process, several, and several of which one was killed."""
    from studio.core import paths

    note(task)
    # A text is read so many times, not for so many steps: twice are about as many.
    words = ["--epochs", "2"] if task == "text" else ["--steps", str(steps)]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        prepare(place)
        if task == "style":
            (place / "home").mkdir()
            (place / "home" / "weights").symlink_to(paths.folder("weights"))
        ended(started(task, place, "alone", 1, words))
        ended(started(task, place, "together", count, words))
        killed(task, place, count, steps, words)
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
    chosen = parser.parse_args(argv)
    figures: dict[str, object] = {}
    for task in [chosen.only] if chosen.only else WORDS:
        figures |= {
            name: f"{value:.1e}" for name, value in compared(task, chosen.processes, chosen.steps).items()
        }
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
