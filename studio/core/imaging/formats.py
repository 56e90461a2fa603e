"""Supported image formats, and detection of a file's format."""

from __future__ import annotations

from importlib.util import find_spec

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")  # detected by magic bytes, not by file name
HEIC = find_spec("pillow_heif") is not None  # format of phone photos; needs pillow-heif
READABLE = f"JPEG, PNG, WebP, AVIF, {'HEIC, ' if HEIC else ''}GIF, BMP or TIFF"
# File name extensions of these formats.
EXTENSIONS = (
    *(".jpg", ".jpeg", ".jfif", ".png", ".apng", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"),
    *((".heic", ".heif") if HEIC else ()),
)

# Unsupported formats by magic bytes, for error messages.
_UNSUPPORTED = {
    b"%PDF": "PDF",
    b"%!PS": "PostScript",
    b"<svg": "SVG",
    b"DDS ": "DDS",
    b"SIMPLE": "FITS",
    b"8BPS": "PSD",
    b"P6": "PPM",
    b"\0\0\0\x0cjP": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\0\0\0\x0cJXL": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\1\0": "ICO",
}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two are of BigTIFF
_TGA_FOOTER = b"TRUEVISION-XFILE.\0"


def register_readers(data: bytes) -> tuple[str, ...]:
    """Registers the HEIC reader if a file needs it. Returns the formats that Pillow may try."""
    if not (HEIC and detect_kind(data) == "HEIC"):
        return FORMATS
    import pillow_heif

    pillow_heif.register_heif_opener()
    return ("HEIF",)


def detect_kind(data: bytes) -> str:
    """Detects AVIF, HEIC, TIFF, video or an unsupported format by magic bytes; "" for any other file."""
    if data[4:8] == b"ftyp":  # the container of AVIF, HEIC and MP4
        return "AVIF" if b"avif" in data[8:32] else "HEIC" if b"hei" in data[8:32] else "a video"
    if data.startswith(_TIFF):
        return "TIFF"
    if data.endswith(_TGA_FOOTER):
        return "TGA"
    header = data[:1024].lstrip()
    if header.startswith(b"<?xml") and b"<svg" in header:
        return "SVG"
    return next((kind for magic, kind in _UNSUPPORTED.items() if header.startswith(magic)), "")
