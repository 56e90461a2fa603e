"""Runs two hundred mixed jobs in turn in one studio and measures the memory of its processes.

    python -m benchmarks.soak [--json] [--jobs 200] [--first 20] [--size 160]

All kinds of jobs come in turn, each time with another seed, strength or image: house styles, AdaIN, style
transfer by optimization, dreams, grids of faces and digits, texts, labels of photos, videos. Memory is the
sum of the resident sizes of the studio's processes, including the engine's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import psutil

from benchmarks.report import make_parser, note, print_figures
from studio.classify.settings import PredictSettings
from studio.core import paths
from studio.core.imaging import image_io, paintings, sample_photos, video_encoder
from studio.core.tasks import File
from studio.dream.settings import DreamSettings
from studio.engine import Engine
from studio.faces.settings import FacesSettings
from studio.style.settings import TransferSettings
from studio.text.settings import WriteSettings
from studio.video.settings import VideoSettings

TIMEOUT_SECONDS = 900.0


def list_job_kinds(size: int) -> list:
    """Returns the kinds of jobs: functions from a number to a task, settings and inputs."""
    names = list(sample_photos.list_photos())
    painting_names = list(paintings.list_paintings())

    def store_photo(n: int) -> list[File]:
        path = sample_photos.find_path(names[n % len(names)])
        return [File.store(path.read_bytes(), "image", path.name)]

    def store_painting(n: int) -> list[File]:
        name = painting_names[n % len(painting_names)]
        return [File.store(image_io.encode_png(paintings.read_painting(name)), "image", f"{name}.png")]

    def store_video(n: int) -> list[File]:
        frame = image_io.fit(sample_photos.read_photo(names[n % len(names)]), 128)
        return [File.store(video_encoder.encode([frame, frame[:, ::-1]], "webp", 8), "animation", "two.webp")]

    def style(n: int, **options):
        settings = TransferSettings(size=size, strength=0.5 + 0.05 * (n % 10), **options)
        return "style.transfer", settings, {"content": store_photo(n), "style": store_painting(n)}

    def house(n: int):
        settings = TransferSettings(size=size, house=(painting_names[n % len(painting_names)],))
        return "style.transfer", settings, {"content": store_photo(n)}

    def dream(n: int):
        settings = DreamSettings(size=size, octaves=2, steps=2, seed=n)
        return "dream.ascend", settings, {"content": store_photo(n)}

    def frames(n: int):
        base = house(n)[1].model_dump(mode="json")
        return "video.repaint", VideoSettings(base=base, video="webp"), {"video": store_video(n)}

    return [
        house,
        style,
        lambda n: style(n, mode="draft", steps=2),
        dream,
        lambda n: ("faces.draw", FacesSettings(preset="faces-dcgan", n=16, seed=n), {}),
        lambda n: ("faces.draw", FacesSettings(preset="digits-vae", n=16, seed=n), {}),
        lambda n: ("text.write", WriteSettings(chars=80, seed=n, prompt="O, what"), {}),
        lambda n: ("classify.predict", PredictSettings(), {"images": store_photo(n)}),
        frames,
    ]


def measure_resident_bytes() -> int:
    """Returns the resident bytes of this process and its children."""
    own = psutil.Process(os.getpid())
    total = 0
    for process in [own, *own.children(recursive=True)]:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total


def measure_memory(jobs: int, first: int, size: int) -> dict[str, object]:
    """Runs jobs in turn and measures the memory after each."""
    note(f"in {paths.ensure_home()}")
    engine = Engine(warm=False)
    job_kinds, sizes, failed = list_job_kinds(size), [], []
    try:
        while engine.status() != "ready":
            time.sleep(0.1)
        for number in range(jobs):
            job = engine.submit(*job_kinds[number % len(job_kinds)](number))
            end = time.monotonic() + TIMEOUT_SECONDS
            while not engine.find_job(job.id).finished and time.monotonic() < end:
                time.sleep(0.05)
            ended = engine.find_job(job.id)
            if ended.state != "done":
                failed.append(f"{ended.task}: {ended.error}")
            sizes.append(measure_resident_bytes())
            if (number + 1) % 20 == 0:
                note(f"{number + 1} of {jobs}: {sizes[-1] / 2**30:.2f} GiB")
    finally:
        engine.close()
    for fault in failed:
        note(fault)
    early, late = max(sizes[max(0, first - 9) : first]), max(sizes[-9:])  # over one job of each kind
    return {
        "jobs": jobs,
        "jobs that failed": len(failed),
        f"after the first {first}, GiB": early / 2**30,
        "in the end, GiB": late / 2**30,
        "in the end, times as much": late / early,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints. Uses STUDIO_HOME and its weights."""
    parser = make_parser(__doc__, quick="--jobs 4 --first 2 --size 64")
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--first", type=int, default=20)
    parser.add_argument("--size", type=int, default=160)
    args = parser.parse_args(argv)
    print_figures(measure_memory(args.jobs, args.first, args.size), args.json)


if __name__ == "__main__":
    main()
