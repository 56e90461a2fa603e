"""Mean average precision of multi-label classifiers, on squares of four real photos.

    python -m benchmarks.multi_label --photos caltech101_96.tar

Any number of the photos in a square, from none to three, show an object of one of eight classes; the others
are of the class BACKGROUND_Google. No photo of an object is in two squares, or test images would contain
training images. Prints the metrics on the test split (30%) and the seconds of a run, as means over seeds.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from PIL import Image

from benchmarks.report import DATA, make_parser, note, print_figures
from studio.classify.settings import Backbone, TrainClassifierSettings
from studio.core import data, tasks

PHOTOS = DATA / "caltech101_96.tar"  # of 96 x 96 px, named like `watch__image_0001.jpg`
CLASSES = ("airplanes", "bonsai", "butterfly", "chandelier", "hawksbill", "ketch", "sunflower", "watch")
_BACKGROUND = "BACKGROUND_Google"
_LABEL_COUNTS = (0.15, 0.35, 0.35, 0.15)  # probabilities of 0, 1, 2 and 3 labels
_METRICS = ("mean_average_precision", "f1_macro", "f1_micro", "seconds")


def compose(folder: Path, photos: Path, count: int, classes: Sequence[str] = CLASSES, seed: int = 0) -> Path:
    """Writes `count` JPEGs of 192 x 192 px and their `labels.csv` to a new folder."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    rows = ["name,labels"]
    with tarfile.open(photos) as file:
        names = sorted(file.getnames())
        stacks = {
            name: list(rng.permutation([member for member in names if member.startswith(f"{name}__")]))
            for name in (*classes, _BACKGROUND)
        }
        for n in range(count):
            label_count = rng.choice(len(_LABEL_COUNTS), p=_LABEL_COUNTS)
            labels = sorted(rng.choice(list(classes), label_count, replace=False))
            cells = rng.permutation([*labels, *[_BACKGROUND] * (4 - label_count)])
            if len(stacks[_BACKGROUND]) < len(cells):  # photos without a label may be in several squares
                stacks[_BACKGROUND] = [name for name in names if name.startswith(_BACKGROUND)]
            tiles = [_read(file, stacks[name].pop()) for name in cells]
            square = np.concatenate([np.concatenate(tiles[:2], axis=1), np.concatenate(tiles[2:], axis=1)])
            Image.fromarray(square).save(folder / f"{n:04}.jpg", quality=92)
            rows.append(f"{n:04}.jpg,{' '.join(labels)}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


def _read(file: tarfile.TarFile, member: str) -> np.ndarray:
    body = file.extractfile(member)
    assert body is not None
    return np.asarray(Image.open(io.BytesIO(body.read())).convert("RGB"))


def main(argv: Sequence[str] | None = None) -> None:
    """Trains on each backbone with each seed."""
    parser = make_parser(__doc__ or "", quick="--images 40 --seeds 1 --backbones efficientnet-lite0")
    parser.add_argument("--photos", type=Path, default=PHOTOS)
    parser.add_argument("--images", type=int, default=300, help="more would need more photos of a class")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--backbones", nargs="+", choices=get_args(Backbone), default=get_args(Backbone))
    parser.add_argument("--finetune", action="store_true", help="fine-tune the last block")
    args = parser.parse_args(argv)
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        for backbone in args.backbones:
            results = []
            for seed in range(args.seeds):
                note(f"{backbone}, seed {seed}")
                path = compose(Path(folder) / f"{backbone}-{seed}", args.photos, args.images, seed=seed)
                settings = TrainClassifierSettings(
                    backbone=backbone, size=192, seed=seed, finetune=args.finetune
                )
                run = tasks.run("classify.train", settings, {"data": [data.store_reference(str(path))]})
                results.append([run.figures[name] for name in _METRICS])
            means = np.mean(results, axis=0)
            figures |= {f"{backbone} {name}": float(mean) for name, mean in zip(_METRICS, means, strict=True)}
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
