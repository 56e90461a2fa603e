"""Classes that a user names and fills with images: what may be in them, and as what archive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import PurePosixPath
from typing import Any

from pages.form import kept_inputs, loose_images
from studio.classify.data.audit import LEAST_EACH
from studio.core import data
from studio.core.data import names
from studio.core.data.sources import DataSource
from studio.core.errors import InvalidInput, invalid, printable, sentence
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.run import file_checks

MOST, MOST_CLASSES = 2000, 50  # images in all, and classes; more are quicker put into folders
LONGEST = 1024  # px of an image: networks look at fewer
LONGEST_NAME = 60  # characters
_NEVER = set('/\\:*?"<>|')  # in names of folders


@dataclass(frozen=True)
class HandClass:
    """One class.

    Attributes:
        number: that no other class of this tab had, also none that was deleted.
        name: what a user calls it.
        images: by their digests, in the order in which they came.
    """

    number: int
    name: str
    images: Mapping[str, File] = field(default_factory=dict)


class HandClasses:
    """All classes of a tab, with the state before the last thing that was taken away."""

    def __init__(self) -> None:
        self.classes: tuple[HandClass, ...] = (HandClass(1, "Class 1"), HandClass(2, "Class 2"))
        self._before: tuple[HandClass, ...] = ()
        self._last = 2

    @classmethod
    def read(cls, description: Any) -> HandClasses:
        """The classes of a `description`, with the images that are still there; else two empty ones."""
        held, classes = cls(), []
        for number, one in enumerate(description if isinstance(description, list) else (), 1):
            if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str):
                files = kept_inputs.read_files(one[1], "image")
                classes.append(HandClass(number, _usable(one[0]), {file.digest: file for file in files}))
        if classes:
            held.classes = tuple(classes[:MOST_CLASSES])
            held._last = len(classes)
        return held

    @property
    def description(self) -> list[Any]:
        """Names and images as values of JSON."""
        return [[one.name, kept_inputs.describe_files(list(one.images.values()))] for one in self.classes]

    def __len__(self) -> int:
        return sum(len(one.images) for one in self.classes)

    @property
    def can_undo(self) -> bool:
        """Whether something that was taken away can come back."""
        return bool(self._before)

    def undo(self) -> None:
        """Brings back what was taken away last; whatever was added since stays."""
        now = {one.number: one for one in self.classes}
        there = {digest for one in self.classes for digest in one.images}
        back = []
        for one in self._before:
            mine = now.pop(one.number, replace(one, images={}))
            lost = {digest: image for digest, image in one.images.items() if digest not in there}
            back.append(replace(mine, images={**lost, **mine.images}))
        self.classes, self._before = (*back, *now.values()), ()

    def add(self, name: str = "") -> HandClass:
        """An empty class more. Raises `InvalidInput` if there are too many.

        Args:
            name: of it; "" for a usual one.
        """
        if len(self.classes) >= MOST_CLASSES:
            step = "for more, put the images into one folder per class and upload a zip"
            raise invalid("classes", expected=f"at most {MOST_CLASSES}", received="one more", next_step=step)
        self._last += 1
        taken = {one.name.casefold() for one in self.classes}
        number = next(n for n in count(len(self.classes) + 1) if f"class {n}" not in taken)
        one = HandClass(self._last, name or f"Class {number}")
        self.classes += (one,)
        return one

    def rename(self, number: int, name: str) -> None:
        """Gives a class another name. Raises `InvalidInput` if it cannot have it."""
        name = " ".join(name.split())
        others = [one.name for one in self.classes if one.number != number]
        check_name(name, others)
        self.classes = tuple(replace(one, name=name) if one.number == number else one for one in self.classes)

    def delete(self, number: int) -> None:
        """Takes a class away, with its images."""
        self._before = self.classes
        self.classes = tuple(one for one in self.classes if one.number != number)

    def take(self, number: int, data: bytes, name: str) -> bool:
        """Puts an image into a class. Returns whether it was not there yet.

        Raises:
            InvalidInput: if it is no image, lies in another class, or is one too many.
        """
        called = printable(name, 60)
        if len(self) >= MOST:
            step = "For more, put the images into one folder per class and upload a zip."
            raise InvalidInput(f"{called} exceeds the limit of {MOST:,} images. {step}")
        file_checks.check_bytes("image", data, name)
        file = File.keep(loose_images.smaller(data, LONGEST), "image", name)
        for one in self.classes:
            if file.digest in one.images:
                if one.number == number:
                    return False
                step = "Remove the image there first if that class is wrong."
                raise InvalidInput(f"{called} is already in {one.name}. {step}")
        self._put(number, {file.digest: file})
        return True

    def bring(self, file: File, progress: Progress) -> int:
        """Puts the images of an archive in the place of all; how many could not be taken.

        Args:
            file: the data set, of folders that are classes.
            progress: told how many are done.

        Raises:
            StudioError: if it cannot be read; all stays as it was.
        """
        before = self.classes
        self.classes = ()
        try:
            left = self._bring(data.opened(file), progress)
        except BaseException:  # also where a user leaves the page meanwhile
            self.classes = before
            raise
        self._before = tuple(one for one in before if one.images)
        return left

    def _bring(self, source: DataSource, progress: Progress) -> int:
        numbers: dict[str, int] = {}
        left = 0
        for done, item in enumerate(source.read()):
            progress.report(done, len(source.names), text="Reading images")
            try:
                name = _usable(source.classes[item.label] if item.label >= 0 else "")
                if name.casefold() not in numbers:
                    numbers[name.casefold()] = self.add(name).number
                body = item.data if isinstance(item.data, bytes) else image_io.encode_png(item.data)
                self.take(numbers[name.casefold()], body, PurePosixPath(source.names[item.place]).name)
            except InvalidInput:
                left += 1
        return left

    def remove(self, number: int, digests: set[str]) -> None:
        """Takes images out of a class."""
        self._before = self.classes
        self.classes = tuple(_without(one, digests) if one.number == number else one for one in self.classes)

    def move(self, number: int, digests: set[str], to: int) -> None:
        """Puts images of a class into another one."""
        found = next(one for one in self.classes if one.number == number).images
        moved = {digest: image for digest, image in found.items() if digest in digests}
        self.classes = tuple(_without(one, digests) if one.number == number else one for one in self.classes)
        self._put(to, moved)

    def missing(self) -> str:
        """What there must be before a classifier can learn from them, as a sentence; "" if all is there."""
        if len(self.classes) < 2:
            return "Add another class: a classifier needs at least two."
        if few := [one for one in self.classes if len(one.images) < LEAST_EACH]:
            told = names.first_few([one.name for one in few])
            return f"Add at least {LEAST_EACH} different images to {told}; a few dozen are much better."
        if names.splits([f"{one.name}/1" for one in self.classes]):
            told = " and ".join(one.name for one in self.classes)
            return f"Class names {told} look like dataset splits. Rename one of the classes."
        return ""

    @property
    def called(self) -> str:
        """What their archive is called: "cats, dogs.zip"."""
        return f"{names.first_few([one.name for one in self.classes])}.zip"

    def members(self) -> dict[str, File]:
        """All images by their paths in an archive: a folder for each class."""
        return {
            f"{one.name}/{number:04}-{image.name}": image
            for one in self.classes
            for number, image in enumerate(one.images.values(), 1)
        }

    def _put(self, number: int, found: Mapping[str, File]) -> None:
        self.classes = tuple(
            replace(one, images={**one.images, **found}) if one.number == number else one
            for one in self.classes
        )


def check_name(name: str, others: list[str]) -> None:
    """Raises `InvalidInput` if a class cannot have a name, as it names a folder, too.

    Args:
        others: the names of the other classes.
    """
    step = "give it another name"
    if not name:
        raise InvalidInput("A class needs a name. Say what its images show, such as cats.")
    if len(name) > LONGEST_NAME:
        received = f"{len(name):,}"
        raise invalid(
            "name", expected=f"at most {LONGEST_NAME} characters", received=received, next_step=step
        )
    if not _NEVER.isdisjoint(name) or not name.isprintable() or name[0] == "." or name[-1] == ".":
        expected = 'a name without / \\ : * ? " < > | and without a dot at its ends'
        raise invalid("name", expected=expected, received=name, next_step=step)
    if names.is_junk(f"{name}/1"):
        raise InvalidInput(
            f"Folders named {name} are ignored, because they are not treated as data. {sentence(step)}"
        )
    if twin := next((other for other in others if other.casefold() == name.casefold()), None):
        raise InvalidInput(f"There is already a class called {twin}. {sentence(step)}")


def _usable(name: str) -> str:
    """The name of a class of an archive, as `check_name` takes it."""
    kept = "".join("-" if letter in _NEVER or not letter.isprintable() else letter for letter in name)
    return kept.strip(" .")[:LONGEST_NAME] or "unnamed"


def _without(one: HandClass, digests: set[str]) -> HandClass:
    left = {digest: image for digest, image in one.images.items() if digest not in digests}
    return replace(one, images=left)
