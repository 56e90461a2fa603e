"""House styles: time in passes of VGG16, steadiness, memory, a cold start.

    python -m benchmarks.house [--json] [--network house]

P is the median time of one forward and backward pass of VGG16 up to block5_conv1 at 512 px, in the same
process.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import (
    make_parser,
    measure_pass,
    measure_seconds,
    note,
    print_figures,
    print_peak,
    run_fresh,
)
from studio.core.imaging import image_io, sample_photos
from studio.core.models import presets
from studio.core.process import children
from studio.style.house import known_styles, paint
from studio.style.settings import TransferSettings
from studio.style.transfer import transfer

SIZE = 512
SHIFT = 3  # px


def load_photos() -> list[np.ndarray]:
    """Returns photos of scikit-image and scikit-learn, which no shipped network was trained on."""
    from sklearn.datasets import load_sample_images

    return [*map(sample_photos.read_photo, sample_photos.list_photos()), *load_sample_images().images]


def make_settings(network: str, size: int) -> TransferSettings:
    """Returns the settings of a transfer, `size` px wide, in the first style of a network."""
    return TransferSettings(house=(known_styles.list_styles(network)[0],), network=network, size=size)


def measure_unsteadiness(network: str, size: int = SIZE) -> float:
    """Measures the mean difference, 0 to 255, of results for a photo and for one moved by SHIFT px."""
    network_model = paint.load_network(presets.find(network))
    photo = image_io.to_01(image_io.fit(load_photos()[0], size))
    differences = []
    for index in range(len(network_model.styles)):
        still = network_model.paint(photo[:, :-SHIFT, :-SHIFT], [index], [1.0])
        moved = network_model.paint(photo[:, SHIFT:, SHIFT:], [index], [1.0])
        differences.append(np.abs(still[:, SHIFT:, SHIFT:] - moved[:, :-SHIFT, :-SHIFT]).mean() * 255)
    return float(np.mean(differences))


def measure_cold_start(network: str) -> float:
    """Returns the seconds from the start of a fresh process to the saved image."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "out.png")
        style = f"house:{known_styles.list_styles(network)[0]}"
        arguments = ["studio", "style", "sample:coffee", style, "--network", network, "-o", out, "--quiet"]
        began = time.perf_counter()
        subprocess.run(
            children.build_command("-m", *arguments),
            check=True,
            env=children.build_environment(TF_CPP_MIN_LOG_LEVEL="3"),
        )
        return time.perf_counter() - began


def report_peak(network: str, width: int) -> None:
    """Stylizes a photo `width` px wide, of 16:9, and prints the peak memory of this process in GiB."""
    photo = image_io.resize(load_photos()[2], width * 9 // 16, width)
    transfer(photo, settings=make_settings(network, width))
    print_peak()


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(__doc__.splitlines()[0], quick="--size 128 --wide 256")
    parser.add_argument("--network", default=known_styles.SHIPPED_NETWORK, help="a network of styles")
    parser.add_argument("--size", type=int, default=SIZE, help="px")
    parser.add_argument("--wide", type=int, default=1920, help="px, of the photo that takes the most memory")
    args = parser.parse_args(argv)
    side = args.size
    settings, photo = make_settings(args.network, side), load_photos()[0]
    figures: dict[str, object] = {f"P at {side} px, s": (p := measure_pass(side))}
    figures[f"{side} px, in P"] = measure_seconds(lambda: transfer(photo, settings=settings)) / p
    figures[f"moved by {SHIFT} px, levels of 255"] = measure_unsteadiness(args.network, side)
    note("a cold start, and memory")
    figures["cold start, s"] = measure_cold_start(args.network)
    figures[f"{args.wide} x {args.wide * 9 // 16} px, GiB"] = run_fresh(
        f"from benchmarks import house; house.report_peak({args.network!r}, {args.wide})"
    )
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
