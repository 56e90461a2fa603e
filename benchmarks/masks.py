"""Masks: agreement of the person mask with outlines drawn by hand, and processor time of each selection.

    python -m benchmarks.masks [--json]

Agreement is the intersection over union of two sample photos, at a probability of one half; what the person
holds counts as the person, a tripod does not. Times are processor time for a photo of 512 px, warm.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.report import make_parser, measure_seconds, print_figures
from studio.core.imaging import sample_photos
from studio.core.masks.selection import select
from studio.core.masks.settings import SELECTIONS

# x,y in px of each corner of the outline of the person in a photo of 512 px.
OUTLINES = {
    "astronaut": (
        "29,512 23,478 23,422 19,399 26,347 33,305 45,272 61,246 84,230 113,208 114,188 123,183 "
        "127,169 141,157 162,149 185,150 182,134 176,126 162,110 154,75 159,56 173,42 190,33 211,19 "
        "234,15 263,23 286,40 298,61 301,87 295,113 281,129 270,137 263,150 259,171 272,181 291,202 "
        "302,230 306,241 324,248 345,267 354,300 363,333 361,349 389,345 417,346 450,361 474,384 "
        "490,413 497,450 509,464 512,469 512,512"
    ),
    "camera": (
        "0,258 16,234 33,216 52,183 66,155 84,136 108,127 129,126 141,113 159,105 162,89 173,75 "
        "192,66 220,66 244,75 260,94 271,117 267,134 256,141 257,155 255,171 246,174 244,188 240,195 "
        "242,225 247,246 263,230 265,211 274,202 274,188 263,176 261,155 257,145 263,140 324,139 "
        "324,155 319,171 330,173 331,185 324,206 319,220 305,225 298,230 300,258 304,272 288,286 "
        "272,300 246,313 225,305 206,294 188,324 164,354 141,382 149,417 151,469 151,512 141,512 "
        "131,492 99,448 94,497 91,512 0,512"
    ),
}


def draw_outline(text: str, height: int, width: int) -> np.ndarray:
    """Returns the area inside an outline, `(height, width) bool`."""
    corners = [tuple(map(int, corner.split(","))) for corner in text.split()]
    image = Image.new("L", (width, height))
    ImageDraw.Draw(image).polygon(corners, fill=255)
    return np.asarray(image) > 0


def measure_agreement(name: str) -> float:
    """Returns the intersection over union of the person mask of a photo and its outline, 0 to 1."""
    photo = sample_photos.read_photo(name)
    person, outlined = select(photo, "person") > 0.5, draw_outline(OUTLINES[name], *photo.shape[:2])
    return float((person & outlined).sum() / (person | outlined).sum())


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--repeats 1")
    parser.add_argument("--repeats", type=int, default=50)
    args = parser.parse_args(argv)
    figures: dict[str, object] = {f"{name}, IoU": measure_agreement(name) for name in OUTLINES}
    photo = sample_photos.read_photo("astronaut")
    figures |= {
        f"{what}, s": measure_seconds(partial(select, photo, what), args.repeats, clock=time.process_time)
        for what in SELECTIONS
    }
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
