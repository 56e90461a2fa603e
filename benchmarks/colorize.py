"""Colorize: distance of the colors from a photo's own, changes of the lightness, and reach of color hints.

    python -m benchmarks.colorize PHOTOS [--json] [--network colors]
    python -m benchmarks.colorize PHOTOS --training-photos FOLDER

PHOTOS is a folder, tar, zip or npz of photos, of which the held-out part is measured; without it, sample
photos are used. The second command measures nothing: it copies the other photos of a folder, to train on. A
distance is that of a* and b*, averaged over the pixels of a photo, then over the photos, and given relative
to that of the gray photo. Changes of the lightness are in levels of gray, at the pixel that changed most. The
reach of a color hint is the share of the changes of a* and b* that lie on the object under the hint, for ten
strokes on sample photos. Times are for a separate photo; P is one forward and backward pass of VGG16 in the
same process.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.colorize_hints import HINTS, draw_layer, draw_object
from benchmarks.report import make_parser, measure_pass, measure_seconds, note, print_figures
from studio.colorize import colorizer, lab
from studio.colorize.learn.task import find_colorful
from studio.colorize.settings import VIVIDNESS
from studio.core import data
from studio.core.data.cache import ImageDataset
from studio.core.data.split import split_by_count
from studio.core.imaging import image_io, sample_photos
from studio.core.models import presets
from studio.core.training.batches import select_evenly_spaced

SIZE, HELD_OUT = 96, 0.03  # as of the training of the network that ships
VIVID = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def load_photos(path: str, max_count: int) -> list[np.ndarray]:
    """Returns held-out photos in color, `(H, W, 3) uint8`; sample photos without a path."""
    if not path:
        fitted = [image_io.fit(sample_photos.read_photo(name), 256) for name in sample_photos.list_photos()]
        return [photo for photo in fitted if find_colorful(photo[None])[0]][:max_count]
    dataset, held_out = find_held_out(path)
    return [np.array(dataset.images[row]) for row in select_evenly_spaced(held_out, max_count)]


def find_held_out(path: str) -> tuple[ImageDataset, np.ndarray]:
    """Returns a data set, and the rows of the photos that no shipped network was trained on."""
    dataset = data.load_dataset(data.store_reference(path), SIZE)
    colored = np.flatnonzero(find_colorful(dataset.images))
    return dataset, colored[split_by_count(len(colored), HELD_OUT)[1]]


def copy_training_photos(path: str, target: Path) -> int:
    """Copies the photos of a folder that are not held out to another folder. Returns their number."""
    dataset, held_out = find_held_out(path)
    names = np.delete(np.array(dataset.names), held_out)
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(Path(path) / name, target / name)
    return len(names)


def measure_colors(network: str, truths: Sequence[np.ndarray]) -> dict[str, object]:
    """Measures distances at each vividness, and of the best of four variants at the default one."""
    network_model, figures = colorizer.load_colorizer(presets.find(network)), {}
    grays = [image_io.to_gray(truth).repeat(3, axis=2) for truth in truths]

    true_colors = [lab.from_rgb(truth)[..., 1:] for truth in truths]

    def measure_distances(options: colorizer.Options) -> list[float]:
        colors = (lab.from_rgb(network_model.colorize(gray, options)[0])[..., 1:] for gray in grays)
        return [
            float(np.linalg.norm(a - b, axis=-1).mean()) for a, b in zip(colors, true_colors, strict=True)
        ]

    gray_distance = float(np.mean([np.linalg.norm(colors, axis=-1).mean() for colors in true_colors]))
    figures["photos"] = len(truths)
    figures["a*, b* of gray"] = gray_distance
    for vividness in sorted({*VIVID, VIVIDNESS}):
        note(f"vividness {vividness}")
        suffix = " (usual)" if vividness == VIVIDNESS else ""
        error = float(np.mean(measure_distances(colorizer.Options(vividness))))
        figures[f"vividness {vividness}{suffix}, times gray's"] = error / gray_distance
    note("variants")
    four = np.array([measure_distances(colorizer.Options(variant=n)) for n in range(4)])
    figures["the nearest of four colorings, times gray's"] = float(four.min(axis=0).mean()) / gray_distance
    figures["lightness moved, levels"] = max(measure_lightness_change(network_model, gray) for gray in grays)
    return figures


def measure_hints(network: str) -> dict[str, object]:
    """Measures which share of the changes by each color hint lies on its object."""
    network_model, shares = colorizer.load_colorizer(presets.find(network)), {}
    for name, hint in HINTS.items():
        note(f"hint {name}")
        photo = image_io.fit(sample_photos.read_photo(hint.photo), 512)
        plain, hinted = (
            lab.from_rgb(network_model.colorize(photo, colorizer.Options(color_hints=layer))[0])
            for layer in (None, draw_layer(hint, *photo.shape[:2]))
        )
        changes = np.linalg.norm(hinted[..., 1:] - plain[..., 1:], axis=-1)
        on_object = draw_object(hint, *photo.shape[:2])
        shares[f"hint {name}, share of the change on it"] = float(changes[on_object].sum() / changes.sum())
    return {**shares, "hints, mean share on the object": float(np.mean(list(shares.values())))}


def measure_lightness_change(network_model: Any, gray: np.ndarray) -> float:
    """Returns the largest change of a gray photo's lightness in its boldest colors, in levels of gray."""
    levels = np.arange(256, dtype="uint8")
    light = lab.lightness(levels[:, None].repeat(3, axis=1))
    result = lab.lightness(network_model.colorize(gray, colorizer.Options(1.0))[0])
    return float(np.abs(np.interp(result, light, levels) - gray[..., 0]).max())


def measure_times(network: str, side: int, repeats: int) -> dict[str, object]:
    """Measures the seconds to colorize a photo, warm, and as passes of VGG16."""
    photo = image_io.resize(sample_photos.read_photo("astronaut"), side, side)
    network_model = colorizer.load_colorizer(presets.find(network))
    seconds = measure_seconds(lambda: network_model.colorize(photo, colorizer.Options()), repeats)
    return {f"{side} px, s": seconds, f"P at {side} px": seconds / measure_pass(side)}


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--photos 1 --side 128 --repeats 1")
    parser.add_argument("data", nargs="?", default="", help="photos, like those of the training")
    parser.add_argument("--training-photos", type=Path, help="folder to copy the training photos to")
    parser.add_argument("--network", default="colorize", help="a preset's name")
    parser.add_argument("--photos", type=int, default=300, help="how many at most")
    parser.add_argument("--side", type=int, default=1024, help="of the photo that is timed")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args(argv)
    if args.training_photos:
        print_figures({"training photos": copy_training_photos(args.data, args.training_photos)}, args.json)
        return
    figures = measure_colors(args.network, load_photos(args.data, args.photos))
    figures |= measure_hints(args.network)
    note("times")
    figures |= measure_times(args.network, args.side, args.repeats)
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
