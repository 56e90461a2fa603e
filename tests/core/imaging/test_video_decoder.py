"""Videos round-trip, loop, and are decoded within limits only."""

import io
import struct
import weakref
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image, ImageFilter

from studio.core.errors import InvalidInput
from studio.core.imaging import video_codecs, video_decoder, video_encoder, video_limits, video_span
from tests.wording import says_what_to_do

HEIGHT, WIDTH = 36, 50


@pytest.fixture(autouse=True)
def _home(home):
    """A STUDIO_HOME, where videos are encoded."""


def draw_moving_ball(count=7, height=HEIGHT, width=WIDTH):
    """Yields frames with a bright ball that moves over smooth colors."""
    rows, columns = np.mgrid[0:height, 0:width].astype("float32")
    for i in range(count):
        ball = 150 * np.exp(-((rows - 15) ** 2 + (columns - 5 - 5 * i) ** 2) / 40)
        yield np.stack([40 + ball, 60 + rows, 200 - 2 * columns], axis=-1).clip(0, 255).astype("uint8")


@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_frames_are_decoded_in_order(kind):
    decoded = list(video_decoder.decode(video_encoder.encode(draw_moving_ball(), kind, 15)))
    assert len(decoded) == 7
    for frame, first in zip(decoded, draw_moving_ball(), strict=True):
        distances = [np.abs(frame.astype(int) - other).mean() for other in draw_moving_ball()]
        assert np.abs(frame.astype(int) - first).mean() == min(distances)
        assert min(distances) < 4


@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_colors_round_trip(kind):
    color = np.array([200, 90, 30], "uint8")
    decoded = next(video_decoder.decode(video_encoder.encode([np.full((32, 32, 3), color)] * 2, kind, 15)))
    assert np.abs(decoded.mean((0, 1)) - color).max() <= 2


@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_encoding_is_deterministic(kind):
    soft = _blur(np.random.default_rng(0).integers(0, 256, (160, 280, 3)).astype("uint8"))
    count, times = (40, 15) if kind == "mp4" else (5, 2)  # one or two of fifteen such MP4s differed
    frames = [np.ascontiguousarray(soft[i : i + 108, 2 * i : 2 * i + 192]) for i in range(count)]
    encodings = set()
    for i in range(times):
        _offset = np.ones(10_000 * i)  # moves later allocations
        encodings.add(video_encoder.encode(frames, kind, 15))
    assert len(encodings) == 1


def _blur(noise):
    return np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(1)))


@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_frames_are_freed_after_use(kind):
    alive, alive_counts = [], []

    def yield_frames():
        for frame in draw_moving_ball(20):
            alive.append(weakref.ref(frame))
            alive_counts.append(sum(reference() is not None for reference in alive))
            yield frame

    video_encoder.encode(yield_frames(), kind, 15)
    assert len(alive_counts) == 20
    assert max(alive_counts) <= 4


@pytest.mark.parametrize("kind", ["gif", "webp"])
@pytest.mark.parametrize("fps", [4, 15, 60])
def test_animations_loop_forever_at_the_set_frame_rate(kind, fps):
    image = Image.open(io.BytesIO(video_encoder.encode(draw_moving_ball(30), kind, fps)))
    assert image.format == kind.upper()
    assert image.info["loop"] == 0
    durations = []
    for i in range(image.n_frames):
        image.seek(i)
        image.load()
        durations.append(image.info["duration"])
    assert min(durations) >= (20 if kind == "gif" else 16)
    assert sum(durations) == pytest.approx(30_000 / (min(fps, 50) if kind == "gif" else fps), rel=0.02)


