"""Reads files that were damaged at random: each must be accepted or refused with one sentence.

    python -m benchmarks.reliability [--json] [--files 2000] [--seed 0]

Good and bad files of the test data are changed with a seed: bytes are flipped, cut, doubled, zeroed or
replaced by those of another file. A separate process, which may be killed, reads each with the function that
pages, commands and Python use for its kind. Faults are: other errors than the studio's own, errors of several
lines or without a next step, a process that died, over ten seconds or two gigabytes, or a file left outside
the output.
"""

from __future__ import annotations

import collections
import contextlib
import io
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.report import DATA, ROOT, make_parser, note, print_figures
from studio.core import data, recipes
from studio.core.data import corpus
from studio.core.errors import InvalidInput, StudioError
from studio.core.imaging import image_io, video_codecs, video_decoder, video_encoder
from studio.core.models import model_zip, presets
from studio.core.progress import Progress
from studio.imported import keras_files
from tests.wording import says_what_to_do

MAX_SECONDS = 10.0
MAX_BYTES = 2 << 30
WRITABLE_NAMES = {"home", "model"}
MAX_FILE_BYTES = 4 << 20  # larger files are left out, because changing them takes longer than reading them


def read_keras_model(path: Path) -> None:
    """Reads the description of an imported Keras model, without Keras."""
    try:
        with path.open("rb") as file:
            keras_files.read(file)
    except keras_files.Refused as error:  # `safe_copies.get_or_make` reports it with the name of the file
        raise InvalidInput(f"{error}. Use another file.") from None


# The functions that read a file of each kind, from its path and an empty folder.
READERS: dict[str, Callable[[Path, Path], object]] = {
    "image": lambda path, folder: image_io.read(path),
    "recipe": lambda path, folder: recipes.read(path.read_bytes()),
    "text": lambda path, folder: corpus.read(path),
    "dataset": lambda path, folder: data.load_dataset(
        data.store_reference(str(path)), 32, 3, Progress(), min_images=2
    ),
    "preset": lambda path, folder: presets.unpack(path.read_bytes(), folder / "model"),
    "keras": lambda path, folder: read_keras_model(path),
    "video": lambda path, folder: collections.deque(video_decoder.decode(path.read_bytes()), maxlen=0),
}


def collect_originals(folder: Path) -> dict[str, list[Path]]:
    """Returns good and bad original files of each kind."""
    import numpy as np

    bad = DATA / "badfiles"
    frames = [np.full((48, 64, 3), 60 * n, "uint8") for n in range(4)]
    videos = [folder / f"video.{kind}" for kind in video_codecs.KINDS]
    for path in videos:
        path.write_bytes(video_encoder.encode(frames, path.suffix[1:], 10))
    videos.append(folder / "phone.mp4")
    videos[-1].write_bytes(_encode_hevc(frames))
    packed = [folder / f"{name}.zip" for name in ("digits-dcgan", "alice")]
    for path in packed:
        path.write_bytes(model_zip.pack(ROOT / "pretrained" / path.stem))
    arrays = folder / "arrays.npz"
    np.savez_compressed(arrays, images=np.zeros((9, 28, 28), "uint8"), labels=np.arange(9))
    files = {
        "image": [*(bad / "images").iterdir(), DATA / "images" / "golden_gate.jpg"],
        "recipe": list((bad / "recipes").iterdir()),
        "text": list((bad / "text").iterdir()),
        "dataset": [*(bad / "archives").iterdir(), *(bad / "classes").glob("*.zip"), arrays],
        "preset": packed,
        "keras": list((bad / "models").glob("*.keras")),
        "video": videos,
    }
    small = {
        kind: [p for p in paths if p.is_file() and p.stat().st_size < MAX_FILE_BYTES]
        for kind, paths in files.items()
    }
    return {kind: sorted(paths) for kind, paths in small.items()}


