"""Videos in commands that take an image: every frame is processed if the output is a video."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from studio.core import paths, tasks
from studio.core.errors import InvalidInput, invalid, make_printable
from studio.core.imaging import formats, video_codecs, video_decoder, video_facts, video_limits
from studio.core.settings import Settings
from studio.core.tasks import Task
from studio.run.request import SlotValues
from studio.video.settings import VideoSettings
from studio.video.task import TASK_NAME

_VIDEO_ENDINGS = tuple(f".{kind}" for kind in video_codecs.KINDS)
# Endings that are never images.
_VIDEO_ONLY_ENDINGS = tuple(end for end in video_decoder.EXTENSIONS if end not in formats.EXTENSIONS)
_IMAGE_OR_VIDEO_ENDINGS = (".webp",)  # video endings that images have, too
_PNG_ENDINGS = (".png", ".apng")
_UNSUPPORTED = (
    *(".avi", ".webm", ".mkv", ".flv", ".ts", ".mts", ".m2ts"),
    *(".mpg", ".mpeg", ".vob", ".wmv", ".asf", ".ogv"),
)
_VIDEO_SETTINGS = ("start", "end", "temporal_consistency")  # settings that only videos have


def accepts_video(task: Task) -> bool:
    """Returns whether a task can process each frame of a video; not if it makes a video of one image."""
    video_slots = {slot.name for slot in tasks.get(TASK_NAME).inputs}
    required_slots = {slot.name for slot in task.inputs[1:] if slot.min_files}
    if not task.takes_single_image or not required_slots <= video_slots:
        return False
    return task.choose_kind(task.settings().for_ending(video_codecs.KINDS[0])) == "image"


def is_video_request(task: Task, settings: Settings, file_values: SlotValues, out: str | None) -> bool:
    """Returns whether a video is given instead of a task's single image, and the output is a video.

    False for a task that makes a video of an image, such as a zoom, whose input may be a GIF.

    Raises:
        InvalidInput: if the input is surely a video, but the output is not, or its format is not supported.
    """
    content = file_values[task.inputs[0].name] if accepts_video(task) else []
    if not content or not out:
        return False
    endings = [Path(text).suffix.lower() for text in (content[0], out)]
    if endings[0] in _UNSUPPORTED:
        label = f"video {make_printable(Path(content[0]).name, 60)}"
        raise invalid(
            label, expected="an MP4, WebP, GIF or APNG", received=endings[0], next_step="convert it to MP4"
        )
    if endings[0] in _VIDEO_ONLY_ENDINGS and endings[1] not in _VIDEO_ENDINGS:
        expected, step = (
            f"a name that ends in {', '.join(_VIDEO_ENDINGS)}, as a video is given",
            "rename the output",
        )
        received = endings[1] or "a name without an ending"
        raise invalid(
            f"output {make_printable(out, 100)}", expected=expected, received=received, next_step=step
        )
    if endings[0] not in video_decoder.EXTENSIONS or endings[1] not in _VIDEO_ENDINGS:
        return False
    if endings[0] in _VIDEO_ONLY_ENDINGS:
        return True
    if endings[0] in _PNG_ENDINGS and _count_frames(content[0]) == 1:
        return False
    makes_videos = task.choose_kind(settings.for_ending(endings[1].removeprefix("."))) == "animation"
    return not makes_videos and not (endings[1] in _IMAGE_OR_VIDEO_ENDINGS and _count_frames(content[0]) == 1)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of settings that only videos have."""
    group = parser.add_argument_group("a video")
    fields = VideoSettings.describe()
    for name in _VIDEO_SETTINGS:
        field = fields[name]
        metavar = "SECONDS" if field.unit == "s" else "SHARE"
        group.add_argument(field.flag, dest=f"video_{name}", metavar=metavar, type=float, help=field.help)


def get_flag_values(arguments: argparse.Namespace) -> dict[str, float]:
    """Returns the values of the flags of `add_flags` that were given, by name of the setting."""
    values = {name: getattr(arguments, f"video_{name}", None) for name in _VIDEO_SETTINGS}
    return {name: value for name, value in values.items() if value is not None}


def refuse_flags(arguments: argparse.Namespace) -> None:
    """Raises `InvalidInput` if flags of `add_flags` were given without a video."""
    for name in get_flag_values(arguments):
        flag, step = (
            VideoSettings.describe()[name].flag,
            "give a video and name the output as one, or leave it out",
        )
        raise invalid(f"`{flag}`", expected="a video", received="an image", next_step=step)


def first_frame_note(task: Task, file_values: SlotValues, out: str | None) -> str:
    """Returns a sentence if only the first frame of an animation is used; "" otherwise."""
    content = file_values[task.inputs[0].name] if accepts_video(task) else []
    animated = (*_PNG_ENDINGS, ".gif", ".webp")
    if (
        not content
        or not out
        or Path(content[0]).suffix.lower() not in animated
        or _count_frames(content[0]) < 2
    ):
        return ""
    name = make_printable(Path(content[0]).name, 60)
    return (
        f"Only the first frame of {name} is used. For a video, end the output in {', '.join(_VIDEO_ENDINGS)}."
    )


def _count_frames(text: str) -> int:
    """Returns the number of frames of a file; 0 if it cannot be read, which is reported later."""
    with suppress(OSError, ValueError, InvalidInput, paths.TooLarge):
        data = paths.read(paths.expand_user(text), video_limits.MAX_BYTES)
        is_png = data.startswith(b"\x89PNG") and not video_facts.is_apng(data)
        return 1 if is_png else len(video_decoder.read_times(data).durations)
    return 0


def make_video_task(
    task: Task,
    settings: Settings,
    file_values: SlotValues,
    user_set: Collection[str],
    flag_values: Mapping[str, float],
) -> tuple[Task, Settings, dict[str, Sequence[str]]]:
    """Returns the task that repaints a video with another task, its settings, and the values of its slots.

    Args:
        task: task for each frame.
        settings: settings of the task.
        file_values: names or paths of the files of each slot.
        user_set: names of the settings that the user set.
        flag_values: values of the flags of `add_flags` that were given.

    Raises:
        InvalidInput: if files or settings were given that do not apply to videos.
    """
    video_task = tasks.get(TASK_NAME)
    values_left = {slot: texts for slot, texts in file_values.items() if texts}
    values_left["video"] = values_left.pop(task.inputs[0].name)
    video_values = {slot.name: values_left.pop(slot.name, []) for slot in video_task.inputs}
    for name, texts in values_left.items():
        raise _not_for_videos_error(name, ", ".join(texts))
    fields, shared = settings.describe(), VideoSettings.model_fields  # also for a video of one image
    for name in user_set:
        if fields[name].video and name not in shared:
            raise _not_for_videos_error(f"`{fields[name].flag}`", getattr(settings, name))
    video_settings = {name: getattr(settings, name) for name in user_set if fields[name].video}
    base = settings.model_dump(mode="json", exclude=set(video_settings))
    return (
        video_task,
        VideoSettings.parse({"task": task.name, "base": base, **video_settings, **flag_values}),
        video_values,
    )


def _not_for_videos_error(name: str, received: object) -> InvalidInput:
    step = "leave it out, or give an image instead of the video"
    return invalid(name, expected="none for a video", received=received, next_step=step)
