"""A whole folder of images through one command: one after the other, what is done already left as it is."""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studio.cli import console
from studio.core import amounts, paths
from studio.core.data.names import first_few, is_hidden, is_junk
from studio.core.errors import Cancelled, InvalidInput, StudioError, invalid, printable
from studio.core.imaging import formats
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import Inputs, Task
from studio.run import outputs, terminal
from studio.run.machine import Machine, keep
from studio.run.protected_inputs import Originals
from studio.run.request import Words, read


@dataclass
class _Done:
    """What became of the images of a folder, by their paths."""

    made: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    stopped: bool = False

    def pass_over(self, path: Path, error: StudioError) -> None:
        """Tells why nothing comes of an image."""
        terminal.note(f"{printable(path.name, 100)} was skipped. {error}")
        self.failed.append(str(path))


def image_folder(task: Task, named: Words) -> Path | None:
    """The folder that stands where a task takes one image; None if a file does."""
    content = named[task.inputs[0].name] if task.of_a_image else []
    if not content:
        return None
    path = paths.expand_user(content[0])
    try:
        return path if path.is_dir() else None
    except (OSError, ValueError):  # a name that no file system takes
        return None


def run(
    task: Task,
    settings: Settings,
    named: Words,
    arguments: argparse.Namespace,
    machine: Machine,
) -> int:
    """Makes one PNG of every image in the folder, in the folder of `-o`. Returns the exit code.

    Asked again, it continues: an image whose result is there, made with these settings of these files, is
    left as it is. What is no whole image, or cannot be made into one, is told and passed over.

    Raises:
        InvalidInput: if there is no image, or no place for the results.
        StudioError: for what would end the next ones, too, after what was made until then is told.
    """
    first, folder = task.inputs[0], paths.expand_user(named[task.inputs[0].name][0])
    found, unread = images(folder)
    out = _place(task, settings, folder, arguments.out)
    if unread and not arguments.quiet:
        was = "was" if len(unread) == 1 else "were"
        told = f"{amounts.count(len(unread), 'file')} of other kinds {was} skipped: {first_few(unread)}."
        terminal.note(told)
    subfolders = _subfolders(folder, out)
    if subfolders and not arguments.quiet:
        told = amounts.count(len(subfolders), "subfolder")
        terminal.note(
            f"Images in {told} are not read: {first_few(subfolders)}. Name each one to include its images."
        )
    others = {**named, first.name: []}
    given = read(task, others, machine)
    originals = Originals([*map(str, found), *itertools.chain(*others.values())])
    names = _names(found)
    began, done = time.monotonic(), _Done()
    # Between two images, too, a Ctrl-C is noted, not raised: raised in the wrong place it would be lost.
    with terminal.interruptible() as stopped:
        try:
            for n, path in enumerate(found, start=1):
                if stopped():
                    raise Cancelled
                target = out / f"{names[path]}.png"
                place = target.resolve()
                try:
                    originals.check(place, f"output {printable(str(target), 100)}")
                    inputs = {first.name: [machine.read(first, str(path), None)], **given}
                    machine.check(task.name, settings, inputs)
                except StudioError as error:
                    done.pass_over(path, error)
                    continue
                recipe = _recipe(target)
                if recipe and _is_of(recipe, task, settings, inputs):
                    done.there.append(str(target))
                    continue
                if target.exists() and not recipe:
                    terminal.note(f"{printable(str(target), 99)} is not a result of the studio and is kept.")
                    done.failed.append(str(path))
                    continue
                try:
                    with console.working(f"{task.title} {n} of {len(found)}", arguments) as progress:
                        started = time.monotonic()
                        result = machine.run(task, settings, inputs, progress)
                except InvalidInput as error:  # found only in the work, such as a side that is too short
                    done.pass_over(path, error)
                    continue
                if result.stopped_early:  # what is not finished would be taken for it the next time
                    raise Cancelled
                keep(result, time.monotonic() - started)
                outputs.save(result, place)
                done.made.append(str(target))
                if not arguments.json:
                    console.say(str(target))
                progress.check()  # a Ctrl-C that came when there was nothing left to stop means the next ones
        except (Cancelled, KeyboardInterrupt):
            done.stopped = True
        except Exception:  # such as no room: the next ones would end as this one does
            done.stopped = True
            _tell(done, len(found), time.monotonic() - began, arguments)
            raise
    return _tell(done, len(found), time.monotonic() - began, arguments)


