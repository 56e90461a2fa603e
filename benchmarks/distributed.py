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

from benchmarks.report import make_parser, note, print_figures
from benchmarks.servers import find_free_port
from studio.core import paths
from studio.core.process import children
from tests.fakes.saved_weights import load_weights
from training.drawings.data_sets import draw_data_set

# The training script, but saving at every step.
SCRIPT = """
import sys
from studio.core.training import checkpoints
from training.script import main

checkpoints.CHECKPOINT_SECONDS = 0
sys.exit(main(sys.argv[1], "train", sys.argv[2:]))
"""
IMAGE_ARGUMENTS = ("data.npz", "--size", "32", "--batch", "16", "--scored", "0")
ARGUMENTS = {
    "text": ("data.txt", "--units", "64", "--embedding", "16", "--streams", "8", "--sequence", "32"),
    "vae": (*IMAGE_ARGUMENTS, "--width", "8", "--latent-dim", "16"),
    "dcgan": (*IMAGE_ARGUMENTS, "--width", "8", "--discriminator-width", "8", "--latent-dim", "16"),
    "style": ("data.npz", "--size", "64", "--photo-size", "96", "--batch", "2", "--style", "sample:mosaic"),
}


def write_data(folder: Path) -> None:
    """Writes training images and a text."""
    images = draw_data_set("avatars", 200, seed=0, size=96)["images"]
    np.savez(folder / "data.npz", images=images)
    (folder / "data.txt").write_text("".join(f"{n} times {n} are {n * n}.\n" for n in range(1, 400)))


def start_processes(
    task: str, folder: Path, out: str, count: int, arguments: Sequence[str]
) -> list[subprocess.Popen]:
    """Starts the processes of one training run."""
    address = f"127.0.0.1:{find_free_port()}"
    command = children.build_command(
        "-c", SCRIPT, f"{task}.train", *ARGUMENTS[task], "-o", out, "--quiet", *arguments
    )
    environment = children.build_environment(KERAS_BACKEND="jax")
    environment |= {"JAX_PLATFORMS": "cpu", "STUDIO_HOME": str(folder / "home")}
    processes = []
    for n in range(count):
        distribution = {
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
            "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
            "KERAS_DISTRIBUTION_PROCESS_ID": str(n),
        }
        own = environment | (distribution if count > 1 else {})
        processes.append(subprocess.Popen(command, cwd=folder, env=own, stdout=subprocess.DEVNULL))
    return processes


def wait_for(processes: Sequence[subprocess.Popen]) -> None:
    """Waits for a training run; exits if it failed."""
    codes = [process.wait() for process in processes]
    if any(codes):
        raise SystemExit(f"a training run ended with {codes}")


def kill_and_resume(task: str, folder: Path, count: int, steps: int, arguments: Sequence[str]) -> None:
    """Kills the last process of a training run halfway and resumes it with a single process."""
    running = start_processes(task, folder, "resumed", count, arguments)
    while all(process.poll() is None for process in running) and find_latest_step(folder) < steps // 2:
        time.sleep(0.01)
    running[-1].send_signal(signal.SIGKILL)
    for process in running:
        process.wait()
    wait_for(start_processes(task, folder, "resumed", 1, [*arguments, "--resume"]))


def find_latest_step(folder: Path) -> int:
    """Returns the step of the newest checkpoint."""
    return max((int(path.stem) for path in (folder / "home" / "runs").glob("*/[0-9]*.run")), default=0)


def measure_difference(first: Path, second: Path) -> float:
    """Returns the largest difference of any weight of two models."""
    return max(
        float(np.abs(a - b).max()) for a, b in zip(load_weights(first), load_weights(second), strict=True)
    )


def compare(task: str, count: int, steps: int) -> dict[str, object]:
    """Compares one process, several, and several of which one was killed."""
    note(task)
    # Text training counts epochs, not steps: two are about as long.
    arguments = ["--epochs", "2"] if task == "text" else ["--steps", str(steps)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder)
        if task == "style":
            (folder / "home").mkdir()
            (folder / "home" / "weights").symlink_to(paths.ensure_folder("weights"))
        wait_for(start_processes(task, folder, "alone", 1, arguments))
        wait_for(start_processes(task, folder, "together", count, arguments))
        kill_and_resume(task, folder, count, steps, arguments)
        alone, together, resumed = (folder / name for name in ("alone", "together", "resumed"))
        return {
            f"{task}, {count} processes against one": measure_difference(alone, together),
            f"{task}, killed midway and resumed by one": measure_difference(alone, resumed),
        }


def main(argv: Sequence[str] | None = None) -> None:
    """Trains and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--only text --steps 3")
    parser.add_argument("--only", choices=list(ARGUMENTS), help="one kind of model")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20)
    args = parser.parse_args(argv)
    figures: dict[str, object] = {}
    for task in [args.only] if args.only else ARGUMENTS:
        figures |= {name: f"{value:.1e}" for name, value in compare(task, args.processes, args.steps).items()}
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
