"""Enlarging and cleaning: how near to the truth on the field's test images, and how fast.

    python -m benchmarks.enhance [--json] [--network enlarge] [--cleaner clean] [--ensemble]
        [--cleaned bsds400 --most 40]

PSNR, SSIM and LPIPS are of lightness, the Y of MATLAB's `rgb2ycbcr`, without as many px at the borders as
the scale; images are shrunk by a bicubic kernel as many times wider. What is cleaned is gray: with Gaussian
noise, neither rounded nor clipped, as the field adds it, or saved by Pillow as JPEG; the network is told how
much. Without the test data of STUDIO_TEST_DATA, sample photos are taken. Times are ratios to a bicubic
enlargement by Pillow and to P, one forward and backward pass of VGG16, in the same process.
"""

from __future__ import annotations

import io
import itertools
import tarfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.report import DATA, arguments, note, one_pass, seconds, show
from studio.core.imaging import image_io

if TYPE_CHECKING:
    from studio.enhance.damage import Damage

SETS = ("set5", "set14")
GRAY = ("set12", "bsds400")
NOISES, QUALITIES = (15, 25, 50), (10, 20, 30)


def images_of(name: str) -> Iterator[np.ndarray]:
    """The images of a set, `(H, W, 3) uint8`, gray ones `(H, W)`; sample photos without the data."""
    from PIL import Image

    from studio.core.imaging import sample_photos

    path = DATA / "restore" / f"{name}.tar"
    if not path.is_file():
        yield from map(sample_photos.photo, list(sample_photos.photos())[:3])
        return
    with tarfile.open(path) as archive:
        for member in archive:
            with Image.open(io.BytesIO(archive.extractfile(member).read())) as image:
                yield np.asarray(image if image.mode == "L" else image.convert("RGB"))


