"""Frame durations, loop counts and transparency of videos are preserved."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from studio.core.errors import InvalidInput
from studio.core.imaging import frame_times, video_codecs, video_decoder, video_encoder, video_facts
from studio.core.imaging.frame_times import FrameTimes


@pytest.fixture(autouse=True)
def _home(home):
    """A STUDIO_HOME, where videos are encoded."""


def make_shades(count):
    return [np.full((32, 48, 3), 40 * n + 20, "uint8") for n in range(count)]


def to_seconds(*times):
    return tuple(Fraction(time, 1000) for time in times)


def draw_disc(shift):
    """Returns a red disc on a transparent background, `(48, 64, 4) uint8`."""
    rows, columns = np.mgrid[:48, :64]
    inside = (rows - 24) ** 2 + (columns - 16 - shift) ** 2 < 100
    return np.where(inside[..., None], [230, 40, 30, 255], 0).astype("uint8")


def encode_apng(frames, **options):
    buffer, images = io.BytesIO(), [Image.fromarray(frame) for frame in frames]
    images[0].save(buffer, "PNG", save_all=True, append_images=images[1:], **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", video_codecs.KINDS)
@pytest.mark.parametrize("times", [(30, 30, 600, 30, 70), (3000,) * 4, (40, 9000, 60)])
def test_frame_durations_round_trip(kind, times):
    data = video_encoder.encode(make_shades(len(times)), kind, FrameTimes(to_seconds(*times)))
    assert video_decoder.read_times(data).durations == to_seconds(*times)


@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_23_976_fps_does_not_drift(kind):
    data = video_encoder.encode(make_shades(6) * 20, kind, FrameTimes.even(Fraction(24_000, 1001)))
    unit = {"gif": 1 / 100, "webp": 1 / 1000, "mp4": 0}[kind]
    assert abs(video_decoder.read_times(data).seconds - 120 * 1001 / 24_000) <= unit
    if kind == "mp4":
        assert set(video_decoder.read_times(data).durations) == {Fraction(1001, 24_000)}


@pytest.mark.parametrize("kind", ["gif", "webp"])
@pytest.mark.parametrize("plays", [0, 1, 2, 7])
def test_the_number_of_plays_round_trips(kind, plays):
    data = video_encoder.encode(make_shades(3), kind, FrameTimes.even(10, plays))
    assert frame_times.read(data).plays == plays


def test_a_gif_stores_repetitions_not_plays():
    buffer = io.BytesIO()
    first, *others = map(Image.fromarray, make_shades(3))
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=100, loop=1)
    times = frame_times.read(buffer.getvalue())
    encoded_again = video_encoder.encode(video_decoder.decode(buffer.getvalue()), "gif", times)
    assert Image.open(io.BytesIO(encoded_again)).info["loop"] == 1
    first.save(buffer := io.BytesIO(), "GIF", save_all=True, append_images=others, duration=100)
    assert frame_times.read(buffer.getvalue()).plays == 1


def test_an_animated_png_is_decoded_as_an_animation():
    frames = [draw_disc(n) for n in (0, 15, 30)]
    data = encode_apng(frames, duration=[30, 600, 3000], loop=2)
    assert video_facts.detect_kind(data) == "apng"
    assert frame_times.read(data) == FrameTimes(to_seconds(30, 600, 3000), 2)
    assert all(map(np.array_equal, video_decoder.decode(data, transparent=True), frames))


def test_the_default_image_of_an_apng_is_not_a_frame():
    frames = make_shades(4)
    data = encode_apng(frames, default_image=True, duration=[100, 200, 300])
    assert frame_times.read(data).durations == to_seconds(100, 200, 300)
    assert [int(frame.mean()) for frame in video_decoder.decode(data)] == [60, 100, 140]


def test_a_still_png_is_refused_as_an_animation():
    buffer = io.BytesIO()
    Image.fromarray(make_shades(1)[0]).save(buffer, "PNG")
    with pytest.raises(InvalidInput, match="a PNG image without animation"):
        video_decoder.count_frames(buffer.getvalue())


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_transparency_round_trips(kind):
    frames = [draw_disc(n) for n in (0, 15, 30)]
    data = video_encoder.encode(frames, kind, 10, transparent=True)
    for frame, source in zip(video_decoder.decode(data, transparent=True), frames, strict=True):
        assert np.array_equal(frame[..., 3], source[..., 3])
        inside = frame[source[..., 3] > 0][:, :3]
        assert np.abs(inside.astype(int) - (230, 40, 30)).mean() <= (0 if kind == "gif" else 3)


def test_each_frame_of_a_mixed_animation_keeps_its_channels():
    opaque = draw_disc(0)
    opaque[..., 3] = 255
    for frames in ([draw_disc(0), opaque[..., :3]], [opaque[..., :3], draw_disc(0)]):
        clear = [frame.shape[2] == 4 for frame in frames]
        for kind in ("gif", "webp"):
            data = video_encoder.encode(frames, kind, 10, transparent=True)
            assert [f.shape[2] == 4 for f in video_decoder.decode(data, transparent=True)] == clear


def test_transparent_pixels_of_an_mp4_are_white():
    frame = next(video_decoder.decode(video_encoder.encode([draw_disc(0)] * 2, "mp4", 10, transparent=True)))
    assert frame[2, 60].min() > 250 and frame[24, 16, 1] < 60


def test_frames_above_the_rate_limit_are_dropped():
    times = FrameTimes(to_seconds(5, 5, 5, 5, 600, 5, 5, 5, 5), 3)
    thinned, numbers = times.limit_rate(50)
    assert min(thinned.durations) >= Fraction(1, 50)
    assert (thinned.seconds, thinned.plays) == (pytest.approx(times.seconds, abs=0.02), 3)
    assert numbers == (0, 4, 5)
    assert FrameTimes(to_seconds(17, 16, 17)).limit_rate(60)[1] == (0, 1, 2)


def test_a_frame_with_disposal_previous_disappears_from_an_apng():
    red, blue, green = (np.zeros((32, 32, 4), "uint8") for _ in range(3))
    red[:] = 255, 0, 0, 255
    blue[4:20, 4:20] = 0, 0, 255, 255
    green[20:30, 20:30] = 0, 255, 0, 255
    previous = PngImagePlugin.Disposal.OP_PREVIOUS
    data = encode_apng([red, blue, green], disposal=[0, previous, 0], blend=1, duration=100)
    first, second, third = video_decoder.decode(data)
    assert first[8, 8].tolist() == third[8, 8].tolist() == [255, 0, 0]
    assert second[8, 8].tolist() == [0, 0, 255]
    assert third[25, 25].tolist() == [0, 255, 0]
