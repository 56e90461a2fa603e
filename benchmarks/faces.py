"""Faces: what a training step costs, how many faces a second, how soon one follows a slider.

    python -m benchmarks.faces [--json] [--preset faces-dcgan] [--train] [--seeds 5 DATA] [--judged]
        [--floor DATA] [--n 1000] [--size 64] [--channels 3]

`--train` compares a step of the DCGAN with its bare forward and backward passes; `--seeds` trains as many
short runs and tells how each ended, `--judged` with a second judge that sees what VGG16 sees; `--floor` is
the FID of real pictures against others of the same data: no model can be expected below. FID and KID of a
preset: `studio score PRESET DATA`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import numpy as np

from benchmarks.report import arguments, note, seconds, show

SHORT = {"steps": 600, "width": 16, "judge_width": 16, "size": 32, "test_every": 100, "scored": 0}


def drawing(name: str) -> dict[str, object]:
    """Faces a second in batches, and the milliseconds of one, all in this process."""
    from studio.core import tasks
    from studio.core.generators import latent
    from studio.core.models import presets

    note("drawing")
    preset = presets.find(name)
    generator = tasks.imported(tasks.get(preset.task).opens)(preset)
    many, one = (latent.draw(generator, n, seed=0) for n in (640, 1))
    return {
        f"{name}, faces a second": len(many) / seconds(lambda: generator.decode(many), times=3),
        f"{name}, one face, ms": 1000 * seconds(lambda: generator.decode(one), times=20, warm=3),
    }


def sliding(name: str) -> dict[str, object]:
    """Milliseconds from a slider's release to the picture, through the live lane of an engine."""
    from studio.engine import Engine
    from studio.faces.settings import FacesSettings

    note("sliding")
    engine = Engine()
    try:
        while engine.status() != "ready":
            time.sleep(0.1)
        times = []
        for n in range(12):
            settings = FacesSettings(preset=name, face=1, moves=(f"change-1={n / 10}",))
            began = time.perf_counter()
            engine.live("faces.draw", settings, {}, "benchmark")
            times.append(1000 * (time.perf_counter() - began))
    finally:
        engine.close()
    return {f"{name}, slider to picture, ms": statistics.median(times[3:])}


def learning() -> dict[str, object]:
    """A training step against its bare passes, in turns so that both meet the same load."""
    import keras

    from studio.dcgan import model, train
    from studio.dcgan.settings import TrainDcganSettings

    note("learning")
    settings = TrainDcganSettings()
    images = np.random.default_rng(0).integers(0, 256, (1024, 64, 64, 3)).astype("uint8")
    ours = train.Trainer(images, settings)
    bare = model.Gan(settings.model_copy(update={"shift": 0, "flip": False}))
    bare.compile(keras.optimizers.SGD(0.0))
    batch = images[: settings.batch]
    taken: dict[str, list[float]] = {"ours": [], "bare": [], "data": []}
    for n in range(24):
        taken["data"].append(seconds(lambda n=n: ours.batch(n), times=1, warm=0))
        taken["ours"].append(seconds(ours.advance, times=1, warm=0))
        ours.step += 1
        taken["bare"].append(seconds(lambda: bare.train_on_batch(batch), times=1, warm=0))
    middle = {name: statistics.median(times[4:]) for name, times in taken.items()}
    return {
        "a training step, times its bare passes": middle["ours"] / middle["bare"],
        "steps a second": 1 / middle["ours"],
        "share of a step that waits for data": middle["data"] / middle["ours"],
    }


def seeds(count: int, path: str, judged: bool = False) -> dict[str, object]:
    """How short trainings with different seeds end: rollbacks, and diversity against real pictures."""
    from studio.core import data
    from studio.core.generators.perceptual_judge import LAYERS
    from studio.core.objectives import backbones
    from studio.dcgan import train
    from studio.dcgan.settings import TrainDcganSettings

    images = data.pictures(data.reference(path), SHORT["size"]).images[:4000]
    found = {}
    see = backbones.vgg16_sight(LAYERS)[0] if judged else None
    for seed in range(count):
        note(f"seed {seed}")
        settings = TrainDcganSettings(**SHORT, seed=seed, perceptual_judge=float(judged))
        made = train.Trainer(images, settings, see=see).fit()
        various = made.curves.tests["diversity"][-1]
        found[f"seed {seed}"] = (
            f"{made.ended or 'whole'}, {made.rollbacks} rollbacks, diversity {various:.2f} of real pictures"
        )
        note(f"seed {seed}: {found[f'seed {seed}']}")  # each takes minutes, and may be the last
    return found


def floor(path: str, n: int, size: int, channels: int) -> dict[str, object]:
    """FID and KID of n real pictures against n others: no model can be expected below."""
    from studio.core import data
    from studio.core.metrics import scores

    note("floor")
    images = data.pictures(data.reference(path), size, channels).images
    rows = np.random.default_rng(0).permutation(len(images))[: 2 * n]
    first, second = np.array_split(scores.features(images[rows]), 2)
    told = f"{len(first):,} real pictures against {len(second):,} others, {size} px"
    return {
        f"FID of {told}": str(scores.fid(first, second)),
        f"KID of {told}": str(scores.kid(first, second)),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="--preset digits-vae --alone")
    parser.add_argument("--preset", default="", help="measure the drawing of a preset")
    parser.add_argument("--alone", action="store_true", help="without the live lane of an engine")
    parser.add_argument("--train", action="store_true", help="the speed of learning, too")
    parser.add_argument("--seeds", nargs=2, metavar=("N", "DATA"), help="short trainings with N seeds")
    parser.add_argument("--judged", action="store_true", help="with a second judge, for the seeds")
    parser.add_argument("--floor", metavar="DATA", help="FID of real pictures against others")
    parser.add_argument("--n", type=int, default=1000, help="of each, for the floor")
    parser.add_argument("--size", type=int, default=64, help="px, for the floor")
    parser.add_argument("--channels", type=int, choices=(1, 3), default=3, help="for the floor")
    chosen = parser.parse_args(argv)
    figures: dict[str, object] = {}
    if chosen.preset:
        figures |= drawing(chosen.preset)
    if chosen.preset and not chosen.alone:
        figures |= sliding(chosen.preset)
    if chosen.train:
        figures |= learning()
    if chosen.seeds:
        figures |= seeds(int(chosen.seeds[0]), chosen.seeds[1], chosen.judged)
    if chosen.floor:
        figures |= floor(chosen.floor, chosen.n, chosen.size, chosen.channels)
    show(figures or {"nothing": "asked; see --help"}, chosen.json)


if __name__ == "__main__":
    main()