def lightness(image: np.ndarray, scale: int) -> np.ndarray:
    """Y of MATLAB's `rgb2ycbcr`, of 16 to 235, cut to sides that are multiples of the scale.

    Args:
        image: `(H, W, 3) uint8`; a gray one, `(H, W)`, is its own lightness, by custom of 0 to 255.

    Returns:
        `(h, w) float32`, whole numbers.
    """
    height, width = (side // scale * scale for side in image.shape[:2])
    if image.ndim == 2:
        return image[:height, :width].astype("float32")
    weights = np.array([65.481, 128.553, 24.966]) / 255
    return np.rint(16 + image[:height, :width].astype("float64") @ weights).astype("float32")


def ssim(truth: np.ndarray, made: np.ndarray, border: int) -> float:
    """Structural similarity as Wang et al. 2004 measure it: windows of 11 px, a Gaussian of 1.5 px."""
    from skimage.metrics import structural_similarity

    rows, columns = (slice(border, side - border) for side in truth.shape)
    made = np.clip(np.rint(made), 0, 255)
    return float(
        structural_similarity(
            truth[rows, columns].astype("float64"),
            made[rows, columns].astype("float64"),
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def unlike(truth: np.ndarray, made: np.ndarray, border: int) -> float:
    """LPIPS of two images of lightness, as gray images: the less, the more alike to the eye."""
    from studio.core.metrics import lpips

    rows, columns = (slice(border, side - border) for side in truth.shape)
    both = (np.clip(np.rint(one[rows, columns]), 0, 255) / 255 for one in (truth, made))
    return lpips.distance(*(np.repeat(one[None, ..., None], 3, axis=-1).astype("float32") for one in both))


def nearness(
    network: str, ensemble: bool, sets: Sequence[str], scales: Sequence[int], most: int | None = None
) -> dict[str, object]:
    """PSNR, SSIM and LPIPS of a network and of bicubic enlarging, means over each set."""
    from studio.core.models import presets
    from studio.enhance import bicubic, enlarge
    from studio.enhance.psnr import psnr

    enlarger, figures = enlarge.open(presets.find(network)), {}
    for name in sets:
        images = list(itertools.islice(images_of(name), most))
        for scale in scales:
            note(f"{name} x{scale}")
            rows = []
            for image in images:
                truth = lightness(image, scale)
                small = np.clip(np.rint(bicubic.shrunken(truth, scale)), 0, 255)
                plain = bicubic.enlarged(small, scale)
                how = enlarge.How(scale, ensemble=ensemble)
                black, levels = (0, 255) if image.ndim == 2 else (16, 219)
                made = plain + levels * enlarger.lacks((small - black) / levels, how)
                rows.append([f(truth, one, scale) for f in (psnr, ssim, unlike) for one in (made, plain)])
            db, bicubic_db, similar, bicubic_ssim, apart, bicubic_apart = np.mean(rows, axis=0)
            figures[f"{name} x{scale}, dB (bicubic)"] = f"{db:.2f} ({bicubic_db:.2f})"
            figures[f"{name} x{scale}, SSIM (bicubic)"] = f"{similar:.4f} ({bicubic_ssim:.4f})"
            figures[f"{name} x{scale}, LPIPS (bicubic)"] = f"{apart:.4f} ({bicubic_apart:.4f})"
    return figures


def cleanness(
    cleaner: str, ensemble: bool, gray: str = GRAY[0], most: int | None = None
) -> dict[str, object]:
    """PSNR, SSIM and LPIPS of gray images before and after they were cleaned, means over the set."""
    from studio.core.models import presets
    from studio.enhance import clean
    from studio.enhance.damage import Damage
    from studio.enhance.planes import planes
    from studio.enhance.psnr import psnr

    opened, figures = clean.open(presets.find(cleaner)), {}
    images = [made_gray(image) for image in itertools.islice(images_of(gray), most)]
    images = [image[: len(image) // 2 * 2, : image.shape[1] // 2 * 2] for image in images]
    tried = [(f"noise {level}", Damage(light=level)) for level in NOISES]
    tried += [(f"JPEG {quality}", Damage(quality=quality)) for quality in QUALITIES]
    for name, damage in tried:
        note(f"{gray} {name}")
        rows = []
        for n, image in enumerate(images):
            seen = damaged(image, damage, n)
            shown = planes(np.repeat(seen[..., None], 3, axis=2) / 255)
            made = seen + 255 * opened.lacks(shown, clean.How(damage, ensemble=ensemble))[..., 0]
            truth = image.astype("float32")
            rows.append([f(truth, one, 0) for f in (psnr, ssim, unlike) for one in (made, seen)])
        db, before_db, similar, before_ssim, apart, before_apart = np.mean(rows, axis=0)
        figures[f"{gray} {name}, dB (before)"] = f"{db:.2f} ({before_db:.2f})"
        figures[f"{gray} {name}, SSIM (before)"] = f"{similar:.4f} ({before_ssim:.4f})"
        figures[f"{gray} {name}, LPIPS (before)"] = f"{apart:.4f} ({before_apart:.4f})"
    return figures


def made_gray(image: np.ndarray) -> np.ndarray:
    """`(H, W, 3) uint8` -> `(H, W) uint8`, lightness; a gray image stays as it is."""
    return image if image.ndim == 2 else image_io.gray(image)[..., 0]


def damaged(image: np.ndarray, damage: Damage, seed: int) -> np.ndarray:
    """A gray image, `(H, W) uint8`, with noise or out of a JPEG file: `(H, W) float32`, levels."""
    from PIL import Image

    if damage.light:
        noise = np.random.default_rng(seed).standard_normal(image.shape, "float32")
        return image + np.float32(damage.light) * noise
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=int(damage.quality))
    with Image.open(buffer) as read:
        return np.asarray(read, "float32")


def times(network: str, cleaner: str, side: int, repeats: int) -> dict[str, object]:
    """Seconds to double a photo's sides, and to clean it, warm, and how many times those of others."""
    from PIL import Image

    from studio.core.imaging import sample_photos
    from studio.core.models import presets
    from studio.enhance import clean, enlarge
    from studio.enhance.damage import Damage

    photo = image_io.resize(sample_photos.photo("astronaut"), side, side)
    opened, how = clean.open(presets.find(cleaner)), clean.How(Damage(10, 10, 50))
    cleaned = seconds(lambda: opened.clean(photo, how), repeats)
    enlarger, image = enlarge.open(presets.find(network)), Image.fromarray(photo)
    ours = seconds(lambda: enlarger.enlarge(photo, enlarge.How(2)), repeats)
    plain = seconds(lambda: image.resize((2 * side, 2 * side), Image.Resampling.BICUBIC), repeats)
    eight = seconds(lambda: enlarger.enlarge(photo, enlarge.How(2, ensemble=True)), 1)
    return {
        f"{side} px x2, s": ours,
        "times bicubic by Pillow": ours / plain,
        f"P at {side} px": ours / one_pass(side),
        "looking in eight ways, times as long": eight / ours,
        f"{side} px cleaned, s": cleaned,
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = arguments(
        __doc__.splitlines()[0], quick="--sets set5 --scales 2 --side 128 --repeats 1 --most 1"
    )
    parser.add_argument("--network", default="enlarge", help="a preset's name")
    parser.add_argument("--cleaner", default="clean", help="a preset's name")
    parser.add_argument("--cleaned", default=GRAY[0], choices=GRAY, help="the set that is cleaned, made gray")
    parser.add_argument("--most", type=int, help="images of each set; all if not said")
    parser.add_argument("--ensemble", action="store_true", help="look at each image in eight ways")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--scales", nargs="+", type=int, default=(2, 3, 4))
    parser.add_argument("--side", type=int, default=512, help="of the photo that is timed")
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args(argv)
    figures = nearness(chosen.network, chosen.ensemble, chosen.sets, chosen.scales, chosen.most)
    figures |= cleanness(chosen.cleaner, chosen.ensemble, chosen.cleaned, chosen.most)
    note("times")
    figures |= times(chosen.network, chosen.cleaner, chosen.side, chosen.repeats)
    show(figures, chosen.json)


if __name__ == "__main__":
    main()
