"""Runs a command on every image of a folder, one after the other; skips those that are done already."""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studio.cli import console
from studio.core import amounts, paths
from studio.core.data.names import is_hidden, is_junk, join_first_few
from studio.core.errors import Cancelled, InvalidInput, StudioError, invalid, make_printable
from studio.core.imaging import formats
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import Inputs, Task
from studio.run import outputs, terminal
from studio.run.machine import Machine, add_to_gallery
from studio.run.protected_inputs import ProtectedInputs
from studio.run.request import SlotValues, read_inputs


@dataclass
class _Summary:
    """Paths of the images of a folder by outcome.

    Attributes:
        saved: results of this run.
        existing: results that existed already.
        failed: images without a result.
        stopped: whether the run ended early.
    """

    saved: list[str] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    stopped: bool = False

    def skip(self, path: Path, error: StudioError) -> None:
        """Notes why an image has no result."""
        terminal.print_note(f"{make_printable(path.name, 100)} was skipped. {error}")
        self.failed.append(str(path))


def find_image_folder(task: Task, file_values: SlotValues) -> Path | None:
    """Returns the folder that was given instead of the single image of a task, or None."""
    content = file_values[task.inputs[0].name] if task.takes_single_image else []
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
    file_values: SlotValues,
    arguments: argparse.Namespace,
    machine: Machine,
) -> int:
    """Makes a PNG of every image in a folder, in the folder of `-o`. Returns the exit code.

    A repeated run continues: it skips images whose results, with these settings and files, exist. Images that
    are damaged or cannot be processed are noted and skipped.

    Raises:
        InvalidInput: if there is no image, or the output folder is not valid.
        StudioError: for an error that would affect the next images, too; the summary is printed first.
    """
    first, folder = task.inputs[0], paths.expand_user(file_values[task.inputs[0].name][0])
    photos, other_files = list_images(folder)
    out = _prepare_output_folder(task, settings, folder, arguments.out)
    if other_files and not arguments.quiet:
        verb = "was" if len(other_files) == 1 else "were"
        count = amounts.format_count(len(other_files), "file")
        terminal.print_note(f"{count} of other kinds {verb} skipped: {join_first_few(other_files)}.")
    subfolders = _list_subfolders(folder, out)
    if subfolders and not arguments.quiet:
        count = amounts.format_count(len(subfolders), "subfolder")
        terminal.print_note(
            f"Images in {count} are not read: {join_first_few(subfolders)}. "
            "Name each one to include its images."
        )
    other_values = {**file_values, first.name: []}
    other_inputs = read_inputs(task, other_values, machine, getattr(arguments, "labels", None))
    originals = ProtectedInputs([*map(str, photos), *itertools.chain(*other_values.values())])
    names = _name_results(photos)
    start, summary = time.monotonic(), _Summary()
    # Remember a Ctrl-C between two images instead of raising it, because it could be lost there.
    with terminal.catch_interrupts() as is_stopped:
        try:
            for number, path in enumerate(photos, start=1):
                if is_stopped():
                    raise Cancelled
                target = out / f"{names[path]}.png"
                output = target.resolve()
                try:
                    originals.check(output, f"output {make_printable(str(target), 100)}")
                    inputs = {first.name: [machine.read(first, str(path), None)], **other_inputs}
                    machine.check(task.name, settings, inputs)
                except StudioError as error:
                    summary.skip(path, error)
                    continue
                recipe = _read_recipe(target)
                if recipe and _recipe_matches(recipe, task, settings, inputs):
                    summary.existing.append(str(target))
                    continue
                if target.exists() and not recipe:
                    terminal.print_note(
                        f"{make_printable(str(target), 99)} is not a result of the studio and is kept."
                    )
                    summary.failed.append(str(path))
                    continue
                try:
                    with console.show_progress(
                        f"{task.title} {number} of {len(photos)}", arguments
                    ) as progress:
                        image_start = time.monotonic()
                        result = machine.run(task, settings, inputs, progress)
                except InvalidInput as error:  # only the work shows it, such as a side that is too short
                    summary.skip(path, error)
                    continue
                if result.stopped_early:  # a saved partial result would count as finished next time
                    raise Cancelled
                add_to_gallery(result, time.monotonic() - image_start)
                outputs.save_result(result, output)
                summary.saved.append(str(target))
                if not arguments.json:
                    console.print_line(str(target))
                progress.check()  # a Ctrl-C too late for this image stops before the next one
        except (Cancelled, KeyboardInterrupt):
            summary.stopped = True
        except Exception:  # such as a full disk, which would affect the next images, too
            summary.stopped = True
            _report_summary(summary, len(photos), time.monotonic() - start, arguments)
            raise
    return _report_summary(summary, len(photos), time.monotonic() - start, arguments)