def test_an_mp4_is_compatible_and_can_be_streamed():
    data = video_encoder.encode(draw_moving_ball(7, 37, 51), "mp4", 12)
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(io.BytesIO(data)) as video:
        stream = video.streams.video[0]
        assert stream.codec_context.name in ("h264", "mpeg4")
        assert stream.pix_fmt == "yuv420p"
        assert (stream.height, stream.width) == (36, 50)
        assert (stream.average_rate, stream.frames) == (12, 7)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_a_long_first_frame_does_not_slow_down_the_others(kind):
    shades = [Image.new("RGB", (32, 32), (20 * n, 0, 0)) for n in range(10)]
    buffer = io.BytesIO()
    times = [2000] + [50] * 9
    shades[0].save(buffer, kind, save_all=True, append_images=shades[1:], duration=times, loop=0)
    assert video_decoder.read_times(buffer.getvalue()).seconds == 2.45
    assert len(list(video_decoder.decode(buffer.getvalue()))) == 10


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_too_short_frame_durations_become_100_ms_as_in_browsers(kind):
    shades = [Image.new("RGB", (32, 32), (20 * n, 0, 0)) for n in range(10)]
    buffer = io.BytesIO()
    shades[0].save(buffer, kind, save_all=True, append_images=shades[1:], duration=10, loop=0)
    assert video_decoder.read_times(buffer.getvalue()).fps == 10


@pytest.mark.parametrize("fps, most, expected", [(120, 60, 60), (75, 60, 60), (60, 50, 50), (30, 60, 30)])
def test_limiting_the_frame_rate_drops_frames_and_keeps_the_duration(fps, most, expected):
    data = video_encoder.encode([np.full((32, 32, 3), n, "uint8") for n in range(fps)], "mp4", fps)
    decoded = [round(float(frame.mean())) for frame in video_decoder.decode(data, max_fps=most)]
    assert video_decoder.read_times(data, max_fps=most).fps == pytest.approx(expected)
    assert len(decoded) == video_decoder.count_frames(data, max_fps=most) == expected
    assert np.diff(decoded).max() - np.diff(decoded).min() <= 3  # levels; compression alone costs about one


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_transparent_pixels_of_animations_become_white(kind):
    discs = [Image.new("RGBA", (32, 32), (0, 0, 0, 0)) for _ in range(3)]
    for n, disc in enumerate(discs):
        disc.paste((200, 0, 0, 255), (4 + n, 4, 20 + n, 20))
    buffer = io.BytesIO()
    options = {"lossless": True} if kind == "WEBP" else {"disposal": 2}
    discs[0].save(buffer, kind, save_all=True, append_images=discs[1:], duration=100, **options)
    decoded = list(video_decoder.decode(buffer.getvalue()))
    assert [frame[0, 0].tolist() for frame in decoded] == [[255, 255, 255]] * 3
    assert [frame[10, 10].tolist() for frame in decoded] == [[200, 0, 0]] * 3


# The matrix of a track header maps a point (x, y) to (ax + cy, bx + dy).
TURNS = {"left": (1, 0, 0, 1), "top": (0, 1, -1, 0), "right": (-1, 0, 0, -1), "bottom": (0, -1, 1, 0)}
MIRRORED = {"left": (1, 0, 0, -1), "top": (0, 1, 1, 0), "right": (-1, 0, 0, 1), "bottom": (0, -1, -1, 0)}


@pytest.mark.parametrize("color_count", [1, 4, 100, 255])
def test_each_frame_of_a_gif_keeps_its_transparency_and_colors(color_count):
    """Flat frames of other colors than the first, as in stickers, get palettes of their own."""
    random = np.random.default_rng(color_count)
    frames = []
    for number in range(3):
        colors = random.integers(0, 256, (color_count, 3)).astype("uint8")
        frame = np.zeros((48, 48, 4), "uint8")
        square = frame[8:40, 8 + number : 40 + number]
        square[..., :3] = colors[np.arange(32 * 32).reshape(32, 32) % color_count]
        square[..., 3] = 255
        frames.append(frame)
    decoded = list(video_decoder.decode(video_encoder.encode(frames, "gif", 10, True), transparent=True))
    for frame, original in zip(decoded, frames, strict=True):
        np.testing.assert_array_equal(frame[..., 3], original[..., 3])
        is_opaque = original[..., 3] > 0
        error = np.abs(frame[is_opaque].astype(int) - original[is_opaque]).mean()
        assert error < (1 if color_count < 100 else 20)


