"""The sound of a video: its audio tracks, cut with the frames and added to the MP4 of the result.

Only workers run this, because audio tracks are untrusted.
"""

from __future__ import annotations

import contextlib
import heapq
import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

from studio.core.imaging import video_facts
from studio.core.imaging.video_limits import MAX_FRAMES

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet
    from av.container import InputContainer, OutputContainer
    from av.stream import Stream

NO_SOUND_NOTE = "GIF and WebP have no sound. Choose MP4 to keep the audio of the video."
_UNREADABLE_NOTE = "An audio track could not be read, so the result lacks it."
# Others are encoded as AAC.
_COPIED_CODECS = ("aac", "mp3", "mp3float", "ac3", "eac3", "alac", "flac", "opus")
_MAX_TRACKS = 8
_MAX_PACKETS = 100_000  # of a track; 35 minutes of AAC
_MAX_CHANNELS = 8
_MAX_RATE = 192_000  # Hz
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # Hz
_AAC_BITS_PER_CHANNEL = 96_000  # bits per second
_REORDERED_PACKETS = 32  # packets of a video among which its first frame is
_MOOV_BYTES = 16_384  # of the index of an MP4 without its entries
_ENTRY_BYTES = 32  # of the index for each packet, at most


def has_audio(data: bytes) -> bool:
    """Returns whether a video has an audio track. Raises almost any exception if it is damaged."""
    if not video_facts.is_mp4(data):
        return False
    with video_facts.open_container(data) as container:
        return bool(container.streams.audio)


def add_audio(mp4: bytes, video: bytes, start: Fraction, seconds: Fraction) -> tuple[bytes, list[str]]:
    """Adds the audio tracks of a video to its result.

    All tracks are kept, up to 8, because recordings of games and meetings have one for each source of sound.
    A track is copied if an MP4 can hold its codec, and encoded as AAC otherwise.

    Args:
        mp4: the result, without sound.
        video: the original, an MP4.
        start: time of the result's first frame after the first frame of the original, in seconds.
        seconds: duration of the result.

    Returns:
        The result with sound, and sentences about tracks that it lacks.
    """
    try:
        start += _find_first_time(video)
        with video_facts.open_container(video) as container:
            readable_streams = [stream for stream in container.streams.audio if _is_readable(stream)]
            streams = readable_streams[:_MAX_TRACKS]
            packets = _read_packets(container, streams, start, start + seconds, len(video))
            is_complete = len(packets) == len(container.streams.audio)
            return _mux(mp4, packets, start), [] if is_complete else [_UNREADABLE_NOTE]
    except Exception:  # FFmpeg raises almost any exception for damaged tracks
        return mp4, [_UNREADABLE_NOTE]


def _is_readable(stream: AudioStream) -> bool:
    """Returns whether a track has a known codec, and a number of channels and a rate as any recording."""
    context = stream.codec_context
    return context is not None and 0 < context.channels <= _MAX_CHANNELS and 0 < context.rate <= _MAX_RATE


def _find_first_time(video: bytes) -> Fraction:
    """Returns the time of the first frame that players show, in seconds."""
    with video_facts.open_container(video) as container:
        stream = video_facts.get_video_stream(container)
        packets = islice(
            (packet for packet in container.demux(stream) if not packet.is_discard), _REORDERED_PACKETS
        )
        times = [packet.pts for packet in packets if packet.pts is not None]
        return min(times, default=0) * Fraction(stream.time_base or 0)


