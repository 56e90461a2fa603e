"""Animations: frames go in one after another, the bytes of an MP4, WebP or GIF come out, and back.

A film is encoded as its frames come, into a file: of hundreds of large ones only a few are in memory at once.
"""

from __future__ import annotations

import io
import math
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, Self, get_args

import numpy as np
from PIL import Image, ImageSequence

from studio.core import amounts, paths
from studio.core.errors import InvalidInput, invalid, printable
from studio.core.pictures import film_facts, film_limits, images
from studio.core.pictures.film_limits import MOST_FPS, MOST_FRAMES, MOST_PIXELS

if TYPE_CHECKING:
    import av

_Codec = Literal["libx264", "libopenh264", "mpeg4", "libwebp_anim", "gif"]
FilmKind = Literal["mp4", "webp", "gif"]
KINDS: tuple[str, ...] = get_args(FilmKind)
ENDINGS = (*(f".{kind}" for kind in KINDS), ".mov", ".m4v")  # of what is read; the last are MP4s of phones
_MOST_GIF_FPS = 50
LEAST_GIF_DELAY = 2  # hundredths of a second; browsers slow a GIF down to a tenth if it asks for less

_BT709 = 1  # what players take for granted in a film; the number is FFmpeg's
_LIMITED = 1  # levels from 16 to 235, likewise
_MPEG4: tuple[_Codec, ...] = ("libx264", "libopenh264", "mpeg4")  # the first that this build of FFmpeg has
_READ = ("h264", "hevc", "mpeg4")  # phones film in the second
_PALETTE_SIDE = 128  # px; a palette found in so small a copy is as good, and quick


class Film:
    """Encodes an animation that begins anew when it ends (an MP4 as its player wishes).

    Args:
        kind: one of KINDS. An MP4 loses the last row or column of an odd side, since its colours lie on every
            second pixel.
        fps: frames a second; a GIF shows at most 50.
    """

    def __init__(self, kind: FilmKind, fps: int):
        self._kind, self._fps, self.frames = kind, min(fps, _MOST_GIF_FPS) if kind == "gif" else fps, 0
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=paths.folder("cache"))  # noqa: SIM115
        self._opened: tuple[av.container.OutputContainer, av.VideoStream] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, frame: np.ndarray) -> None:
        """Encodes the next frame, `(H, W, 3) uint8`, of the same size as the first."""
        if self._opened is None:
            self._opened = self._open(*frame.shape[:2])
        container, stream = self._opened
        picture = _PICTURES[self._kind](frame)
        unit = self._unit
        picture.pts, picture.time_base = round(self.frames / self._fps / unit), unit
        container.mux(stream.encode(picture))
        self.frames += 1

    def finish(self) -> bytes:
        """The whole file. Raises `ValueError` if no frame was added."""
        if self._opened is None:
            raise ValueError("a film has one frame at least")
        container, stream = self._opened
        container.mux(stream.encode())
        container.close()
        self._file.seek(0)
        return self._file.read()

    @property
    def _unit(self) -> Fraction:
        """The time that pictures are counted in, in seconds."""
        return Fraction(1, 100) if self._kind == "gif" else Fraction(1, self._fps)

    def _open(self, height: int, width: int) -> tuple[av.container.OutputContainer, av.VideoStream]:
        import av

        codec, settings, options = _encoder(self._kind, self._fps)
        container = av.open(self._file, "w", format=self._kind, options=options)
        stream = container.add_stream(codec, rate=1 / self._unit, options=settings)
        even = 2 if self._kind == "mp4" else 1
        stream.height, stream.width = height - height % even, width - width % even
        stream.pix_fmt = "pal8" if self._kind == "gif" else "yuv420p"
        if self._kind == "mp4":
            context = stream.codec_context
            context.colorspace = context.color_primaries = context.color_trc = _BT709
            context.color_range = _LIMITED
            context.thread_count = 1  # several share the work by chance: the bytes would differ each time
        return container, stream


