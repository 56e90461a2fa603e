"""Classes that the user fills with images by hand: their limits, undo, and the archive they become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import PurePosixPath
from typing import Any

from pages.form import input_store, loose_images
from studio.classify.data.audit import MIN_CLASS_IMAGES
from studio.core import data
from studio.core.data import names
from studio.core.data.sources import DataSource
from studio.core.errors import InvalidInput, as_sentence, invalid, make_printable
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.run import file_checks

MAX_IMAGES, MAX_CLASSES = 2000, 50  # images in all, and classes; for more, a zip of folders is faster
MAX_SIDE = 1024  # px of an image's longer side; backbones take smaller images
MAX_NAME_LENGTH = 60  # characters
_FORBIDDEN_CHARACTERS = set('/\\:*?"<>|')  # characters in folder names


@dataclass(frozen=True)
class HandClass:
    """A class that the user fills with images by hand.

    Attributes:
        number: unique in this tab, also among deleted classes.
        name: of the class.
        images: by SHA-256, in the order in which they were added.
    """

    number: int
    name: str
    images: Mapping[str, File] = field(default_factory=dict)


class HandClasses:
    """All classes of a tab, with their state before the last removal, for undo."""

    def __init__(self) -> None:
        self.classes: tuple[HandClass, ...] = (HandClass(1, "Class 1"), HandClass(2, "Class 2"))
        self._before: tuple[HandClass, ...] = ()
        self._last = 2

    @classmethod
    def read(cls, description: Any) -> HandClasses:
        """Returns the classes of a `description`, with the images still stored; two empty ones if invalid."""
        loaded, classes = cls(), []
        for number, entry in enumerate(description if isinstance(description, list) else (), 1):
            if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str):
                files = input_store.read_files(entry[1], "image")
                classes.append(
                    HandClass(number, _make_valid_name(entry[0]), {file.digest: file for file in files})
                )
        if classes:
            loaded.classes = tuple(classes[:MAX_CLASSES])
            loaded._last = len(classes)
        return loaded

    @property
    def description(self) -> list[Any]:
        """Returns names and images as JSON values."""
        return [
            [hand_class.name, input_store.describe_files(list(hand_class.images.values()))]
            for hand_class in self.classes
        ]

    def __len__(self) -> int:
        return sum(len(hand_class.images) for hand_class in self.classes)

    @property
    def can_undo(self) -> bool:
        """Returns whether there is a removal to undo."""
        return bool(self._before)

    def undo(self) -> None:
        """Undoes the last removal; images added since then stay."""
        by_number = {hand_class.number: hand_class for hand_class in self.classes}
        present = {digest for hand_class in self.classes for digest in hand_class.images}
        restored = []
        for hand_class in self._before:
            current = by_number.pop(hand_class.number, replace(hand_class, images={}))
            lost = {digest: image for digest, image in hand_class.images.items() if digest not in present}
            restored.append(replace(current, images={**lost, **current.images}))
        self.classes, self._before = (*restored, *by_number.values()), ()

    def find(self, number: int) -> HandClass:
        """Returns the class with this number."""
        return next(hand_class for hand_class in self.classes if hand_class.number == number)

    def add(self, name: str = "") -> HandClass:
        """Adds an empty class and returns it. Raises `InvalidInput` if there are too many.

        Args:
            name: of the class; "" for the next free "Class N".
        """
        if len(self.classes) >= MAX_CLASSES:
            step = "for more, put the images into one folder per class and upload a zip"
            raise invalid("classes", expected=f"at most {MAX_CLASSES}", received="one more", next_step=step)
        self._last += 1
        names_in_use = {hand_class.name.casefold() for hand_class in self.classes}
        number = next(n for n in count(len(self.classes) + 1) if f"class {n}" not in names_in_use)
        hand_class = HandClass(self._last, name or f"Class {number}")
        self.classes += (hand_class,)
        return hand_class

    def rename(self, number: int, name: str) -> None:
        """Renames a class. Raises `InvalidInput` if the name is invalid or in use."""
        name = " ".join(name.split())
        other_names = [hand_class.name for hand_class in self.classes if hand_class.number != number]
        check_name(name, other_names)
        self._change_class(number, lambda hand_class: replace(hand_class, name=name))

    def delete(self, number: int) -> None:
        """Deletes a class with its images."""
        self._before = self.classes
        self.classes = tuple(hand_class for hand_class in self.classes if hand_class.number != number)

    def add_image(self, number: int, data: bytes, name: str) -> bool:
        """Adds an image to a class. Returns False if the class has it already.

        Raises:
            InvalidInput: if it is not an image, is in another class, or exceeds the limit.
        """
        filename = make_printable(name, 60)
        if len(self) >= MAX_IMAGES:
            step = "For more, put the images into one folder per class and upload a zip."
            raise InvalidInput(f"{filename} exceeds the limit of {MAX_IMAGES:,} images. {step}")
        file_checks.check_bytes("image", data, name)
        file = File.store(loose_images.limit_size(data, MAX_SIDE), "image", name)
        for hand_class in self.classes:
            if file.digest in hand_class.images:
                if hand_class.number == number:
                    return False
                step = "Remove the image there first if that class is wrong."
                raise InvalidInput(f"{filename} is already in {hand_class.name}. {step}")
        self._add_files(number, {file.digest: file})
        return True

    def load_archive(self, file: File, progress: Progress) -> int:
        """Replaces all classes by those of an archive. Returns how many images were left out.

        Args:
            file: the data set, one folder per class.
            progress: receives the number of images done.

        Raises:
            StudioError: if the archive cannot be read; the classes then stay as they were.
        """
        before = self.classes
        self.classes = ()
        try:
            left_out = self._add_images(data.open_source(file), progress)
        except BaseException:  # also when the user leaves the page meanwhile
            self.classes = before
            raise
        self._before = tuple(hand_class for hand_class in before if hand_class.images)
        return left_out

    def _add_images(self, source: DataSource, progress: Progress) -> int:
        """Adds the images of a data set to classes of their names. Returns how many could not be added."""
        numbers: dict[str, int] = {}
        left_out = 0
        for position, item in enumerate(source.read()):
            progress.report(position, len(source.names), text="Reading images")
            try:
                name = _make_valid_name(source.classes[item.label] if item.label >= 0 else "")
                if name.casefold() not in numbers:
                    numbers[name.casefold()] = self.add(name).number
                body = item.data if isinstance(item.data, bytes) else image_io.encode_png(item.data)
                file_name = PurePosixPath(source.names[item.position]).name
                self.add_image(numbers[name.casefold()], body, file_name)
            except InvalidInput:
                left_out += 1
        return left_out

    def remove(self, number: int, digests: set[str]) -> None:
        """Removes images from a class."""
        self._before = self.classes
        self._change_class(number, lambda hand_class: _copy_without_images(hand_class, digests))

    def move(self, number: int, digests: set[str], to: int) -> None:
        """Moves images of a class to another class."""
        images = self.find(number).images
        moved = {digest: image for digest, image in images.items() if digest in digests}
        self._change_class(number, lambda hand_class: _copy_without_images(hand_class, digests))
        self._add_files(to, moved)

    def describe_requirement(self) -> str:
        """Returns what is missing before a classifier can be trained, as a sentence; "" if nothing is."""
        if len(self.classes) < 2:
            return "Add another class: a classifier needs at least two."
        if few := [hand_class for hand_class in self.classes if len(hand_class.images) < MIN_CLASS_IMAGES]:
            class_names = names.join_first_few([hand_class.name for hand_class in few])
            return (
                f"Add at least {MIN_CLASS_IMAGES} different images to {class_names}; a few dozen are "
                f"much better."
            )
        if names.find_splits([f"{hand_class.name}/1" for hand_class in self.classes]):
            class_names = " and ".join(hand_class.name for hand_class in self.classes)
            return f"Class names {class_names} look like dataset splits. Rename one of the classes."
        return ""

    @property
    def archive_name(self) -> str:
        """Returns the file name of the archive: "cats, dogs.zip"."""
        return f"{names.join_first_few([hand_class.name for hand_class in self.classes])}.zip"

    def list_members(self) -> dict[str, File]:
        """Returns all images by their paths in the archive, one folder per class."""
        return {
            f"{hand_class.name}/{number:04}-{image.name}": image
            for hand_class in self.classes
            for number, image in enumerate(hand_class.images.values(), 1)
        }

    def _add_files(self, number: int, files: Mapping[str, File]) -> None:
        self._change_class(
            number, lambda hand_class: replace(hand_class, images={**hand_class.images, **files})
        )

    def _change_class(self, number: int, change: Callable[[HandClass], HandClass]) -> None:
        """Replaces the class with this number by its changed copy."""
        self.classes = tuple(
            change(hand_class) if hand_class.number == number else hand_class for hand_class in self.classes
        )


def check_name(name: str, other_names: list[str]) -> None:
    """Raises `InvalidInput` if a class cannot have this name, which is also the name of its folder.

    Args:
        other_names: the names of the other classes.
    """
    step = "give it another name"
    if not name:
        raise InvalidInput("A class needs a name. Say what its images show, such as cats.")
    if len(name) > MAX_NAME_LENGTH:
        received = f"{len(name):,}"
        raise invalid(
            "name", expected=f"at most {MAX_NAME_LENGTH} characters", received=received, next_step=step
        )
    if (
        not _FORBIDDEN_CHARACTERS.isdisjoint(name)
        or not name.isprintable()
        or name[0] == "."
        or name[-1] == "."
    ):
        expected = 'a name without / \\ : * ? " < > | and without a dot at its ends'
        raise invalid("name", expected=expected, received=name, next_step=step)
    if names.is_junk(f"{name}/1"):
        raise InvalidInput(
            f"Folders named {name} are ignored, because they are not treated as data. {as_sentence(step)}"
        )
    if twin := next((other for other in other_names if other.casefold() == name.casefold()), None):
        raise InvalidInput(f"There is already a class called {twin}. {as_sentence(step)}")


def _make_valid_name(name: str) -> str:
    """Returns the class name of an archive in a form that `check_name` accepts."""
    safe_name = "".join(
        "-" if letter in _FORBIDDEN_CHARACTERS or not letter.isprintable() else letter for letter in name
    )
    return safe_name.strip(" .")[:MAX_NAME_LENGTH] or "unnamed"


def _copy_without_images(hand_class: HandClass, digests: set[str]) -> HandClass:
    images = {digest: image for digest, image in hand_class.images.items() if digest not in digests}
    return replace(hand_class, images=images)
