"""How long the usual way takes to look as painted as the published pictures, beside the studio's modes.

    python -m benchmarks.style_race [--json] [--pairs golden_gate/starry] [--passes 300] [--modes draft fine]

The usual way descends style, content and smoothness at full size alone, from the photo, in pixels: by L-BFGS
(Gatys et al. 2015, arXiv:1508.06576) and by Adam (Kingma and Ba 2014, arXiv:1412.6980), at the first
objective of the studio and at strength .95, at which it comes near the published pictures. Pictures are
measured as in `benchmarks.looks`: style and content are means over 512, 256, 128 and 64 px of how many times
those of the published picture they are. P is as in `benchmarks.style`.
"""

from __future__ import annotations

import time

import numpy as np

from benchmarks import looks
from benchmarks.report import arguments, note, show
from benchmarks.style import one_pass
from benchmarks.style_starts import Race
from studio.core.objectives import backbones
from studio.core.pictures import images
from studio.style.settings import TransferSettings

MARKS = (20, 30, 40, 60, 80, 120, 160, 200, 250, 300, 400, 600)  # passes after which a picture is measured
STRENGTH = 0.95  # of the usual way


class Course:
    """One published picture to come up to.

    Attributes:
        photo, painting: `(H, W, 3) uint8`.
    """

    def __init__(self, pair: str):
        self.photo, self.painting, published = looks.opened(*pair.split("/"))
        self._judge = looks.Judge(backbones.load("vgg16"), self.photo, self.painting)
        self._theirs = self._judge(published)

    def measured(self, picture: np.ndarray) -> tuple[float, float]:
        """Style and content of `(H, W, 3) uint8`, as times the published picture's."""
        ours = self._judge(picture)
        return (
            float(np.mean(np.divide(ours.style, self._theirs.style))),
            float(np.mean(np.divide(ours.content, self._theirs.content))),
        )

    def usual(self, way: str, passes: int) -> dict[str, str]:
        """What a way ("L-BFGS", "Adam") reaches, by the passes after which it was measured."""
        race = Race(looks.SIZES[0], passes, (self.photo, self.painting), STRENGTH)
        reached: dict[str, str] = {}
        began, looked = time.perf_counter(), 0.0

        def heard(done: int, picture_01: np.ndarray) -> None:
            nonlocal looked
            if done in MARKS:
                taken = time.perf_counter() - began - looked
                style, content = self.measured(images.to_uint8(picture_01))
                reached[f"{way}, {done} passes"] = told = f"{style:.2f}, {content:.2f}, {taken:.0f} s"
                note(f"{way}, {done} passes: {told}")
                looked = time.perf_counter() - began - taken

        photo_01 = race.scene.content_01(race.size)
        if way == "Adam":
            race.adam(photo_01, heard=heard)
        else:
            race.lbfgs(photo_01, heard=heard)
        return reached

    def mode(self, mode: str, strength: float, painter: int) -> str:
        """What one of the studio's modes reaches, and its seconds in a warm process."""
        made, taken = looks.painted(self.photo, self.painting, mode, strength, painter)
        style, content = self.measured(made)
        return f"{style:.2f}, {content:.2f}, {taken:.0f} s"


def main() -> None:
    """Runs all ways to all published pictures, and prints what each reached."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--pairs", nargs="*", default=["/".join(pair) for pair in looks.pairs()])
    parser.add_argument("--ways", nargs="*", default=["L-BFGS", "Adam"])
    parser.add_argument("--passes", type=int, default=300, help="of each usual way, at most")
    parser.add_argument("--modes", nargs="*", default=["draft", "fine"])
    parser.add_argument("--strength", type=float, default=0.8, help="of the modes")
    parser.add_argument("--painter", type=int, default=TransferSettings().painter, help="of the modes")
    chosen = parser.parse_args()
    figures: dict[str, object] = {"P, s": one_pass(looks.SIZES[0])}
    for pair in chosen.pairs:
        course = Course(pair)
        for mode in chosen.modes:
            figures[f"{pair}: {mode}"] = told = course.mode(mode, chosen.strength, chosen.painter)
            note(f"{pair}, {mode}: {told}")
        for way in chosen.ways:
            found = course.usual(way, chosen.passes)
            figures |= {f"{pair}: {name}": told for name, told in found.items()}
    figures["P at the end, s"] = one_pass(looks.SIZES[0])
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
