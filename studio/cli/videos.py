"""A video where a command takes an image: every frame of it is painted, if a video is to come of it."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from studio.core import paths, tasks
from studio.core.errors import InvalidInput, invalid, printable
from studio.core.imaging import animations, formats, video_facts, video_limits
from studio.core.settings import Settings
from studio.core.tasks import Task
from studio.run.request import Words
from studio.video.settings import VideoSettings
from studio.video.task import NAME

_MADE = tuple(f".{kind}" for kind in animations.KINDS)
_ALWAYS = tuple(end for end in animations.ENDINGS if end not in formats.ENDINGS)  # others may be images
_IMAGES = (".webp",)  # of these, as which an image is saved
_PNG = (".png", ".apng")
_UNREAD = (".avi", ".webm", ".mkv")
_PART = ("start", "end")  # settings of a video that choose a part of it


def can_go_through(task: Task) -> bool:
    """Whether each frame of a video can be made again by a task: not if it makes a video of one image."""
    known = {slot.name for slot in tasks.get(NAME).inputs}
    needed = {slot.name for slot in task.inputs[1:] if slot.least}
    if not task.of_a_image or not needed <= known:
        return False
    return task.makes(task.settings().for_ending(animations.KINDS[0])) == "image"


def is_asked_for(task: Task, settings: Settings, named: Words, out: str | None) -> bool:
    """Whether a video stands where a task takes one image, and its result is named as one.

    Not so for what makes a video of an image by itself, such as a zoom into it, which may be a GIF.

    Raises:
        InvalidInput: if it can be nothing but a video, and its result is named otherwise or it is of a kind
            that is not read.
    """
    content = named[task.inputs[0].name] if can_go_through(task) else []
    if not content or not out:
        return False
    ends = [Path(text).suffix.lower() for text in (content[0], out)]
    if ends[0] in _UNREAD:
        shown = f"video {printable(Path(content[0]).name, 60)}"
        raise invalid(
            shown, expected="an MP4, WebP, GIF or APNG", received=ends[0], next_step="convert it to MP4"
        )
    if ends[0] in _ALWAYS and ends[1] not in _MADE:
        expected, step = f"a name that ends in {', '.join(_MADE)}, as a video is given", "rename the output"
        received = ends[1] or "a name without an ending"
        raise invalid(f"output {printable(out, 100)}", expected=expected, received=received, next_step=step)
    if ends[0] not in animations.ENDINGS or ends[1] not in _MADE:
        return False
    if ends[0] in _ALWAYS:
        return True
    if ends[0] in _PNG and _frames(content[0]) == 1:
        return False
    makes_videos = task.makes(settings.for_ending(ends[1].removeprefix("."))) == "animation"
    return not makes_videos and not (ends[1] in _IMAGES and _frames(content[0]) == 1)


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that choose a part of a video."""
    group = parser.add_argument_group("a video")
    fields = VideoSettings.described()
    for name in _PART:
        flag, help = fields[name].flag, fields[name].help
        group.add_argument(flag, dest=f"video_{name}", metavar="SECONDS", type=float, help=help)


def part(arguments: argparse.Namespace, is_video: bool) -> dict[str, float]:
    """The values of the flags of `add_flags` that were given, by the name of the setting.

    Raises:
        InvalidInput: if some were, and no video is asked for.
    """
    given = {name: getattr(arguments, f"video_{name}", None) for name in _PART}
    values = {name: value for name, value in given.items() if value is not None}
    if values and not is_video:
        flag, step = f"`--{next(iter(values))}`", "give a video and name the output as one, or leave it out"
        raise invalid(flag, expected="a video", received="an image", next_step=step)
    return values


def first_frame(task: Task, named: Words, out: str | None) -> str:
    """A sentence on an animation of which an image takes the first frame alone; "" if there is none."""
    content = named[task.inputs[0].name] if can_go_through(task) else []
    animated = (*_PNG, ".gif", ".webp")
    if not content or not out or Path(content[0]).suffix.lower() not in animated or _frames(content[0]) < 2:
        return ""
    shown = printable(Path(content[0]).name, 60)
    return f"Only the first frame of {shown} is used. For a video, end the output in {', '.join(_MADE)}."


def _frames(text: str) -> int:
    """Returns the number of frames of a file; 0 if it cannot be read, which is reported later."""
    with suppress(OSError, ValueError, InvalidInput, paths.TooLarge):
        data = paths.read(paths.expand_user(text), video_limits.MOST_BYTES)
        is_png = data.startswith(b"\x89PNG") and not video_facts.is_apng(data)
        return 1 if is_png else len(animations.times(data).durations)
    return 0


def video_task(
    task: Task, settings: Settings, named: Words, chosen: Collection[str], part: Mapping[str, float]
) -> tuple[Task, Settings, dict[str, Sequence[str]]]:
    """The task that paints a video by another one, its settings, and the words of each of its slots.

    Args:
        chosen: the names of the settings that a user chose.
        part: the values of the flags of `add_flags` that were given.

    Raises:
        InvalidInput: if files or settings were given that no video takes; left out, they would be missed.
    """
    repaint = tasks.get(NAME)
    words = {slot: texts for slot, texts in named.items() if texts}
    words["video"] = words.pop(task.inputs[0].name)
    known = {slot.name: words.pop(slot.name, []) for slot in repaint.inputs}
    for name, texts in words.items():
        raise _not_for_videos(name, ", ".join(texts))
    fields, shared = settings.described(), VideoSettings.model_fields  # of a video made of one image, too
    for name in chosen:
        if fields[name].video and name not in shared:
            raise _not_for_videos(f"`{fields[name].flag}`", getattr(settings, name))
    own = {name: getattr(settings, name) for name in chosen if fields[name].video}
    base = settings.model_dump(mode="json", exclude=set(own))
    return repaint, VideoSettings.parse({"task": task.name, "base": base, **own, **part}), known


def _not_for_videos(name: str, received: object) -> InvalidInput:
    step = "leave it out, or give an image instead of the video"
    return invalid(name, expected="none for a video", received=received, next_step=step)