def _encode_hevc(frames: list[Any]) -> bytes:
    """Encodes a 10-bit HEVC video, like phones do."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as video:
        stream = video.add_stream("libx265", rate=10, options={"x265-params": "log-level=none"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p10le"
        for array in frames:
            frame = av.VideoFrame.from_ndarray(array, format="rgb24")
            video.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        video.mux(stream.encode())
    return buffer.getvalue()


def damage_bytes(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """Applies one to four random changes."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed) + 1)
        size = rng.choice((1, 2, 4, 16, 256, 4096))
        change = rng.choice(("flip", "cut", "double", "zero", "full", "splice", "end"))
        if change == "flip" and changed:
            changed[at % len(changed)] ^= 1 << rng.randrange(8)
        elif change == "cut":
            del changed[at : at + size]
        elif change == "double":
            changed[at:at] = changed[at : at + size]
        elif change in ("zero", "full"):
            count = len(changed[at : at + size])
            changed[at : at + size] = (b"\0" if change == "zero" else b"\xff") * count
        elif change == "splice" and other:
            start = rng.randrange(len(other))
            changed[at : at + size] = other[start : start + size]
        elif change == "end":
            del changed[at:]
    return bytes(changed)


def try_file(kind: str, path: str, folder: str) -> tuple[str, str]:
    """Returns the outcome of one file: `taken`, `refused`, or `fault` with the reason. Runs in the pool."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES + _read_resident_bytes(), resource.RLIM_INFINITY))
    began, before = time.monotonic(), _list_names(folder)
    try:
        READERS[kind](Path(path), Path(folder))
        outcome = "taken", ""
    except StudioError as error:
        message = str(error)
        is_clear = "\n" not in message and says_what_to_do(message) and str(DATA) not in message
        outcome = ("refused", "") if is_clear else ("fault", f"said {message!r}")
    except BaseException as error:
        outcome = "fault", f"{type(error).__name__}: {error}"
    if (duration := time.monotonic() - began) > MAX_SECONDS:
        return "fault", f"took {duration:.0f} s"
    left = _list_names(folder) - before - WRITABLE_NAMES
    return ("fault", f"left {sorted(left)}") if left else outcome


def _read_resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _list_names(folder: str) -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


def measure_damaged_files(count: int, seed: int) -> dict[str, object]:
    """Tests `count` damaged files, equally many of each kind; prints the faults to stderr."""
    rng, outcomes = random.Random(seed), collections.Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        work_folder = Path(folder) / "work"
        work_folder.mkdir()
        os.environ["STUDIO_HOME"] = str(work_folder / "home")
        os.chdir(work_folder)
        sources = collect_originals(Path(folder))
        kinds = sorted(sources)
        pool = _start_pool()
        for number in range(count):
            kind = kinds[number % len(kinds)]
            original, other = rng.choice(sources[kind]), rng.choice(sources[kind])
            path = Path(folder) / f"damaged{original.suffix}"
            path.write_bytes(damage_bytes(original.read_bytes(), other.read_bytes(), rng))
            began = time.monotonic()
            try:
                outcome, reason = pool.submit(try_file, kind, str(path), str(work_folder)).result(
                    6 * MAX_SECONDS
                )
            except (BrokenProcessPool, TimeoutError) as error:
                outcome, reason = "fault", f"the process ended: {type(error).__name__}"
                pool.shutdown(wait=False, cancel_futures=True)
                pool = _start_pool()
            slowest = max(slowest, time.monotonic() - began)
            outcomes[kind, outcome] += 1
            if outcome == "fault":
                note(f"{number} {kind} {original.name}: {reason}")
                with contextlib.suppress(OSError):
                    path.rename(Path(tempfile.gettempdir()) / f"fault-{seed}-{number}{original.suffix}")
            if number % 100 == 99:
                note(f"{number + 1} of {count}")
        pool.shutdown()
    names = ("taken", "refused", "fault")
    table = {
        f"{kind}: {', '.join(names)}": ", ".join(str(outcomes[kind, name]) for name in names)
        for kind in kinds
    }
    faults = sum(outcomes[kind, "fault"] for kind in kinds)
    return {"files": count, "seed": seed, **table, "faults": faults, "slowest file, s": slowest}


def _start_pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__, quick="--files 14")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    print_figures(measure_damaged_files(args.files, args.seed), args.json)


if __name__ == "__main__":
    main()
