"""How much a result looks painted: structure of the photo, style and colors of the painting.

    python -m benchmarks.looks [--json] [--modes fine] [--strengths 0.8] [--folder results]

Structure: cosine distances between the features of all positions on a grid, each column divided by its sum;
the mean absolute difference from the photo's, divided by the same for the painting resized to the photo.
Style: relaxed earth mover's distance between the features of result and painting (Kolkin et al. 2019,
arXiv:1904.12785). Color: absolute differences of mean and covariance. Lower is better. The test data have
four results that a public script published in 2015.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.report import DATA, arguments, note, show
from studio.core.objectives import backbones
from studio.core.objectives.backbones import Backbone
from studio.core.pictures import images
from studio.style.nnst.features import extract
from studio.style.nnst.optimize import padded
from studio.style.settings import TransferSettings

SIZES = (512, 256)  # px of the longer side
STRUCTURE_GRID, STYLE_GRID = 16, 8  # px of the image per position
PHOTOS = {"golden_gate": "golden_gate.jpg", "tubingen": "tubingen.jpg"}
PAINTINGS = {"starry": "starry_night_google.jpg", "scream": "the_scream.jpg"}


def grid(backbone: Backbone, image: np.ndarray, size: int, stride: int) -> np.ndarray:
    """Features of `(H, W, 3) uint8` at a size, `(N, 2688) float32`: means over squares of `stride` px."""
    found = extract(backbone, padded(images.to_01(images.fit(image, size)))).astype("float32")
    side = stride // 4
    height, width = (length // side for length in found.shape[:2])
    cut = found[: height * side, : width * side]
    return cut.reshape(height, side, width, side, -1).mean(axis=(1, 3)).reshape(height * width, -1)


def similarity(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Cosine similarities of `(N, C)` and `(M, C)`."""
    units = [one / (np.linalg.norm(one, axis=1, keepdims=True) + 1e-8) for one in (first, second)]
    return units[0] @ units[1].T


def structure(backbone: Backbone, result: np.ndarray, photo: np.ndarray, painting: np.ndarray, size: int):
    """How far the self-similarity of the photo's features has changed; 1: as far as the painting's is."""

    def own(image: np.ndarray) -> np.ndarray:
        found = grid(backbone, images.resize(image, *photo.shape[:2]), size, STRUCTURE_GRID)
        distances = 1.0 - similarity(found, found)
        return distances / (distances.sum(axis=0, keepdims=True) + 1e-8)

    wanted = own(photo)
    return float(np.abs(own(result) - wanted).mean() / np.abs(own(painting) - wanted).mean())


def style(backbone: Backbone, result: np.ndarray, painting: np.ndarray, size: int) -> float:
    """The larger of the mean centered cosine distances to the nearest, in both directions."""
    centered = [
        found - found.mean(axis=0)
        for found in (grid(backbone, one, size, STYLE_GRID) for one in (result, painting))
    ]
    distances = 1.0 - similarity(*centered)
    return float(max(distances.min(axis=1).mean(), distances.min(axis=0).mean()))


def color(result: np.ndarray, painting: np.ndarray) -> float:
    """Mean absolute differences of mean and covariance of colors in [0, 1], added."""
    found = [one.reshape(-1, 3) / 255.0 for one in (result, painting)]
    means, covariances = [one.mean(axis=0) for one in found], [np.cov(one.T) for one in found]
    return float(np.abs(means[0] - means[1]).mean() + np.abs(covariances[0] - covariances[1]).mean())


def measured(backbone: Backbone, result: np.ndarray, photo: np.ndarray, painting: np.ndarray) -> str:
    """Structure, style and color as a row."""
    structures = [structure(backbone, result, photo, painting, size) for size in SIZES]
    styles = [style(backbone, result, painting, size) for size in SIZES]
    rows = [" ".join(f"{one:.2f}" for one in values) for values in (structures, styles)]
    return f"structure {rows[0]}, style {rows[1]}, color {color(result, painting):.3f}"


def main() -> None:
    """Measures and prints."""
    from studio.style.transfer import transfer

    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--modes", nargs="*", default=["fine"])
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.8])
    parser.add_argument("--folder", type=Path, help="where the results go, too")
    chosen = parser.parse_args()
    backbone, figures = backbones.load("vgg16"), {}
    for photo_name, photo_file in PHOTOS.items():
        for painting_name, painting_file in PAINTINGS.items():
            pair = f"{photo_name}_{painting_name}"
            photo, painting = (images.read(DATA / "images" / one) for one in (photo_file, painting_file))
            published = images.read(DATA / "published" / f"{pair}.png")
            figures[f"{pair}, published"] = measured(backbone, published, photo, painting)
            for mode in chosen.modes:
                for strength in chosen.strengths:
                    note(f"{pair}, {mode}, {strength}")
                    settings = TransferSettings(mode=mode, strength=strength)
                    result = transfer(photo, [painting], settings).image
                    figures[f"{pair}, {mode}, {strength}"] = measured(backbone, result, photo, painting)
                    if chosen.folder:
                        chosen.folder.mkdir(parents=True, exist_ok=True)
                        Image.fromarray(result).save(chosen.folder / f"{pair}_{mode}_{strength}.png")
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
