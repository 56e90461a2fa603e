"""Quality of style transfer: structure of the photo, style and colors of the painting. Lower is better.

    python -m benchmarks.looks [--json] [--modes fine] [--strengths 0.8] [--folder results]
    python -m benchmarks.looks --sheets --strengths 0.3 0.5 0.8 1 --size 320 --folder sheets
    python -m benchmarks.looks --blind --folder results

Structure: cosine distances between the features of all positions on a grid, each column divided by its sum;
the mean absolute difference from the photo's, divided by the same for the painting resized to the photo.
Style: `studio.style.nnst.measure`. Both: Kolkin et al. 2019, arXiv:1904.12785. Color: absolute differences of
mean and covariance. The first form compares with four results that a public script published in 2015. The
second renders twelve pairs, one contact sheet each (photo, painting, AdaIN, every strength), and counts the
steps of strength in which style gets closer and structure further. The third writes sheets for a blind
comparison, `pairNN.png`: photo and painting above, below fine and another result in random order, with the
key in `key.json`; the other is the published result or, without one, AdaIN. Results in the folder are reused.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.report import DATA, make_parser, note, print_figures
from studio.core.imaging import image_io, paintings, sample_photos
from studio.core.objectives import backbones
from studio.core.objectives.backbones import Backbone
from studio.style.nnst import measure
from studio.style.settings import TransferSettings
from studio.style.transfer import transfer

SIZES = (512, 256)  # px of the longer side
STRUCTURE_GRID = 16  # px of the image per position
PHOTOS = {"golden_gate": "golden_gate.jpg", "tubingen": "tubingen.jpg"}
PAINTINGS = {"starry": "starry_night_google.jpg", "scream": "the_scream.jpg"}
SET14 = {"comic": 5, "flowers": 7, "peppers": 12, "slide": 13}  # by number
PAIRS = (
    *(("astronaut", "starry"), ("chelsea", "brush_strokes"), ("camera", "scream")),  # portraits
    *(("golden_gate", "starry"), ("tubingen", "scream"), ("golden_gate", "wash")),  # landscapes
    *(("coffee", "starry"), ("peppers", "scream"), ("flowers", "stained_glass")),  # still lifes
    ("comic", "starry"),  # line art
    *(("slide", "scream"), ("rocket", "woodcut")),  # text
)


def load_photo(name: str) -> np.ndarray:
    """Loads a photo of the test data or of the studio, `(H, W, 3) uint8`."""
    if name in PHOTOS:
        return image_io.read(DATA / "images" / PHOTOS[name])
    if name not in SET14:
        return sample_photos.read_photo(name)
    with tarfile.open(DATA / "restore" / "set14.tar") as archive:
        return image_io.read(archive.extractfile(f"img_{SET14[name]:03}_SRF_4_HR.png").read())


def load_painting(name: str) -> np.ndarray:
    """Loads a painting of the test data or of the studio, `(H, W, 3) uint8`."""
    return (
        image_io.read(DATA / "images" / PAINTINGS[name])
        if name in PAINTINGS
        else paintings.read_painting(name)
    )


def measure_structure(
    backbone: Backbone, result: np.ndarray, content: np.ndarray, target: np.ndarray, size: int
) -> float:
    """Measures the change of the photo's feature self-similarity, relative to the painting's.

    Args:
        result, content, target: `(H, W, 3) uint8`; `target` is the painting.
        size: px of the longer side at which they are compared.
    """

    def compute_distances(image: np.ndarray) -> np.ndarray:
        resized = image_io.resize(image, *content.shape[:2])
        features = measure.extract_grid(backbone, resized, size, STRUCTURE_GRID)
        matrix = 1.0 - measure.cosine_similarity(features, features)
        return matrix / (matrix.sum(axis=0, keepdims=True) + 1e-8)

    reference = compute_distances(content)
    return float(
        np.abs(compute_distances(result) - reference).mean()
        / np.abs(compute_distances(target) - reference).mean()
    )


def measure_color(result: np.ndarray, target: np.ndarray) -> float:
    """Adds the mean absolute differences of mean and covariance of colors in [0, 1]."""
    colors = [image.reshape(-1, 3) / 255.0 for image in (result, target)]
    means, covariances = [pixels.mean(axis=0) for pixels in colors], [np.cov(pixels.T) for pixels in colors]
    return float(np.abs(means[0] - means[1]).mean() + np.abs(covariances[0] - covariances[1]).mean())


def format_row(backbone: Backbone, result: np.ndarray, content: np.ndarray, target: np.ndarray) -> str:
    """Formats structure, style and color as a row."""
    structures = [measure_structure(backbone, result, content, target, size) for size in SIZES]
    styles = [measure.measure_style_distance(backbone, result, target, size) for size in SIZES]
    texts = [" ".join(f"{value:.2f}" for value in values) for values in (structures, styles)]
    return f"structure {texts[0]}, style {texts[1]}, color {measure_color(result, target):.3f}"


def render(pair: tuple[str, str], settings: TransferSettings, folder: Path | None) -> np.ndarray:
    """Renders a result, `(H, W, 3) uint8`, or reads it from the folder."""
    name = f"{pair[0]}_{pair[1]}_{settings.mode}_{settings.size}_{settings.strength}.png"
    if folder and (folder / name).exists():
        return image_io.read(folder / name)
    note(name)
    image = transfer(load_photo(pair[0]), [load_painting(pair[1])], settings).image
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / name)
    return image


def compare(backbone: Backbone, args) -> Iterator[tuple[str, str]]:
    """Measures the published results and those of every mode and strength."""
    for pair in ((photo, painting) for photo in PHOTOS for painting in PAINTINGS):
        name, content, target = "_".join(pair), load_photo(pair[0]), load_painting(pair[1])
        published = image_io.read(DATA / "published" / f"{name}.png")
        yield f"{name}, published", format_row(backbone, published, content, target)
        for mode in args.modes:
            for strength in args.strengths:
                settings = TransferSettings(mode=mode, strength=strength, size=args.size)
                result = render(pair, settings, args.folder)
                yield f"{name}, {mode}, {strength}", format_row(backbone, result, content, target)


def write_sheets(backbone: Backbone, args) -> Iterator[tuple[str, str]]:
    """Renders and measures twelve pairs, and writes a contact sheet of each."""
    monotonic_steps = {"structure": 0, "style": 0}
    size = min(args.size, measure.COMPARED_SIZE)
    for pair in PAIRS:
        content, target = load_photo(pair[0]), load_painting(pair[1])
        adain = render(pair, TransferSettings(size=args.size), args.folder)
        settings_list = [
            TransferSettings(mode="fine", size=args.size, strength=strength) for strength in args.strengths
        ]
        results = [render(pair, settings, args.folder) for settings in settings_list]
        structures = [measure_structure(backbone, result, content, target, size) for result in results]
        styles = [measure.measure_style_distance(backbone, result, target, size) for result in results]
        monotonic_steps["structure"] += sum(low < high for low, high in pairwise(structures))
        monotonic_steps["style"] += sum(low > high for low, high in pairwise(styles))
        yield (
            "_".join(pair),
            " ".join(f"{first:.2f}/{second:.2f}" for first, second in zip(structures, styles, strict=True)),
        )
        if args.folder:
            tiles = [image_io.resize(image, *adain.shape[:2]) for image in (content, target, adain, *results)]
            Image.fromarray(np.hstack(tiles)).save(args.folder / f"sheet_{'_'.join(pair)}.png")
    steps = len(PAIRS) * (len(args.strengths) - 1)
    for name, count in monotonic_steps.items():
        yield f"{name}, steps in the right direction", f"{count} of {steps}"


def write_blind_sheets(backbone: Backbone, args) -> Iterator[tuple[str, str]]:
    """Writes a sheet and a line of the key for each published pair and each of the twelve."""
    rng, key = np.random.default_rng(), {}
    published = {path.stem: path for path in (DATA / "published").glob("*.png")}
    pairs = dict.fromkeys([*(tuple(name.rsplit("_", 1)) for name in sorted(published)), *PAIRS])
    for number, pair in enumerate(pairs, 1):
        name, content, target = "_".join(pair), load_photo(pair[0]), load_painting(pair[1])
        fine = render(pair, TransferSettings(mode="fine", size=args.size), args.folder)
        if name in published:
            other, rival = image_io.read(published[name]), "published"
        else:
            other, rival = render(pair, TransferSettings(size=args.size), args.folder), "AdaIN"
        order = [("fine", fine), (rival, other)]
        rng.shuffle(order)
        rows = ([content, target], [image for _, image in order])
        sheet = [np.hstack([image_io.resize(cell, *fine.shape[:2]) for cell in row]) for row in rows]
        Image.fromarray(np.vstack(sheet)).save(args.folder / f"pair{number:02}.png")
        key[f"pair{number:02}"] = {"pair": name, "left": order[0][0], "right": order[1][0]}
        (args.folder / "key.json").write_text(json.dumps(key, indent=1), "utf-8")
        yield f"pair{number:02}", name


def main() -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0])
    parser.add_argument("--modes", nargs="*", default=["fine"])
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.8])
    parser.add_argument("--size", type=int, default=512, help="px of the longer side")
    parser.add_argument("--sheets", action="store_true", help="twelve pairs instead of the published four")
    parser.add_argument("--blind", action="store_true", help="sheets for a blind choice; needs --folder")
    parser.add_argument("--folder", type=Path, help="where the results go, too")
    args = parser.parse_args()
    backbone = backbones.load("vgg16")
    measure_pairs = write_blind_sheets if args.blind else write_sheets if args.sheets else compare
    print_figures(dict(measure_pairs(backbone, args)), args.json)


if __name__ == "__main__":
    main()
