"""Files that were damaged at random, through what reads them: each must be taken or refused in one sentence.

    python -m benchmarks.reliability [--json] [--files 2000] [--seed 0]

Good and bad files of the test data are changed with a seed: bytes flipped, cut, doubled, filled with nought
or exchanged with those of another file. Each goes, in a process of its own that may be killed, through the
very function that page, command and Python call for its kind. What counts as a fault: another error than the
studio's own, one of several lines or without a next step, a process that died, ten seconds, two gigabytes, or
a file that is left anywhere but where the function was told to write.
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
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.report import DATA, ROOT, arguments, note, show

SECONDS = 10.0
BYTES = 2 << 30
MAY_WRITE = {"home", "model"}
SMALL = 4 << 20  # larger files are left out: cutting and copying them takes longer than reading them


def image(path: Path, place: Path) -> None:
    """As an image, the way every upload and every command reads one."""
    from studio.core.imaging import image_io

    image_io.read(path)


def recipe(path: Path, place: Path) -> None:
    """As a file that `studio replay` or the gallery is given."""
    from studio.core import recipes

    recipes.read(path.read_bytes())


def text(path: Path, place: Path) -> None:
    """As a text to learn from."""
    from studio.core.data import corpus

    corpus.read(path)


def dataset(path: Path, place: Path) -> None:
    """As images to learn from: an archive, looked over first, then read."""
    from studio.core import data
    from studio.core.progress import Progress

    data.load_dataset(data.reference(str(path)), 32, 3, Progress(), least=2)


def preset(path: Path, place: Path) -> None:
    """As a model of the studio, packed."""
    from studio.core.models import presets

    presets.unpack(path.read_bytes(), place / "model")


def keras_model(path: Path, place: Path) -> None:
    """As a model that somebody made with Keras: its description, before Keras sees any of it."""
    from studio.core.errors import InvalidInput
    from studio.imported import keras_files

    try:
        with path.open("rb") as file:
            keras_files.read(file)
    except keras_files.Refused as error:  # which `safe_copies.admit` tells with the name of the file
        raise InvalidInput(f"{error}. Next: none.") from None


def video(path: Path, place: Path) -> None:
    """As a video, frame by frame."""
    from studio.core.imaging import animations

    for _ in animations.frames(path.read_bytes()):
        pass


READERS = {
    "image": image,
    "recipe": recipe,
    "text": text,
    "dataset": dataset,
    "preset": preset,
    "keras": keras_model,
    "video": video,
}


def originals(place: Path) -> dict[str, list[Path]]:
    """Files of each kind to begin with, good and bad ones."""
    import numpy as np

    from studio.core.imaging import animations
    from studio.core.models import model_zip

    bad = DATA / "badfiles"
    frames = [np.full((48, 64, 3), 60 * n, "uint8") for n in range(4)]
    videos = [place / f"video.{kind}" for kind in animations.KINDS]
    for path in videos:
        path.write_bytes(animations.encode(frames, path.suffix[1:], 10))
    videos.append(place / "phone.mp4")
    videos[-1].write_bytes(_of_a_phone(frames))
    packed = [place / f"{name}.zip" for name in ("digits-dcgan", "alice")]
    for path in packed:
        path.write_bytes(model_zip.zipped(ROOT / "pretrained" / path.stem))
    arrays = place / "arrays.npz"
    np.savez_compressed(arrays, images=np.zeros((9, 28, 28), "uint8"), labels=np.arange(9))
    found = {
        "image": [*(bad / "images").iterdir(), DATA / "images" / "golden_gate.jpg"],
        "recipe": list((bad / "recipes").iterdir()),
        "text": list((bad / "text").iterdir()),
        "dataset": [*(bad / "archives").iterdir(), *(bad / "classes").glob("*.zip"), arrays],
        "preset": packed,
        "keras": list((bad / "models").glob("*.keras")),
        "video": videos,
    }
    small = {
        kind: [p for p in paths if p.is_file() and p.stat().st_size < SMALL] for kind, paths in found.items()
    }
    return {kind: sorted(paths) for kind, paths in small.items()}


def _of_a_phone(frames: list[Any]) -> bytes:
    """A video in HEVC with ten bits a color."""
    import av

    made = io.BytesIO()
    with av.open(made, "w", format="mp4") as video:
        stream = video.add_stream("libx265", rate=10, options={"x265-params": "log-level=none"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p10le"
        for one in frames:
            frame = av.VideoFrame.from_ndarray(one, format="rgb24")
            video.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        video.mux(stream.encode())
    return made.getvalue()


def damaged(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """One to four changes, each of a kind drawn at random."""
    made = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(made) + 1)
        size = draw.choice((1, 2, 4, 16, 256, 4096))
        way = draw.choice(("flip", "cut", "double", "nought", "full", "splice", "end"))
        if way == "flip" and made:
            made[at % len(made)] ^= 1 << draw.randrange(8)
        elif way == "cut":
            del made[at : at + size]
        elif way == "double":
            made[at:at] = made[at : at + size]
        elif way in ("nought", "full"):
            count = len(made[at : at + size])
            made[at : at + size] = (b"\0" if way == "nought" else b"\xff") * count
        elif way == "splice" and other:
            start = draw.randrange(len(other))
            made[at : at + size] = other[start : start + size]
        elif way == "end":
            del made[at:]
    return bytes(made)


def tried(kind: str, path: str, place: str) -> tuple[str, str]:
    """What came of one file: `taken`, `refused`, or `fault` with the reason. Runs in the other process."""
    from studio.core.errors import StudioError

    resource.setrlimit(resource.RLIMIT_AS, (BYTES + _held(), resource.RLIM_INFINITY))
    began, before = time.monotonic(), _names(place)
    try:
        READERS[kind](Path(path), Path(place))
        found = "taken", ""
    except StudioError as error:
        told = str(error)
        whole = "\n" not in told and "Next:" in told and str(DATA) not in told
        found = ("refused", "") if whole else ("fault", f"said {told!r}")
    except BaseException as error:
        found = "fault", f"{type(error).__name__}: {error}"
    if (took := time.monotonic() - began) > SECONDS:
        return "fault", f"took {took:.0f} s"
    left = _names(place) - before - MAY_WRITE
    return ("fault", f"left {sorted(left)}") if left else found


def _held() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _names(place: str) -> set[str]:
    return {path.name for path in Path(place).iterdir()}


def run(count: int, seed: int) -> dict[str, object]:
    """So many damaged files, equally many of each kind; the faults are named on stderr."""
    draw, ends = random.Random(seed), collections.Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "work"
        place.mkdir()
        os.environ["STUDIO_HOME"] = str(place / "home")
        os.chdir(place)
        sources = originals(Path(folder))
        kinds = sorted(sources)
        pool = _pool()
        for number in range(count):
            kind = kinds[number % len(kinds)]
            original, other = draw.choice(sources[kind]), draw.choice(sources[kind])
            path = Path(folder) / f"damaged{original.suffix}"
            path.write_bytes(damaged(original.read_bytes(), other.read_bytes(), draw))
            began = time.monotonic()
            try:
                end, why = pool.submit(tried, kind, str(path), str(place)).result(6 * SECONDS)
            except (BrokenProcessPool, TimeoutError) as error:
                end, why = "fault", f"the process ended: {type(error).__name__}"
                pool.shutdown(wait=False, cancel_futures=True)
                pool = _pool()
            slowest = max(slowest, time.monotonic() - began)
            ends[kind, end] += 1
            if end == "fault":
                note(f"{number} {kind} {original.name}: {why}")
                with contextlib.suppress(OSError):
                    path.rename(Path(tempfile.gettempdir()) / f"fault-{seed}-{number}{original.suffix}")
            if number % 100 == 99:
                note(f"{number + 1} of {count}")
        pool.shutdown()
    names = ("taken", "refused", "fault")
    table = {
        f"{kind}: {', '.join(names)}": ", ".join(str(ends[kind, end]) for end in names) for kind in kinds
    }
    faults = sum(ends[kind, "fault"] for kind in kinds)
    return {"files": count, "seed": seed, **table, "faults": faults, "slowest file, s": slowest}


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def main(argv: Sequence[str] | None = None) -> None:
    """Runs it."""
    parser = arguments(__doc__, quick="--files 14")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    show(run(asked.files, asked.seed), asked.json)


if __name__ == "__main__":
    main()
