"""Two hundred mixed jobs one after the other in one studio: what its processes hold in the end.

    python -m benchmarks.soak [--json] [--jobs 200] [--first 20] [--size 160]

Every kind of work that a page asks for comes in turn, each time with another seed, strength or image:
paintings by a house style, by AdaIN and by optimization, dreams, grids of faces and digits, texts, labels of
photos, videos. Memory is what the studio's processes hold, the engine's own included: their resident sizes
added up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import psutil

from benchmarks.report import arguments, note, show

PATIENCE = 900.0


def kinds(size: int) -> list:
    """What is asked for in turn, each a function of a number that gives a task, settings and inputs."""
    from studio.classify.settings import PredictSettings
    from studio.core.imaging import animations, image_io, paintings, sample_photos
    from studio.core.tasks import File
    from studio.dream.settings import DreamSettings
    from studio.faces.settings import FacesSettings
    from studio.style.settings import TransferSettings
    from studio.text.settings import WriteSettings
    from studio.video.settings import VideoSettings

    names = list(sample_photos.photos())
    drawn = list(paintings.paintings())

    def photo(n: int) -> list[File]:
        path = sample_photos.path(names[n % len(names)])
        return [File.keep(path.read_bytes(), "image", path.name)]

    def painting(n: int) -> list[File]:
        name = drawn[n % len(drawn)]
        return [File.keep(image_io.encode_png(paintings.painting(name)), "image", f"{name}.png")]

    def video(n: int) -> list[File]:
        frame = image_io.fit(sample_photos.photo(names[n % len(names)]), 128)
        return [File.keep(animations.encode([frame, frame[:, ::-1]], "webp", 8), "animation", "two.webp")]

    def style(n: int, **more):
        settings = TransferSettings(size=size, strength=0.5 + 0.05 * (n % 10), **more)
        return "style.transfer", settings, {"content": photo(n), "style": painting(n)}

    def house(n: int):
        settings = TransferSettings(size=size, house=(drawn[n % len(drawn)],))
        return "style.transfer", settings, {"content": photo(n)}

    def dream(n: int):
        settings = DreamSettings(size=size, octaves=2, steps=2, seed=n)
        return "dream.ascend", settings, {"content": photo(n)}

    def frames(n: int):
        base = TransferSettings(size=size, house=(drawn[n % len(drawn)],)).model_dump(mode="json")
        return "video.repaint", VideoSettings(base=base, video="webp"), {"video": video(n)}

    return [
        house,
        style,
        lambda n: style(n, mode="draft", steps=2),
        dream,
        lambda n: ("faces.draw", FacesSettings(preset="faces-dcgan", n=16, seed=n), {}),
        lambda n: ("faces.draw", FacesSettings(preset="digits-vae", n=16, seed=n), {}),
        lambda n: ("text.write", WriteSettings(chars=80, seed=n, prompt="O, what"), {}),
        lambda n: ("classify.predict", PredictSettings(), {"images": photo(n)}),
        frames,
    ]


def held() -> int:
    """What this process and all that it has started hold, in bytes."""
    mine = psutil.Process(os.getpid())
    total = 0
    for process in [mine, *mine.children(recursive=True)]:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total


def run(jobs: int, first: int, size: int) -> dict[str, object]:
    """Runs so many jobs, one after the other, and looks at memory after each."""
    from studio.core import paths
    from studio.engine import Engine

    note(f"in {paths.home()}")
    engine = Engine(warm=False)
    asked, sizes, failed = kinds(size), [], []
    try:
        while engine.status() != "ready":
            time.sleep(0.1)
        for number in range(jobs):
            job = engine.submit(*asked[number % len(asked)](number))
            end = time.monotonic() + PATIENCE
            while not engine.job(job.id).finished and time.monotonic() < end:
                time.sleep(0.05)
            found = engine.job(job.id)
            if found.state != "done":
                failed.append(f"{found.task}: {found.error}")
            sizes.append(held())
            if (number + 1) % 20 == 0:
                note(f"{number + 1} of {jobs}: {sizes[-1] / 2**30:.2f} GiB")
    finally:
        engine.close()
    for fault in failed:
        note(fault)
    early, late = max(sizes[max(0, first - 9) : first]), max(sizes[-9:])  # each kind once
    return {
        "jobs": jobs,
        "jobs that failed": len(failed),
        f"after the first {first}, GiB": early / 2**30,
        "in the end, GiB": late / 2**30,
        "in the end, times as much": late / early,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Runs it in STUDIO_HOME, whose weights it uses."""
    parser = arguments(__doc__, quick="--jobs 4 --first 2 --size 64")
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--first", type=int, default=20)
    parser.add_argument("--size", type=int, default=160)
    asked = parser.parse_args(argv)
    show(run(asked.jobs, asked.first, asked.size), asked.json)


if __name__ == "__main__":
    main()