@pytest.mark.parametrize("matrices", [TURNS, MIRRORED], ids=["rotated", "mirrored"])
@pytest.mark.parametrize("side", TURNS)
def test_the_display_matrix_of_a_video_is_applied(side, matrices):
    """Marks the corner (0, 0); the matrix and a shift into the frame say where it is displayed."""
    recorded = np.zeros((48, 64, 3), "uint8")
    recorded[:16, :16] = 255
    a, b, c, d = matrices[side]
    frame = next(
        video_decoder.decode(rotate_header(video_encoder.encode([recorded] * 3, "mp4", 10), a, b, c, d))
    )
    assert frame.shape == ((48, 64, 3) if a else (64, 48, 3))
    row, column = (-4 if b + d < 0 else 4), (-4 if a + c < 0 else 4)
    assert frame[row, column].mean() > 200
    assert frame[-row, column].mean() < 50
    assert frame[row, -column].mean() < 50


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv420p10le"])
def test_hevc_with_8_or_10_bits_is_decoded(pixels):
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as video:
        stream = video.add_stream("libx265", rate=10, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        for shade in (40, 120, 200):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), shade, "uint8"), format="rgb24")
            video.mux(stream.encode(frame.reformat(format=pixels)))
        video.mux(stream.encode())
    means = [frame.mean() for frame in video_decoder.decode(buffer.getvalue())]
    assert means == pytest.approx([40, 120, 200], abs=3)


def rotate_header(video, a, b, c, d):
    fixed_one, straight = 2**16, struct.pack(">9i", 2**16, 0, 0, 0, 2**16, 0, 0, 0, 2**30)
    offset = video.index(straight, video.index(b"tkhd"))  # the matrix before applies to all tracks
    return (
        video[:offset]
        + struct.pack(">9i", a * fixed_one, b * fixed_one, 0, c * fixed_one, d * fixed_one, 0, 0, 0, 2**30)
        + video[offset + 36 :]
    )


def test_a_single_frame_is_a_video():
    for kind in video_codecs.KINDS:
        assert len(list(video_decoder.decode(video_encoder.encode(draw_moving_ball(1), kind, 15)))) == 1


BAD = {
    "nothing": b"",
    "noise": bytes(range(256)) * 8,
    "text": b"not a video at all",
    "only the mark of a video": b"\0\0\0\x18ftypisom" + bytes(64),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_files_that_are_not_videos_are_refused(data):
    with pytest.raises(InvalidInput, match="video"):
        list(video_decoder.decode(data))


OTHERS = {
    b"": "an empty file",
    b"\x1aE\xdf\xa3" + bytes(64): "a WebM",
    b"RIFF\0\1\0\0AVI LIST": "an AVI",
    b"\x89PNG\r\n\x1a\n": "a PNG",
    b"\0\0\0\x18ftypheic" + bytes(64): "a HEIC",
    b"FLV\1\5" + bytes(64): "a Flash video",
    b"0&\xb2u\x8ef\xcf\x11" + bytes(64): "a Windows Media video",
    b"G@\0\x10" + bytes(64): "an MPEG transport stream",
    b"not a video at all": "another kind of file",
    b"GIF89a cut": "a damaged one",
    b"\0\0\0\x18ftypisom" + bytes(64): "a damaged one",
}


@pytest.mark.parametrize("data, kind", OTHERS.items(), ids=OTHERS.values())
@pytest.mark.parametrize(
    "read",
    [video_decoder.read_times, video_decoder.count_frames, lambda data: next(video_decoder.decode(data))],
)
def test_the_error_names_the_detected_file_type(data, kind, read):
    with pytest.raises(InvalidInput, match=f": {kind}"):
        read(data)


@pytest.mark.parametrize("kind", video_codecs.KINDS)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_truncated_video_ends_early_or_is_refused(kind, share):
    data = video_encoder.encode(draw_moving_ball(), kind, 15)
    try:
        assert len(list(video_decoder.decode(data[: int(len(data) * share)]))) <= 7
    except InvalidInput as error:
        assert says_what_to_do(str(error))


@pytest.mark.parametrize("share", [0.4, 0.8])
def test_a_gif_may_lack_only_its_last_byte(share):
    """Programs show the frames before the cut, without a word about the missing ones."""
    data = video_encoder.encode(draw_moving_ball(), "gif", 15)
    assert len(list(video_decoder.decode(data[:-1]))) == 7
    with pytest.raises(InvalidInput, match="a cut GIF"):
        list(video_decoder.decode(data[: int(share * len(data))]))


def test_a_sound_recording_has_no_video_track():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), "float32"), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux([*stream.encode(frame), *stream.encode()])
    with pytest.raises(InvalidInput, match="without a video track"):
        video_decoder.read_times(buffer.getvalue())