def images(folder: Path) -> tuple[list[Path], list[str]]:
    """The files of a folder that are named as images, and the names of its other files, both sorted.

    Raises:
        InvalidInput: if there is no image.
    """
    try:
        seen = [p for p in sorted(folder.iterdir()) if not is_junk(p.name) and not is_hidden(p.name)]
        found = [path for path in seen if path.suffix.lower() in formats.ENDINGS]
        others = [p.name for p in seen if p.suffix.lower() not in formats.ENDINGS and p.is_file()]
    except OSError as error:
        step = "check its permissions"
        raise invalid(
            "folder", expected="one that can be read", received=error.strerror, next_step=step
        ) from None
    if not found:
        received = f"none in {printable(folder.name, 100)}"
        step = f"choose a folder with files that end in {', '.join(formats.ENDINGS)}"
        raise invalid("folder", expected="one with images", received=received, next_step=step)
    return found, others


def _subfolders(folder: Path, out: Path) -> list[str]:
    """The names of its folders that may hold images; not of that of the results."""
    seen = [path for path in sorted(folder.iterdir()) if path.is_dir() and path.resolve() != out.resolve()]
    return [path.name for path in seen if not is_junk(path.name) and not is_hidden(path.name)]


def _names(found: Sequence[Path]) -> dict[Path, str]:
    """What each result is called: its name without the ending; with it, or a number, where it is taken."""
    named: dict[Path, str] = {}
    taken: set[str] = set()
    for path in found:
        alone = sum(other.stem.casefold() == path.stem.casefold() for other in found) == 1
        first = path.stem if alone else path.name
        names = (first if number == 1 else f"{first}-{number}" for number in itertools.count(1))
        named[path] = next(name for name in names if name.casefold() not in taken)
        taken.add(named[path].casefold())
    return named


def _place(task: Task, settings: Settings, folder: Path, text: str | None) -> Path:
    """The folder of the results, made if need be."""
    if task.makes(settings) != "image":
        expected, step = "settings that make images", "give one image, not a folder"
        raise invalid("settings", expected=expected, received=task.makes(settings), next_step=step)
    shown, expected = f"output {printable(text or '', 100)}", "a folder for the results"
    if not text:
        raise invalid("output", expected=expected, received="none", next_step="name one with -o")
    out = paths.expand_user(text)
    if out.suffix.lower() in formats.ENDINGS:
        received, step = "an image's name for a whole folder", "name a folder"
        raise invalid(shown, expected=expected, received=received, next_step=step)
    try:
        out.mkdir(exist_ok=True)
        same = out.samefile(folder)
    except (OSError, ValueError) as error:
        received = getattr(error, "strerror", None) or "not a valid path"
        raise invalid(shown, expected=expected, received=received, next_step="choose another path") from None
    if same:
        step = "choose another folder, so that the originals are kept"
        raise invalid(shown, expected=expected, received="the folder of the images", next_step=step)
    return out


def _recipe(path: Path) -> Recipe | None:
    """The recipe of a result that is there already; None of what the studio has not made."""
    try:
        return outputs.recipe_of(path)
    except StudioError:
        return None


def _is_of(recipe: Recipe, task: Task, settings: Settings, inputs: Inputs) -> bool:
    """Whether a recipe is of this very task, of these settings and files."""
    digests = {slot: [source.digest for source in some] for slot, some in recipe.inputs.items()}
    wanted = {slot: [file.digest for file in files] for slot, files in inputs.items() if files}
    return (recipe.task, recipe.settings, digests) == (task.name, settings.model_dump(mode="json"), wanted)


def _tell(done: _Done, count: int, seconds: float, arguments: argparse.Namespace) -> int:
    if arguments.json:
        told = {"made": done.made, "there": done.there, "failed": done.failed, "stopped": done.stopped}
        console.say_json({**told, "seconds": round(seconds, 3)})
    elif not arguments.quiet:
        parts = [f"{len(done.made)} of {count} images made"]
        parts += [f"{len(done.there)} existed already"] if done.there else []
        parts += [f"{len(done.failed)} skipped"] if done.failed else []
        next_step = " Run the same command again to continue." if done.stopped else ""
        terminal.note(f"{', '.join(parts)}.{next_step}")
    if done.stopped:
        return console.STOPPED
    return console.BAD if done.failed else 0
