"""House styles: time in passes of VGG16, losses beside the fine mode's, steadiness, memory, a cold start.

    python -m benchmarks.house [--json] [--network house] [--photos 8] [--passes 40] [--strengths 0.8 0.5]

P is the median time of one forward and backward pass of VGG16 up to block5_conv1 at 512 px, in the same
process. Each photo is painted in one of the styles in turn, by the network and by so many passes of the first
painter towards the picture of that style; both are judged by what that painter descends at full size. Only at
the strength that the network learnt at were both made for the same objective.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import arguments, fresh, note, seconds, show, spread
from benchmarks.style import one_pass
from studio.core.process import children

SIZE = 512
MOVED = 3  # px
LOSSES = ("style", "content", "total")


def photos(count: int) -> list[np.ndarray]:
    """Photos that no network of ours was trained on: those that scikit-image and scikit-learn carry."""
    from sklearn.datasets import load_sample_images

    from studio.core.pictures import sample_photos

    found = [sample_photos.photo(name) for name in sample_photos.photos()] + load_sample_images().images
    return found[:count]


def judged(goal, backbone, painted: np.ndarray) -> dict[str, float]:
    """The losses of a painted picture, `(H, W, 3) uint8`, by name."""
    from studio.core.objectives.evaluate import Evaluator
    from studio.core.pictures import images
    from studio.style.optimise import objective

    return objective.named(goal, Evaluator(backbone, goal)(images.to_01(painted)))


def beside_the_fine_mode(
    network: str, count: int, passes: int, strength: float, size: int = SIZE
) -> list[dict[str, float]]:
    """For every photo: its losses by the network, as times those of the fine mode's first painter."""
    from studio.core.objectives import backbones
    from studio.core.pictures import paintings
    from studio.style.house import known_styles
    from studio.style.optimise import objective
    from studio.style.optimise.scene import Scene
    from studio.style.settings import TransferSettings
    from studio.style.transfer import transfer

    names = known_styles.styles(network)
    backbone = backbones.load("vgg16").averaged
    rows = []
    for n, photo in enumerate(photos(count)):
        name = names[n % len(names)]
        style = paintings.draw(name)
        stroke = SIZE / size  # strokes as large as those that the network learnt
        by_eye = TransferSettings(
            mode="fine", size=size, steps=passes, painter=1, strength=strength, stroke=stroke
        )
        goal = objective.objective(Scene(photo, [style], [], by_eye), backbone, size)
        fast = transfer(photo, settings=_asked(network, name, size, strength=1)).image
        slow = transfer(photo, [style], by_eye).image
        house, best = (judged(goal, backbone, one) for one in (fast, slow))
        row = {loss: house[loss] / best[loss] for loss in LOSSES}
        told = ", ".join(f"{loss} {house[loss]:.3f}, {times:.2f} x" for loss, times in row.items())
        note(f"strength {strength:g}, photo {n + 1}, {name}: {told}")
        rows.append(row)
    return rows


def unsteadiness(network: str, size: int = SIZE) -> float:
    """How far a photo moved by MOVED px is from the painting, moved back: mean of levels of 255."""
    from studio.core.models import presets
    from studio.core.pictures import images
    from studio.style.house import paint

    painter = paint.open(presets.find(network))
    photo = images.to_01(images.fit(photos(1)[0], size))
    found = []
    for place in range(len(painter.styles)):
        still = painter.paint(photo[:, :-MOVED, :-MOVED], [place], [1.0])
        moved = painter.paint(photo[:, MOVED:, MOVED:], [place], [1.0])
        found.append(np.abs(still[:, MOVED:, MOVED:] - moved[:, :-MOVED, :-MOVED]).mean() * 255)
    return float(np.mean(found))


def cold(network: str) -> float:
    """Seconds from the start of a fresh process to the saved picture."""
    with tempfile.TemporaryDirectory() as place:
        out = str(Path(place) / "out.png")
        style = f"house:{_styles(network)[0]}"
        words = ["studio", "style", "sample:coffee", style, "--network", network, "-o", out, "--quiet"]
        began = time.perf_counter()
        subprocess.run(
            children.command("-m", *words), check=True, env=children.environment(TF_CPP_MIN_LOG_LEVEL="3")
        )
        return time.perf_counter() - began


def peak(network: str) -> float:
    """Peak memory in GiB of a fresh process that paints a photo of 1920 x 1080 px."""
    code = f"from benchmarks import house; house.report_peak({network!r})"
    return fresh(code)


def report_peak(network: str) -> None:
    """Paints a photo of 1920 x 1080 px and prints the peak memory of this process in GiB."""
    from studio.core.pictures import images
    from studio.style.transfer import transfer

    photo = images.resize(photos(3)[2], 1080, 1920)
    transfer(photo, settings=_asked(network, _styles(network)[0], 1920))
    high = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    sys.stdout.write(json.dumps(int(high.split()[1]) / 2**20) + "\n")


def _styles(network: str) -> tuple[str, ...]:
    from studio.style.house import known_styles

    return known_styles.styles(network)


def _asked(network: str, style: str, size: int, **more):
    from studio.style.settings import TransferSettings

    return TransferSettings(house=(style,), network=network, size=size, **more)


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    from studio.style.house import known_styles
    from studio.style.transfer import transfer

    parser = arguments(__doc__.splitlines()[0], quick="--photos 1 --passes 2 --strengths 0.5 --size 128")
    parser.add_argument(
        "--network", default=known_styles.SHIPPED, help="the network whose styles are measured"
    )
    parser.add_argument("--size", type=int, default=SIZE, help="px")
    parser.add_argument("--photos", type=int, default=8, help="painted beside the fine mode")
    parser.add_argument("--passes", type=int, default=40, help="of the fine mode")
    parser.add_argument(
        "--strengths", type=float, nargs="+", default=[0.8, 0.5], help="at which the fine mode paints"
    )
    chosen = parser.parse_args(argv)
    side = chosen.size
    settings, photo = _asked(chosen.network, _styles(chosen.network)[0], side), photos(1)[0]
    figures: dict[str, object] = {f"P at {side} px, s": (p := one_pass(side))}
    figures[f"{side} px, in P"] = seconds(lambda: transfer(photo, settings=settings)) / p
    figures[f"moved by {MOVED} px, levels of 255"] = unsteadiness(chosen.network, side)
    note("a cold start, and memory")
    figures["cold start, s"] = cold(chosen.network)
    figures["1920 x 1080 px, GiB"] = peak(chosen.network)
    for strength in chosen.strengths if chosen.photos else ():
        rows = beside_the_fine_mode(chosen.network, chosen.photos, chosen.passes, strength, side)
        for loss in LOSSES:
            figures[f"{loss} at strength {strength:g}, times the fine mode's"] = spread(
                [row[loss] for row in rows]
            )
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
