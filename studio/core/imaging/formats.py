"""Which kinds of images are read, and which kind some bytes are."""

from __future__ import annotations

from importlib.util import find_spec

from studio.core.errors import InvalidInput, invalid

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")  # magic bytes decide, whatever the name says
HEIC = find_spec("pillow_heif") is not None  # what phones save, where its reader is installed
TAKEN = f"JPEG, PNG, WebP, AVIF, {'HEIC, ' if HEIC else ''}GIF, BMP or TIFF"
# By which files of these kinds are offered.
ENDINGS = (
    *(".jpg", ".jpeg", ".jfif", ".png", ".apng", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"),
    *((".heic", ".heif") if HEIC else ()),
)

# Known by their first bytes, so that the refusal can name them. HEIC and AVIF share a container.
_FOREIGN = {
    b"%PDF": "PDF",
    b"%!PS": "PostScript",
    b"<svg": "SVG",
    b"DDS ": "DDS",
    b"SIMPLE": "FITS",
    b"8BPS": "PSD",
    b"P6": "PPM",
}


def readers(data: bytes) -> tuple[str, ...]:
    """The kinds that Pillow may try."""
    if not (HEIC and _kind(data) == "HEIC"):
        return FORMATS
    import pillow_heif

    pillow_heif.register_heif_opener()
    return ("HEIF",)


def refusal(data: bytes, name: str) -> InvalidInput:
    """What is said of a file that is no image of a known kind, or a damaged one."""
    kind, step = _kind(data), "save it as JPEG or PNG"
    received = kind or "not an image of a known kind, or a damaged one"
    if kind == "HEIC" and HEIC:
        received = "a damaged or cut HEIC"
    elif kind in FORMATS:
        received = f"a damaged or cut {kind}"
    elif kind == "HEIC":
        step += ", or pip install pillow-heif, which reads it"
    return invalid(name, expected=f"a {TAKEN} file", received=received, next_step=step)


def _kind(data: bytes) -> str:
    """What kind of foreign file it seems to be, by its first bytes; empty if none that is known."""
    if data[4:8] == b"ftyp":
        return "AVIF" if b"avif" in data[8:32] else "HEIC" if b"hei" in data[8:32] else "a video"
    head = data[:256].lstrip()
    return next((kind for magic, kind in _FOREIGN.items() if head.startswith(magic)), "")
