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

from benchmarks.report import arguments, fresh, note, one_pass, print_peak, seconds, show
from studio.core.process import children

SIZE = 512
MOVED = 3  # px


def photos(count: int) -> list[np.ndarray]:
    """Returns photos of scikit-image and scikit-learn, which no shipped network was trained on."""
    from sklearn.datasets import load_sample_images

    from studio.core.imaging import sample_photos

    images = [
        sample_photos.read_photo(name) for name in sample_photos.list_photos()
    ] + load_sample_images().images
    return images[:count]


def unsteadiness(network: str, size: int = SIZE) -> float:
    """Measures the mean difference, 0 to 255, of results for a photo and for one moved by MOVED px."""
    from studio.core.imaging import image_io
    from studio.core.models import presets
    from studio.style.house import paint

    network_model = paint.open(presets.find(network))
    photo = image_io.to_01(image_io.fit(photos(1)[0], size))
    differences = []
    for place in range(len(network_model.styles)):
        still = network_model.paint(photo[:, :-MOVED, :-MOVED], [place], [1.0])
        moved = network_model.paint(photo[:, MOVED:, MOVED:], [place], [1.0])
        differences.append(np.abs(still[:, MOVED:, MOVED:] - moved[:, :-MOVED, :-MOVED]).mean() * 255)
    return float(np.mean(differences))


def cold(network: str) -> float:
    """Returns the seconds from the start of a fresh process to the saved image."""
    with tempfile.TemporaryDirectory() as place:
        out = str(Path(place) / "out.png")
        style = f"house:{_styles(network)[0]}"
        words = ["studio", "style", "sample:coffee", style, "--network", network, "-o", out, "--quiet"]
        began = time.perf_counter()
        subprocess.run(
            children.build_command("-m", *words),
            check=True,
            env=children.build_environment(TF_CPP_MIN_LOG_LEVEL="3"),
        )
        return time.perf_counter() - began


def peak(network: str) -> float:
    """Returns the peak memory in GiB of a fresh process that stylizes a photo of 1920 x 1080 px."""
    code = f"from benchmarks import house; house.report_peak({network!r})"
    return fresh(code)


def report_peak(network: str) -> None:
    """Stylizes a photo of 1920 x 1080 px and prints the peak memory of this process in GiB."""
    from studio.core.imaging import image_io
    from studio.style.transfer import transfer

    photo = image_io.resize(photos(3)[2], 1080, 1920)
    transfer(photo, settings=_transfer_settings(network, _styles(network)[0], 1920))
    print_peak()


def _styles(network: str) -> tuple[str, ...]:
    from studio.style.house import known_styles

    return known_styles.list_styles(network)


def _transfer_settings(network: str, style: str, size: int, **more):
    from studio.style.settings import TransferSettings

    return TransferSettings(house=(style,), network=network, size=size, **more)


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    from studio.style.house import known_styles
    from studio.style.transfer import transfer

    parser = arguments(__doc__.splitlines()[0], quick="--size 128")
    parser.add_argument(
        "--network", default=known_styles.SHIPPED, help="the network whose styles are measured"
    )
    parser.add_argument("--size", type=int, default=SIZE, help="px")
    args = parser.parse_args(argv)
    side = args.size
    settings, photo = _transfer_settings(args.network, _styles(args.network)[0], side), photos(1)[0]
    figures: dict[str, object] = {f"P at {side} px, s": (p := one_pass(side))}
    figures[f"{side} px, in P"] = seconds(lambda: transfer(photo, settings=settings)) / p
    figures[f"moved by {MOVED} px, levels of 255"] = unsteadiness(args.network, side)
    note("a cold start, and memory")
    figures["cold start, s"] = cold(args.network)
    figures["1920 x 1080 px, GiB"] = peak(args.network)
    show(figures, args.json)


if __name__ == "__main__":
    main()
