"""Enhance: quality on standard test images, and speed, of upscaling and denoising.

    python -m benchmarks.enhance [--json] [--network enlarge] [--cleaner clean] [--ensemble]
        [--cleaned bsds400 --most 40]

PSNR, SSIM and LPIPS are of lightness, the Y of MATLAB's `rgb2ycbcr`, without a border of `scale` px; images
are downscaled by an antialiasing bicubic kernel. Denoising is tested on gray images with Gaussian noise,
neither rounded nor clipped, as is usual, or saved by Pillow as JPEG; the network gets the strength of the
damage. Without the test data of STUDIO_TEST_DATA, sample photos are used. Times are ratios to bicubic
upscaling by Pillow and to P, one forward and backward pass of VGG16, in the same process.
"""

from __future__ import annotations

import io
import itertools
import tarfile
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from benchmarks.report import DATA, make_parser, measure_pass, measure_seconds, note, print_figures
from studio.core.imaging import image_io, sample_photos
from studio.core.metrics import lpips
from studio.core.models import presets
from studio.enhance import bicubic, clean, enlarge
from studio.enhance.damage import Damage
from studio.enhance.planes import to_planes
from studio.enhance.psnr import psnr

SETS = ("set5", "set14")
GRAY = ("set12", "bsds400")
NOISES, QUALITIES = (15, 25, 50), (10, 20, 30)


def load_images(name: str) -> Iterator[np.ndarray]:
    """Yields the images of a set, `(H, W, 3) uint8`, gray ones `(H, W)`; sample photos without the data."""
    path = DATA / "restore" / f"{name}.tar"
    if not path.is_file():
        yield from map(sample_photos.read_photo, list(sample_photos.list_photos())[:3])
        return
    with tarfile.open(path) as archive:
        for member in archive:
            with Image.open(io.BytesIO(archive.extractfile(member).read())) as image:
                yield np.asarray(image if image.mode == "L" else image.convert("RGB"))