def list_images(folder: Path) -> tuple[list[Path], list[str]]:
    """Returns the files of a folder with image extensions, and the names of the other files, both sorted.

    Raises:
        InvalidInput: if there is no image.
    """
    try:
        entries = [p for p in sorted(folder.iterdir()) if not is_junk(p.name) and not is_hidden(p.name)]
        photos = [p for p in entries if p.suffix.lower() in formats.EXTENSIONS and not p.is_dir()]
        other_names = [p.name for p in entries if p.suffix.lower() not in formats.EXTENSIONS and p.is_file()]
    except OSError as error:
        step = "check its permissions"
        raise invalid(
            "folder", expected="one that can be read", received=error.strerror, next_step=step
        ) from None
    if not photos:
        received = f"none in {make_printable(folder.name, 100)}"
        step = f"choose a folder with files that end in {', '.join(formats.EXTENSIONS)}"
        raise invalid("folder", expected="one with images", received=received, next_step=step)
    return photos, other_names


def _list_subfolders(folder: Path, out: Path) -> list[str]:
    """Returns the names of subfolders that may contain images, without the output folder."""
    subfolders = [
        path for path in sorted(folder.iterdir()) if path.is_dir() and path.resolve() != out.resolve()
    ]
    return [path.name for path in subfolders if not is_junk(path.name) and not is_hidden(path.name)]


def _name_results(photos: Sequence[Path]) -> dict[Path, str]:
    """Returns a unique name for each result: the stem of the image, or its file name, or with a number."""
    result_names: dict[Path, str] = {}
    used: set[str] = set()
    for path in photos:
        is_unique = sum(other.stem.casefold() == path.stem.casefold() for other in photos) == 1
        base_name = path.stem if is_unique else path.name
        candidates = (base_name if number == 1 else f"{base_name}-{number}" for number in itertools.count(1))
        result_names[path] = next(name for name in candidates if name.casefold() not in used)
        used.add(result_names[path].casefold())
    return result_names


def _prepare_output_folder(task: Task, settings: Settings, folder: Path, text: str | None) -> Path:
    """Returns the output folder; creates it if necessary."""
    if task.choose_kind(settings) != "image":
        expected, step = "settings that make images", "give one image, not a folder"
        raise invalid("settings", expected=expected, received=task.choose_kind(settings), next_step=step)
    label, expected = f"output {make_printable(text or '', 100)}", "a folder for the results"
    if not text:
        raise invalid("output", expected=expected, received="none", next_step="name one with -o")
    out = paths.expand_user(text)
    if out.suffix.lower() in formats.EXTENSIONS:
        received, step = "an image's name for a whole folder", "name a folder"
        raise invalid(label, expected=expected, received=received, next_step=step)
    try:
        out.mkdir(exist_ok=True)
        is_source = out.samefile(folder)
    except (OSError, ValueError) as error:
        received = getattr(error, "strerror", None) or "not a valid path"
        raise invalid(label, expected=expected, received=received, next_step="choose another path") from None
    if is_source:
        step = "choose another folder, so that the originals are kept"
        raise invalid(label, expected=expected, received="the folder of the images", next_step=step)
    return out


def _read_recipe(path: Path) -> Recipe | None:
    """Returns the recipe of an existing result; None if the studio did not make it."""
    try:
        return outputs.read_recipe(path)
    except StudioError:
        return None


def _recipe_matches(recipe: Recipe, task: Task, settings: Settings, inputs: Inputs) -> bool:
    """Returns whether a recipe has this task, these settings and these files."""
    digests = {slot: [source.digest for source in sources] for slot, sources in recipe.inputs.items()}
    input_digests = {slot: [file.digest for file in files] for slot, files in inputs.items() if files}
    return (recipe.task, recipe.settings, digests) == (
        task.name,
        settings.model_dump(mode="json"),
        input_digests,
    )


def _report_summary(summary: _Summary, count: int, seconds: float, arguments: argparse.Namespace) -> int:
    """Prints how many of `count` images have results, or JSON. Returns the exit code."""
    if arguments.json:
        values = {
            "made": summary.saved,
            "there": summary.existing,
            "failed": summary.failed,
            "stopped": summary.stopped,
        }
        console.print_json({**values, "seconds": round(seconds, 3)})
    elif not arguments.quiet:
        notes = [f"{len(summary.saved)} of {count} images made"]
        notes += [f"{len(summary.existing)} existed already"] if summary.existing else []
        notes += [f"{len(summary.failed)} skipped"] if summary.failed else []
        next_step = " Run the same command again to continue." if summary.stopped else ""
        terminal.print_note(f"{', '.join(notes)}.{next_step}")
    if summary.stopped:
        return console.EXIT_STOPPED
    return console.EXIT_ERROR if summary.failed else 0