def _read_packets(
    container: InputContainer, streams: list[AudioStream], start: Fraction, end: Fraction, max_bytes: int
) -> dict[AudioStream, list[Packet]]:
    """Reads the packets of each track between two times, in seconds.

    Args:
        container: of the tracks.
        streams: the tracks to read.
        start, end: the two times.
        max_bytes: of all packets. The index of a malicious file lets them overlap, so that a small file would
            fill the memory.

    Raises:
        ValueError: if a track has too many, or they are too large.
    """
    tracks: dict[int, list[Packet]] = {stream.index: [] for stream in streams}
    last_times: dict[int, int] = {}
    for packet in container.demux(*streams) if streams else ():
        index, time, unit = packet.stream_index, packet.pts, Fraction(packet.time_base or 0)
        if not packet.size or time is None or time <= last_times.get(index, time - 1):
            continue
        last_times[index] = time
        # One packet more at the start: decoders need it for the next one. Its own sound is skipped.
        if start < (time + 2 * (packet.duration or 0)) * unit and time * unit < end:
            tracks[index].append(packet)
            max_bytes -= packet.size
        if len(tracks[index]) > _MAX_PACKETS or max_bytes < 0:
            raise ValueError("an audio track of too many or too large packets")
    return {stream: tracks[stream.index] for stream in streams}


def _mux(mp4: bytes, packets: dict[AudioStream, list[Packet]], start: Fraction) -> bytes:
    """Returns an MP4 with audio tracks, whose times are counted from `start` seconds."""
    import av

    buffer, count = io.BytesIO(), sum(map(len, packets.values()))
    # Space for the index at the front, so that playback starts before the download ends.
    options = {"moov_size": str(_MOOV_BYTES + _ENTRY_BYTES * (MAX_FRAMES + 2 * count))}
    with (
        video_facts.open_container(mp4) as original,
        av.open(buffer, "w", format="mp4", options=options) as output,
    ):
        stream = video_facts.get_video_stream(original)
        frames = (packet for packet in original.demux(stream) if packet.size)
        tracks = [_move(frames, output.add_stream_from_template(stream))]
        for audio_stream, audio_packets in packets.items():
            add = _copy_track if audio_stream.codec_context.name in _COPIED_CODECS else _encode_track
            tracks.append(add(output, audio_stream, audio_packets, start))
        for packet in heapq.merge(*tracks, key=_get_time):
            output.mux(packet)
    return buffer.getvalue()


def _copy_track(
    output: OutputContainer, stream: AudioStream, packets: list[Packet], start: Fraction
) -> Iterator[Packet]:
    """Adds a track to an MP4. Returns its packets."""
    for packet in packets:
        packet.pts = packet.dts = (packet.pts or 0) - round(start / Fraction(packet.time_base or 1))
    return _move(packets, output.add_stream_from_template(stream))


def _encode_track(
    output: OutputContainer, stream: AudioStream, packets: list[Packet], start: Fraction
) -> Iterator[Packet]:
    """Adds a track to an MP4 as AAC, in mono or stereo. Returns its packets. Skips damaged parts."""
    context = stream.codec_context
    rate = context.rate if context.rate in _AAC_RATES else _AAC_RATES[-1]
    channels = min(2, context.channels)
    target = output.add_stream("aac", rate=rate, layout=("mono", "stereo")[channels - 1])
    target.bit_rate = _AAC_BITS_PER_CHANNEL * channels

    def encode() -> Iterator[Packet]:
        for frame in _decode(stream, packets):
            frame.pts = (frame.pts or 0) - round(start / Fraction(frame.time_base or 1))
            yield from target.encode(frame)
        yield from target.encode()

    return encode()


def _decode(stream: AudioStream, packets: list[Packet]) -> Iterator[AudioFrame]:
    """Decodes packets. Skips damaged ones; raises `ValueError` if all are."""
    from av import FFmpegError

    count = 0
    for packet in packets:
        frames: list[AudioFrame] = []
        with contextlib.suppress(FFmpegError):
            frames = stream.codec_context.decode(packet)
        count += len(frames)
        yield from frames
    if packets and not count:
        raise ValueError("a damaged audio track")


def _move(packets: Iterable[Packet], stream: Stream) -> Iterator[Packet]:
    """Yields packets as those of another stream."""
    for packet in packets:
        packet.stream = stream
        yield packet


def _get_time(packet: Packet) -> Fraction:
    """Returns the decoding time of a packet, in seconds."""
    time = packet.pts if packet.dts is None else packet.dts
    return (time or 0) * Fraction(packet.time_base or 0)