def compute_lightness(image: np.ndarray, scale: int) -> np.ndarray:
    """Returns Y of MATLAB's `rgb2ycbcr`, 16 to 235, cropped to multiples of the scale.

    Args:
        image: `(H, W, 3) uint8`; a gray one, `(H, W)`, is used as it is, 0 to 255.

    Returns:
        `(h, w) float32`, integers.
    """
    height, width = (side // scale * scale for side in image.shape[:2])
    if image.ndim == 2:
        return image[:height, :width].astype("float32")
    weights = np.array([65.481, 128.553, 24.966]) / 255
    return np.rint(16 + image[:height, :width].astype("float64") @ weights).astype("float32")


def compute_ssim(truth: np.ndarray, result: np.ndarray, border: int) -> float:
    """Computes SSIM like Wang et al. 2004: windows of 11 px, a Gaussian of 1.5 px."""
    from skimage.metrics import structural_similarity

    rows, columns = (slice(border, side - border) for side in truth.shape)
    result = np.clip(np.rint(result), 0, 255)
    return float(
        structural_similarity(
            truth[rows, columns].astype("float64"),
            result[rows, columns].astype("float64"),
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def compute_lpips(truth: np.ndarray, result: np.ndarray, border: int) -> float:
    """Computes LPIPS of two lightness images, as gray images; lower is more similar."""
    rows, columns = (slice(border, side - border) for side in truth.shape)
    crops = (np.clip(np.rint(image[rows, columns]), 0, 255) / 255 for image in (truth, result))
    images = (np.repeat(crop[None, ..., None], 3, axis=-1).astype("float32") for crop in crops)
    return lpips.compute_distance(*images)


def compare(truth: np.ndarray, results: Sequence[np.ndarray], border: int) -> list[float]:
    """Returns PSNR, then SSIM, then LPIPS of each result, `(H, W) float32` in levels."""
    metrics = (psnr, compute_ssim, compute_lpips)
    return [metric(truth, result, border) for metric in metrics for result in results]


def format_means(name: str, other: str, rows: Sequence[Sequence[float]]) -> dict[str, object]:
    """Formats the means of rows of `compare`, each with that of the other result in parentheses."""
    means = np.mean(rows, axis=0)
    labels = (("dB", 2), ("SSIM", 4), ("LPIPS", 4))
    return {
        f"{name}, {label} ({other})": f"{first:.{digits}f} ({second:.{digits}f})"
        for (label, digits), first, second in zip(labels, means[::2], means[1::2], strict=True)
    }


def measure_upscaling(
    network: str, ensemble: bool, sets: Sequence[str], scales: Sequence[int], max_images: int | None = None
) -> dict[str, object]:
    """Measures PSNR, SSIM and LPIPS of a network and of bicubic upscaling, means over each set."""
    enlarger, figures = enlarge.load_enlarger(presets.find(network)), {}
    for name in sets:
        images = list(itertools.islice(load_images(name), max_images))
        for scale in scales:
            note(f"{name} x{scale}")
            rows = []
            for image in images:
                truth = compute_lightness(image, scale)
                small = np.clip(np.rint(bicubic.shrink(truth, scale)), 0, 255)
                plain = bicubic.enlarge(small, scale)
                options = enlarge.Options(scale, ensemble=ensemble)
                black, levels = (0, 255) if image.ndim == 2 else (16, 219)
                result = plain + levels * enlarger.predict_residual((small - black) / levels, options)
                rows.append(compare(truth, (result, plain), scale))
            figures |= format_means(f"{name} x{scale}", "bicubic", rows)
    return figures


def measure_cleaning(
    cleaner: str, ensemble: bool, gray: str = GRAY[0], max_images: int | None = None
) -> dict[str, object]:
    """Measures PSNR, SSIM and LPIPS of gray images before and after cleaning, means over the set."""
    network, figures = clean.load_cleaner(presets.find(cleaner)), {}
    images = [to_gray(image) for image in itertools.islice(load_images(gray), max_images)]
    images = [image[: len(image) // 2 * 2, : image.shape[1] // 2 * 2] for image in images]
    damages = [(f"noise {level}", Damage(light=level)) for level in NOISES]
    damages += [(f"JPEG {quality}", Damage(quality=quality)) for quality in QUALITIES]
    for name, damage in damages:
        note(f"{gray} {name}")
        rows = []
        for n, image in enumerate(images):
            noisy = damage_image(image, damage, n)
            noisy_planes = to_planes(np.repeat(noisy[..., None], 3, axis=2) / 255)
            restored = (
                noisy
                + 255
                * network.predict_residual(noisy_planes, clean.Options(damage, ensemble=ensemble))[..., 0]
            )
            truth = image.astype("float32")
            rows.append(compare(truth, (restored, noisy), 0))
        figures |= format_means(f"{gray} {name}", "before", rows)
    return figures


def to_gray(image: np.ndarray) -> np.ndarray:
    """Converts `(H, W, 3) uint8` to lightness, `(H, W) uint8`; gray images are unchanged."""
    return image if image.ndim == 2 else image_io.to_gray(image)[..., 0]


def damage_image(image: np.ndarray, damage: Damage, seed: int) -> np.ndarray:
    """Damages a gray image, `(H, W) uint8`, by noise or JPEG: `(H, W) float32`, levels."""
    if damage.light:
        noise = np.random.default_rng(seed).standard_normal(image.shape, "float32")
        return image + np.float32(damage.light) * noise
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=int(damage.quality))
    with Image.open(buffer) as read:
        return np.asarray(read, "float32")


def measure_times(network: str, cleaner: str, side: int, repeats: int) -> dict[str, object]:
    """Measures the seconds to upscale and to clean a photo, warm, and their ratios to others."""
    photo = image_io.resize(sample_photos.read_photo("astronaut"), side, side)
    network_clean, options = clean.load_cleaner(presets.find(cleaner)), clean.Options(Damage(10, 10, 50))
    cleaned = measure_seconds(lambda: network_clean.clean(photo, options), repeats)
    enlarger, image = enlarge.load_enlarger(presets.find(network)), Image.fromarray(photo)
    own_seconds = measure_seconds(lambda: enlarger.enlarge(photo, enlarge.Options(2)), repeats)
    plain = measure_seconds(lambda: image.resize((2 * side, 2 * side), Image.Resampling.BICUBIC), repeats)
    eight = measure_seconds(lambda: enlarger.enlarge(photo, enlarge.Options(2, ensemble=True)), 1)
    return {
        f"{side} px x2, s": own_seconds,
        "times bicubic by Pillow": own_seconds / plain,
        f"P at {side} px": own_seconds / measure_pass(side),
        "looking in eight ways, times as long": eight / own_seconds,
        f"{side} px cleaned, s": cleaned,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = make_parser(
        __doc__.splitlines()[0], quick="--sets set5 --scales 2 --side 128 --repeats 1 --most 1"
    )
    parser.add_argument("--network", default="enlarge", help="a preset's name")
    parser.add_argument("--cleaner", default="clean", help="a preset's name")
    parser.add_argument("--cleaned", default=GRAY[0], choices=GRAY, help="the set that is cleaned, made gray")
    parser.add_argument("--most", type=int, help="images of each set; all by default")
    parser.add_argument("--ensemble", action="store_true", help="look at each image in eight ways")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--scales", nargs="+", type=int, default=(2, 3, 4))
    parser.add_argument("--side", type=int, default=512, help="of the photo that is timed")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args(argv)
    figures = measure_upscaling(args.network, args.ensemble, args.sets, args.scales, args.most)
    figures |= measure_cleaning(args.cleaner, args.ensemble, args.cleaned, args.most)
    note("times")
    figures |= measure_times(args.network, args.cleaner, args.side, args.repeats)
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
