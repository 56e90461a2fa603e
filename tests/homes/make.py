"""Makes the STUDIO_HOME that `tests/test_earlier_home.py` opens: `python -m tests.homes.make FILE.zip`.

Kept as it was made, so that later studios are asked to open what an earlier one wrote; made anew only where
its format is given up on purpose.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import zipfile
from pathlib import Path

RHYME = (
    "Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, life is but a dream.\n" * 40
)
SMALL = {"units": 16, "layers": 1, "embedding": 8, "sequence": 16, "streams": 4, "dropout": 0.0}


def main(target: str) -> None:
    """Makes one of each kind of thing, and packs the folder."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["STUDIO_HOME"] = folder
        text = Path(folder) / "rhyme.txt"
        text.write_text(RHYME)
        items()
        voice(text)
        unfinished(text)
        finished_job()
        pack(Path(folder), Path(target))


def items() -> None:
    """A painting, a wall of digits and a text, each with its recipe."""
    import numpy as np

    import studio

    rows, columns = np.mgrid[0:96, 0:128]
    photo = np.stack([rows * 2, columns, (rows + columns) % 256], axis=-1).astype("uint8")
    studio.make("style.transfer", content=photo, house="mosaic", size=128, quiet=True)
    studio.make("faces.draw", preset="digits-vae", n=4, seed=3, quiet=True)
    studio.make("text.write", preset="alice", prompt="Alice was", chars=60, seed=1, quiet=True)


def voice(text: Path) -> None:
    """A voice of a person's own, kept under a name."""
    import studio
    from studio.core.models import presets

    made = studio.make("text.train", text=text, epochs=2, quiet=True, **SMALL)
    presets.unpack(made.result.files[0].read(), "rhyme")


def unfinished(text: Path) -> None:
    """A training that was stopped midway, with its checkpoint."""
    from studio.core import tasks
    from studio.core.progress import Progress
    from studio.text.settings import TrainTextSettings

    reached = [0]
    file = tasks.File.keep(text.read_bytes(), "text", text.name)
    settings = TrainTextSettings(epochs=30, seed=7, **SMALL)
    progress = Progress(lambda report: reached.append(report.step), lambda: reached[-1] >= 100)
    tasks.run("text.train", settings, {"text": [file]}, progress)


def finished_job() -> None:
    """A text that the engine wrote as a job."""
    from studio.engine import Engine
    from studio.text.settings import WriteSettings

    engine = Engine(warm=False)
    job = engine.submit("text.write", WriteSettings(preset="alice", prompt="The Queen", chars=50, seed=2), {})
    while not engine.job(job.id).finished:
        time.sleep(0.1)
    engine.close()


def pack(home: Path, target: Path) -> None:
    """All that tells of it later; caches, indexes, logs and locks are made anew."""
    kept = ("files", "jobs", "presets", "runs", "sources", "owners")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in sorted(home.rglob("*")):
            inside = path.relative_to(home)
            if path.is_file() and (inside.parts[0] in kept or inside.name == "version"):
                zipped.write(path, inside.as_posix())


if __name__ == "__main__":
    main(sys.argv[1])