def _encoder(kind: FilmKind, fps: int) -> tuple[_Codec, dict[str, str], dict[str, str]]:
    """The codec, its options, and those of the container."""
    import av

    if kind == "gif":
        return "gif", {}, {"loop": "0", "final_delay": str(max(LEAST_GIF_DELAY, round(100 / fps)))}
    if kind == "webp":
        return "libwebp_anim", {"quality": "85"}, {"loop": "0"}
    codec = next(name for name in _MPEG4 if name in av.codecs_available)
    # Without the last word its quick code reads memory that it never wrote: now and then the bytes differ.
    exact = {"crf": "17", "rc-lookahead": "12", "x264-params": "cpu-independent=1"}
    quality = exact if codec == "libx264" else {"b": "20M"}
    # The index goes to the front, so that a film starts to play before it is there as a whole.
    return codec, quality, {"moov_size": str(16_384 + 32 * MOST_FRAMES)}


def _mp4_picture(frame: np.ndarray) -> av.VideoFrame:
    height, width = (side - side % 2 for side in frame.shape[:2])
    return _yuv(frame[:height, :width], dst_colorspace=_BT709, dst_color_range=_LIMITED)


def _webp_picture(frame: np.ndarray) -> av.VideoFrame:
    return _yuv(frame)


def _yuv(frame: np.ndarray, **colors: int) -> av.VideoFrame:
    import av

    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
    return picture.reformat(format="yuv420p", interpolation=_exactly(), **colors)


def _exactly() -> int:
    """How colours are converted: as usual, but rounded, where the quick way cuts off and darkens."""
    from av.video.reformatter import Interpolation

    return Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def _gif_picture(frame: np.ndarray) -> av.VideoFrame:
    """A picture of 256 colours of its own, its errors spread to its neighbours."""
    import av

    picture = Image.fromarray(frame)
    small = picture.copy()
    small.thumbnail((_PALETTE_SIDE, _PALETTE_SIDE))
    usual = small.quantize(256, Image.Quantize.MEDIANCUT)
    indexed = picture.quantize(palette=usual, dither=Image.Dither.FLOYDSTEINBERG)
    found = np.asarray(usual.getpalette("RGB"), "uint8").reshape(-1, 3)
    palette = np.zeros((256, 4), "uint8")
    palette[:, 0] = 255
    palette[: len(found), 1:] = found
    both = (np.asarray(indexed), palette)
    # PyAV's own hints forget that a picture of this format comes with its palette.
    return av.VideoFrame.from_ndarray(both, format="pal8")  # type: ignore[arg-type]


_PICTURES = {"mp4": _mp4_picture, "webp": _webp_picture, "gif": _gif_picture}


def encode(frames: Iterable[np.ndarray], kind: FilmKind, fps: int) -> bytes:
    """Frames, `(H, W, 3) uint8` and all of one size, -> the bytes of an animation. See `Film`."""
    with Film(kind, fps) as film:
        for frame in frames:
            film.add(frame)
        return film.finish()


def fastest(kind: FilmKind) -> int:
    """How many frames a second a film of a kind shows at most."""
    return _MOST_GIF_FPS if kind == "gif" else MOST_FPS


def frames(data: bytes, name: str = "film", most: int = MOST_FPS) -> Iterator[np.ndarray]:
    """Reads an animation frame by frame; its first bytes decide what it is, whatever its name says.

    Args:
        data: of an MP4, WebP or GIF; a still picture is an animation of one frame.
        name: what errors call it.
        most: frames a second. Of a quicker film some are left out evenly, so that what is made of the others
            lasts as long.

    Yields:
        `(H, W, 3) uint8`.

    Raises:
        InvalidInput: if it is none of these, is damaged, or has more or larger frames than the studio makes.
    """
    length(data, name, most)  # which refuses a longer one before anything is made of its first frames
    read = _mp4_frames if film_facts.is_mp4(data) else _picture_frames
    count, size = 0, None
    try:
        rate = film_facts.rate(data)
        for number, frame in enumerate(read(data), start=1):
            size = size or frame.shape
            if frame.shape != size:
                raise ValueError("its frames have several sizes")
            if _taken(number, rate, most) == count:
                continue
            count += 1
            _check_length(count, name)
            yield frame
    except InvalidInput:
        raise
    except Exception as error:  # parsers raise nearly anything on a damaged file
        raise _refused(data, name, error) from None
    if not count:
        raise _refused(data, name, ValueError("no frame"))


