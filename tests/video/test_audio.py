"""The sound of a video is kept in an MP4, cut with the frames, and reported where it is lost."""

import io
import struct
from fractions import Fraction
from functools import cache

import av
import numpy as np
import paint
import pytest

from studio.core import tasks
from studio.core.imaging import video_decoder
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.video import audio
from studio.video.settings import VideoSettings
from studio.video.task import TASK_NAME

FPS, SECONDS, BEEP = 10, 3, 2.0  # frames per second; s; s at which the sound begins


@cache
def make_video(codec="aac", rate=44100, tracks=1, container="mp4", times=None):
    """Returns a video with tracks of silence and then a tone, from BEEP seconds on.

    Args:
        times: of the frames in tenths of a second; None for even ones.
    """
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        video = output.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = 48, 32, "yuv420p"
        sounds = [output.add_stream(codec, rate=rate, layout="mono") for _ in range(tracks)]
        for time in times or range(FPS * SECONDS):
            frame = av.VideoFrame.from_ndarray(np.full((32, 48, 3), 8 * time, "uint8"), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = time, Fraction(1, FPS)
            output.mux(video.encode(frame))
        output.mux(video.encode())
        moments = np.arange(SECONDS * rate) / rate
        tone = np.where(moments >= BEEP, np.sin(2 * np.pi * 440 * moments), 0).astype("float32")
        for sound in sounds:
            for start in range(0, len(tone), 1024):
                samples = av.AudioFrame.from_ndarray(
                    tone[None, start : start + 1024], format="flt", layout="mono"
                )
                samples.sample_rate, samples.pts, samples.time_base = rate, start, Fraction(1, rate)
                output.mux(sound.encode(samples))
            output.mux(sound.encode())
    return buffer.getvalue()


def process(data, name="clip.mp4", progress=None, **settings):
    """Returns the result of a task that inverts each frame."""
    clip = File.store(data, "animation", name)
    settings = VideoSettings(task=paint.PAINT.name, base={"steps": 1}, **settings)
    return tasks.run(TASK_NAME, settings, {"video": [clip]}, progress or Progress())


def read_packets(data, track=0):
    with av.open(io.BytesIO(data)) as container:
        return [bytes(packet) for packet in container.demux(audio=track) if packet.size]


def find_beep(data, track=0):
    """Returns codec and, in seconds, the start of the tone and the end of a track."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[track]
        frames = [frame for frame in container.decode(stream) if frame.pts is not None]
        start = float(frames[0].pts * frames[0].time_base)
        samples = np.concatenate([frame.to_ndarray().ravel() for frame in frames])
        loud = np.flatnonzero(np.abs(samples) > 0.2)
        return (
            stream.codec_context.name,
            start + loud[0] / stream.rate,
            start + len(samples) / stream.rate,
        )


def test_the_audio_is_copied_and_uneven_frame_times_are_kept(home):
    times = (0, 1, 4, 5, 15, 16, 29)
    data = make_video(times=times)
    result = process(data)
    copy = result.files[0].read()
    assert read_packets(copy) == read_packets(data)
    assert video_decoder.read_times(copy) == video_decoder.read_times(data)
    assert "notes" not in result.figures
    assert copy.find(b"moov") < copy.find(b"mdat"), "the index is at the front"


def test_the_audio_is_trimmed_with_the_frames(home):
    result = process(make_video(), start=1.5, end=2.5)
    codec, beep, end = find_beep(result.files[0].read())
    assert (codec, result.figures["frames"]) == ("aac", 10)
    assert (beep, end) == pytest.approx((0.5, 1.0), abs=0.03)


def test_the_audio_of_a_stopped_job_ends_with_its_frames(home):
    steps = []
    progress = Progress(lambda report: steps.append(report.step), lambda: 22 in steps)
    result = process(make_video(), progress=progress)
    assert result.stopped_early
    assert find_beep(result.files[0].read())[2] == pytest.approx(result.figures["frames"] / FPS, abs=0.03)


def test_all_audio_tracks_are_kept(home):
    result = process(make_video(tracks=2)).files[0].read()
    assert [find_beep(result, track)[0] for track in (0, 1)] == ["aac", "aac"]


def test_audio_that_browsers_do_not_play_is_encoded_as_aac(home):
    data = make_video("pcm_s16le", container="mov")
    codec, beep, end = find_beep(process(data, "clip.mov", start=0.5).files[0].read())
    assert codec == "aac" and (beep, end) == pytest.approx((1.5, 2.5), abs=0.05)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_a_note_says_that_a_format_has_no_sound(home, kind):
    assert process(make_video(), video=kind).figures["notes"] == [audio.NO_SOUND_NOTE]


def test_a_note_says_that_an_audio_track_could_not_be_read(home):
    data = make_video("pcm_s16le", container="mov").replace(b"sowt", b"abcd")  # an unknown codec
    result = process(data, "clip.mov")
    assert "could not be read" in result.figures["notes"][0]
    assert video_decoder.count_frames(result.files[0].read()) == FPS * SECONDS


def test_overlapping_audio_packets_are_not_read(home):
    data = make_video()
    overlapping = bytearray(data)
    table = data.rindex(b"stsz") + 12  # sizes of the packets of the audio track
    (count,) = struct.unpack_from(">I", data, table)
    struct.pack_into(f">{count}I", overlapping, table + 4, *[len(data) // 4] * count)
    result, notes = audio.add_audio(data, bytes(overlapping), Fraction(0), Fraction(SECONDS))
    assert result == data and "could not be read" in notes[0]


def test_random_damage_to_audio_does_not_stop_the_video(home):
    data, rng = make_video("pcm_s16le", container="mov"), np.random.default_rng(0)
    mp4 = process(data, "clip.mov").files[0].read()
    header = data.index(b"soun")
    for _ in range(20):
        damaged = bytearray(data)
        for place in rng.integers(header, len(data), 4):
            damaged[place] = rng.integers(256)
        result, _ = audio.add_audio(mp4, bytes(damaged), Fraction(0), Fraction(SECONDS))
        assert video_decoder.count_frames(result) == FPS * SECONDS