@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_too_many_or_too_large_frames_are_refused(kind, monkeypatch):
    data = video_encoder.encode(draw_moving_ball(), kind, 15)
    with monkeypatch.context() as patch:
        patch.setattr(video_span, "MAX_FRAMES", 6)
        with pytest.raises(InvalidInput, match=r"at most .* 6 frames"):
            list(video_decoder.decode(data))
    monkeypatch.setattr(video_limits, "MAX_PIXELS", HEIGHT * WIDTH - 1)
    with pytest.raises(InvalidInput, match="50 x 36"):
        next(video_decoder.decode(data))


@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_a_span_of_a_longer_video_is_decoded(kind, monkeypatch):
    data = video_encoder.encode(draw_moving_ball(12), kind, 10)
    all_frames = list(video_decoder.decode(data))
    monkeypatch.setattr(video_span, "MAX_FRAMES", 6)
    span = video_span.Span(0.3, 0.7)
    part = list(video_decoder.decode(data, span=span))
    assert video_decoder.count_frames(data, span=span) == len(part) == 4
    np.testing.assert_array_equal(part, all_frames[3:7])
    np.testing.assert_array_equal(video_decoder.decode_frame(data, start=0.3), all_frames[3])
    assert video_decoder.read_duration(data) == pytest.approx(1.2)
    video_decoder.check(data)
    with pytest.raises(
        InvalidInput, match=r"1.2 s, 12 frames.*at most 0.6 s at 10 frames per second, 6 frames"
    ):
        video_decoder.count_frames(data)
    for invalid_span, message in (
        (video_span.Span(1.2), "less than 1.2 s"),
        (video_span.Span(0.5, 0.5), "more than 0.5 s"),
    ):
        with pytest.raises(InvalidInput, match=message):
            next(video_decoder.decode(data, span=invalid_span))


def test_unsupported_codecs_are_refused_before_decoding():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as video:
        stream = video.add_stream("mjpeg", rate=5)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"
        video.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), "uint8"), format="rgb24")))
        video.mux(stream.encode())
    with pytest.raises(InvalidInput, match="codec"):
        list(video_decoder.decode(buffer.getvalue()))


@pytest.mark.parametrize("aspect, shape", [("2/1", (32, 96, 3)), ("8/9", (36, 48, 3)), ("99/1", (32, 48, 3))])
def test_non_square_pixels_are_resampled_to_square_ones(aspect, shape):
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=12)
        stream.width, stream.height = 48, 32
        stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        frame = np.repeat(np.arange(0, 240, 5, dtype="uint8")[None, :, None], 32, axis=0).repeat(3, axis=2)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    read = next(video_decoder.decode(buffer.getvalue()))
    assert read.shape == shape
    assert np.abs(read[16].mean(1) - np.linspace(0, 235, shape[1])).mean() < 6


def test_a_video_with_a_non_utf8_title_is_decoded():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        container.metadata["title"] = "TITLE"
        stream = container.add_stream("mpeg4", rate=12)
        stream.width, stream.height = WIDTH, HEIGHT
        for frame in draw_moving_ball(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    data = buffer.getvalue()
    assert b"TITLE" in data
    named = data.replace(b"TITLE", b"Caf\xe9 ")
    assert video_decoder.count_frames(named) == len(list(video_decoder.decode(named))) == 3
    assert video_decoder.read_times(named).fps == 12