def check(path: Path) -> None:
    """Decodes all of a film that somebody brings, unless that would take too long.

    Raises:
        InvalidInput: as `frames`; or if it has too many pixels in all.
    """
    name = f"film {printable(path.name, 60)}"
    try:
        data = paths.read(path, film_limits.MOST_BYTES)
    except paths.TooLarge:
        expected = f"at most {amounts.size(film_limits.MOST_BYTES)}"
        raise invalid(name, expected=expected, received="more", next_step="cut it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise invalid(name, expected="a file", received=reason, next_step="check the path") from None
    _check_cost(data, name)
    for _ in frames(data, name):
        pass


def _check_cost(data: bytes, name: str) -> None:
    """Every frame counts, also those that are left out of a quicker film: all are decoded."""
    try:
        count, size = film_facts.length(data), film_facts.pixels(data)
    except Exception as error:
        raise _refused(data, name, error) from None
    most = film_limits.MOST_FILMED if film_facts.is_mp4(data) else film_limits.MOST_DRAWN
    if count * size > most:
        fits = most // max(1, size)
        expected = f"at most {fits:,} frames of this size" if fits else "smaller frames"
        raise invalid(
            name, expected=expected, received=f"{count:,}", next_step="cut it, or save it smaller or as MP4"
        )


def fps(data: bytes, name: str = "film", most: int = MOST_FPS) -> int:
    """How many frames a second `frames` of as many at most are for. Raises `InvalidInput` as that."""
    try:
        return min(most, film_facts.rate(data))
    except Exception as error:
        raise _refused(data, name, error) from None


def length(data: bytes, name: str = "film", most: int = MOST_FPS) -> int:
    """How many frames `frames` will give, as the film says, unread. Raises `InvalidInput` as that."""
    try:
        count = _taken(film_facts.length(data), film_facts.rate(data), most)
    except Exception as error:
        raise _refused(data, name, error) from None
    _check_length(count, name)
    return count


def _check_length(count: int, name: str) -> None:
    if count > MOST_FRAMES:
        expected = f"at most {MOST_FRAMES} frames"
        raise invalid(name, expected=expected, received="more", next_step="cut it")


def _taken(number: int, rate: int, most: int) -> int:
    """How many of the first frames of a film are taken: all, or of a quicker one its even share."""
    return number if rate <= most else math.ceil(Fraction(number * most, rate))


def _refused(data: bytes, name: str, error: Exception) -> InvalidInput:
    """The error for what cannot be read, which says what it really is."""
    received, step = film_facts.other_kind(data), "choose another, or save it as MP4"
    if not received:
        received, step = str(error) if type(error) is ValueError else "a damaged one", "save it again as MP4"
    return invalid(name, expected="a whole MP4, WebP or GIF", received=received, next_step=step)


def _mp4_frames(data: bytes) -> Iterator[np.ndarray]:
    with film_facts.opened(data) as container:
        stream = container.streams.video[0]
        if stream.codec_context.name not in _READ:
            raise ValueError("a film of another codec than H.264, HEVC or MPEG-4")
        _check_size(stream.width, stream.height)
        for picture in container.decode(stream):
            _check_size(picture.width, picture.height)
            yield _upright(picture)


def _upright(picture: av.VideoFrame) -> np.ndarray:
    """Its pixels as a player shows them: a phone films sideways, and notes by how much to turn that back."""
    pixels = picture.reformat(format="rgb24", interpolation=_exactly()).to_ndarray()
    quarters = round(picture.rotation / 90)  # counterclockwise, as NumPy turns
    return np.ascontiguousarray(np.rot90(pixels, quarters))


def _picture_frames(data: bytes) -> Iterator[np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a large size, which is checked next
        picture = Image.open(io.BytesIO(data), formats=("WEBP", "GIF"))
    _check_size(*picture.size)
    for part in ImageSequence.Iterator(picture):
        yield np.asarray(images.over(part) if part.has_transparency_data else part.convert("RGB"))


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise ValueError(f"frames of {width} x {height} px, more than 4096 x 4096")
