"""Runs a command on every image of a folder and its subfolders; skips those that are done already."""

from __future__ import annotations

import argparse
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studio.cli import console
from studio.core import amounts, paths, recipes
from studio.core.data.names import is_hidden, is_junk, join_first_few
from studio.core.errors import Cancelled, InvalidInput, StudioError, invalid, make_printable
from studio.core.imaging import formats
from studio.core.models import model_folder
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


def is_image_folder(task: Task, file_values: SlotValues) -> bool:
    """Returns whether a folder was given instead of the single image of a task."""
    content = file_values[task.inputs[0].name] if task.takes_single_image else []
    return bool(content) and model_folder.is_folder(paths.expand_user(content[0]))


def run(
    task: Task,
    settings: Settings,
    file_values: SlotValues,
    arguments: argparse.Namespace,
    machine: Machine,
) -> int:
    """Makes a PNG of every image in a folder, in the same subfolder of `-o`. Returns the exit code.

    A repeated run continues: it skips images whose results, with these settings and files, exist. Images that
    are damaged or cannot be processed are noted and skipped.

    Raises:
        InvalidInput: if there is no image, or the output folder is not valid.
        StudioError: for an error that would affect the next images, too; the summary is printed first.
    """
    first, folder = task.inputs[0], paths.expand_user(file_values[task.inputs[0].name][0])
    out = _parse_output(task, settings, arguments.out)
    photos, other_files = list_images(folder, out)
    _create_output_folder(out, folder, arguments.out)
    if other_files and not arguments.quiet:
        verb = "was" if len(other_files) == 1 else "were"
        count = amounts.format_count(len(other_files), "file")
        terminal.print_note(f"{count} of other kinds {verb} skipped: {join_first_few(other_files)}.")
    other_values = {**file_values, first.name: []}
    folder_run = _FolderRun(
        task,
        settings,
        arguments,
        machine,
        read_inputs(task, other_values, machine, getattr(arguments, "labels", None)),
        ProtectedInputs([*map(str, photos), *itertools.chain(*other_values.values())]),
        len(photos),
    )
    names, start = _name_results(photos, folder), time.monotonic()
    # Remember a Ctrl-C between two images instead of raising it, because it could be lost there.
    with terminal.catch_interrupts() as is_stopped:
        try:
            for number, path in enumerate(photos, start=1):
                if is_stopped():
                    raise Cancelled
                folder_run.process(number, path, out / f"{names[path]}.png")
        except (Cancelled, KeyboardInterrupt):
            folder_run.summary.stopped = True
        except Exception:  # such as a full disk, which would affect the next images, too
            folder_run.summary.stopped = True
            _report_summary(folder_run.summary, len(photos), time.monotonic() - start, arguments)
            raise
    return _report_summary(folder_run.summary, len(photos), time.monotonic() - start, arguments)


@dataclass
class _FolderRun:
    """A command that runs on the images of a folder.

    Attributes:
        task, settings, arguments, machine: of the command, see `run`.
        other_inputs: inputs that all images share.
        originals: files that no result may replace.
        count: number of images.
        summary: the outcomes so far.
    """

    task: Task
    settings: Settings
    arguments: argparse.Namespace
    machine: Machine
    other_inputs: Inputs
    originals: ProtectedInputs
    count: int
    summary: _Summary = field(default_factory=_Summary)

    def process(self, number: int, photo: Path, target: Path) -> None:
        """Makes the result of one image, unless it exists.

        Args:
            number: of the image, from 1.
            photo: the image.
            target: the result.

        Raises:
            Cancelled: if the user stopped the run.
            StudioError: for an error that would affect the next images, too.
        """
        output = target.resolve()
        try:
            self.originals.check(output, f"output {make_printable(str(target), 100)}")
            first = self.task.inputs[0]
            inputs = {first.name: [self.machine.read(first, str(photo), None)], **self.other_inputs}
            self.machine.check(self.task.name, self.settings, inputs)
        except StudioError as error:
            self.summary.skip(photo, error)
            return
        if self._is_occupied(target, photo, recipes.make(self.task.name, self.settings, inputs)):
            return
        start = time.monotonic()
        try:
            _create_subfolder(target)
            title = f"{self.task.title} {number} of {self.count}"
            with console.show_progress(title, self.arguments) as progress:
                result = self.machine.run(self.task, self.settings, inputs, progress)
        except InvalidInput as error:  # only the work shows it, such as a side that is too short
            self.summary.skip(photo, error)
            return
        if result.stopped_early:  # a saved partial result would count as finished next time
            raise Cancelled
        add_to_gallery(result, time.monotonic() - start)
        outputs.save_result(result, output)
        self.summary.saved.append(str(target))
        if not self.arguments.json:
            console.print_line(str(target))
        progress.check()  # a Ctrl-C too late for this image stops before the next one

    def _is_occupied(self, target: Path, photo: Path, new_recipe: Recipe) -> bool:
        """Returns whether the result exists, or another file that must stay; notes which."""
        recipe = _read_recipe(target)
        if recipe and recipe.identity == new_recipe.identity:
            self.summary.existing.append(str(target))
            return True
        if target.exists() and not recipe:
            name = make_printable(str(target), 99)
            terminal.print_note(f"{name} is not a result of the studio and is kept.")
            self.summary.failed.append(str(photo))
            return True
        return False


