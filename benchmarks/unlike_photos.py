"""Which photos Faces warns of: few of faces should be among them, and nearly all others.

    python -m benchmarks.unlike_photos [--json] [--most 300] [--preset faces-vae]

The photos are those of STUDIO_TEST_DATA: faces of Caltech 101 and of UTKFace (from which the model learned)
with a margin around them, other classes of Caltech 101, and flowers. Without these data, sample photos.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import ROOT, arguments, show
from studio.core.pictures import images, sample_photos
from studio.faces import draw, models
from studio.faces.settings import FacesSettings

MARGIN = 16  # px around a face of UTKFace, whose photos end at the chin


def photos(archive: str, most: int, wanted: Callable[[str], bool]) -> list[np.ndarray]:
    """Photos of an archive, at random but always the same; `wanted` says by its name whether one counts."""
    data = Path(os.environ.get("STUDIO_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (data / archive).is_file():
        return [sample_photos.photo(name) for name in sample_photos.photos()]
    with tarfile.open(data / archive) as packed:
        members = [one for one in packed.getmembers() if one.isfile() and wanted(one.name)]
        places = np.random.default_rng(1).permutation(len(members))[:most]
        return [images.read(packed.extractfile(members[place]).read()) for place in places]


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(__doc__.splitlines()[0], quick="--most 3")
    parser.add_argument("--most", type=int, default=300, help="photos of each kind")
    parser.add_argument("--preset", default="faces-vae")
    chosen = parser.parse_args(argv)
    settings = FacesSettings(preset=chosen.preset)
    generator = models.generator(settings, {})
    around = ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))
    faces = photos("utkface64_20000.tar", chosen.most, lambda name: True)
    kinds = {
        "faces of Caltech 101": photos("caltech101_96.tar", chosen.most, lambda name: "Faces" in name),
        "faces of UTKFace": [np.pad(face, around, "edge") for face in faces],
        "others of Caltech 101": photos("caltech101_96.tar", chosen.most, lambda name: "Faces" not in name),
        "flowers": photos("flowers5_3000.tar", chosen.most, lambda name: True),
    }
    figures: dict[str, object] = {}
    for kind, some in kinds.items():
        warned = [bool(draw.photo_note(generator, settings, photo)) for photo in some]
        figures[f"warned of, {kind}"] = f"{np.mean(warned):.3f} (n = {len(warned)})"
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