def list_images(folder: Path, out: Path) -> tuple[list[Path], list[str]]:
    """Returns the images of a folder and its subfolders, and the names of the other files, both sorted.

    Hidden files and folders, links to folders, and the output folder are left out.

    Args:
        folder: to read.
        out: output folder, which may be inside.

    Raises:
        InvalidInput: if there is no image.
    """
    try:
        files = sorted(_iterate_files(folder, out))
    except OSError as error:
        label = f"folder {make_printable(str(error.filename or folder), 100)}"
        step = "check its permissions"
        raise invalid(
            label, expected="one that can be read", received=error.strerror, next_step=step
        ) from None
    photos = [path for path in files if path.suffix.lower() in formats.EXTENSIONS]
    if not photos:
        received = f"none in {make_printable(folder.name, 100)}"
        step = f"choose a folder with files that end in {', '.join(formats.EXTENSIONS)}"
        raise invalid("folder", expected="one with images", received=received, next_step=step)
    return photos, [path.name for path in files if path.suffix.lower() not in formats.EXTENSIONS]


def _iterate_files(folder: Path, out: Path) -> Iterator[Path]:
    """Yields the files of a folder and its subfolders, except hidden ones and those of the output folder."""
    for path in folder.iterdir():
        if is_junk(path.name) or is_hidden(path.name):
            continue
        if not path.is_dir():
            yield path
        elif not path.is_symlink() and path.resolve() != out.resolve():
            yield from _iterate_files(path, out)


def _name_results(photos: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Returns a unique path in the output folder for each result, without its ending.

    Results are in the same subfolders as their images. The name is the stem of the image, or its file name if
    another image of the subfolder has the stem, or has a number.
    """
    result_paths: dict[Path, Path] = {}
    stems = Counter(_fold_case(path.with_suffix("")) for path in photos)
    used: set[str] = set()
    for path in photos:
        is_unique = stems[_fold_case(path.with_suffix(""))] == 1
        base_path = (path.with_suffix("") if is_unique else path).relative_to(folder)
        numbers = itertools.count(2)
        candidates = itertools.chain(
            [base_path], (base_path.with_name(f"{base_path.name}-{number}") for number in numbers)
        )
        result_paths[path] = next(path for path in candidates if _fold_case(path) not in used)
        used.add(_fold_case(result_paths[path]))
    return result_paths


def _fold_case(path: Path) -> str:
    """Returns a text that is equal for paths that some file systems do not distinguish."""
    return str(path).casefold()


def _parse_output(task: Task, settings: Settings, text: str | None) -> Path:
    """Returns the path of the output folder, which need not exist."""
    if task.choose_kind(settings) != "image":
        expected, step = "settings that make images", "give one image, not a folder"
        raise invalid("settings", expected=expected, received=task.choose_kind(settings), next_step=step)
    if not text:
        raise _output_error("", "none", "name one with -o")
    out = paths.expand_user(text)
    if out.suffix.lower() in formats.EXTENSIONS:
        raise _output_error(text, "an image's name for a whole folder", "name a folder")
    return out


def _create_output_folder(out: Path, folder: Path, text: str) -> None:
    """Creates the output folder if necessary. Raises `InvalidInput` if it is the folder of the images."""
    try:
        out.mkdir(exist_ok=True)
        is_source = out.samefile(folder)
    except (OSError, ValueError) as error:
        received = getattr(error, "strerror", None) or "not a valid path"
        raise _output_error(text, received, "choose another path") from None
    if is_source:
        step = "choose another folder, so that the originals are kept"
        raise _output_error(text, "the folder of the images", step)


def _create_subfolder(target: Path) -> None:
    """Creates the folder of a result if necessary. Raises `InvalidInput` if that is impossible."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        received = error.strerror or "not a valid path"
        raise _output_error(str(target.parent), received, "choose another path") from None


def _output_error(text: str, received: str, next_step: str) -> InvalidInput:
    label = f"output {make_printable(text, 100)}" if text else "output"
    return invalid(label, expected="a folder for the results", received=received, next_step=next_step)


def _read_recipe(path: Path) -> Recipe | None:
    """Returns the recipe of an existing result; None if the studio did not make it."""
    try:
        return outputs.read_recipe(path)
    except StudioError:
        return None


def _report_summary(summary: _Summary, count: int, seconds: float, arguments: argparse.Namespace) -> int:
    """Prints how many of `count` images have results, or JSON. Returns the exit code."""
    if arguments.json:
        values = {
            "saved": summary.saved,
            "existing": summary.existing,
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
