"""Named, trained models: one folder each, ours in pretrained/, a user's own in STUDIO_HOME/presets.

In a studio for many those that a visitor has kept are in a folder of the visitor's own, see
`studio.core.owners`; those in STUDIO_HOME/presets were kept by whoever runs the studio, and are for all.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from studio.core import caches, owners, paths, recipes, tasks
from studio.core.errors import InvalidInput, Unavailable, did_you_mean, invalid, printable
from studio.core.models import model_folder, model_zip, shelves
from studio.core.models import names as naming
from studio.core.models.model_folder import CARD, IMAGE, MOST, RECIPE, SETTINGS, STAGES, WEIGHTS
from studio.core.settings import Settings
from studio.core.weights import index, pretrained

if TYPE_CHECKING:
    import keras

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Preset:
    """A trained model on disk.

    Attributes:
        name: what a user calls it: the folder's name.
        folder: holds its four files.
        task: the task that made it.
        digest: SHA-256 of its weights, for recipes.
    """

    name: str
    folder: Path
    task: str
    digest: str

    @property
    def key(self) -> str:
        """What it is held under in memory: with the same weights another may have other classes or letters.

        Raises:
            InvalidInput: if its files are not whole.
        """
        return paths.digest(b"\0".join(model_folder.read(self.folder / name) for name in (SETTINGS, RECIPE)))

    @property
    def former(self) -> list[str]:
        """The names that it had before it was renamed, the last one first."""
        return shelves.former(self.folder)

    def settings(self) -> Settings:
        """The settings that it was made with. Raises `InvalidInput` if its task no longer takes them."""
        return tasks.get(self.task).settings.from_plain(model_folder.manifest(self.folder).settings)

    def settings_as(self, kind: type[S], task: str, what: str) -> S:
        """The settings of a model that must be of one kind.

        Args:
            kind: the class of the settings.
            task: the task that makes such models.
            what: what such a model is called, e.g. "a VAE".

        Raises:
            InvalidInput: if it is another kind of model.
        """
        settings = self.settings() if self.task == task else None
        if not isinstance(settings, kind):
            received = f"a model that {self.task} made"
            raise invalid(f"preset {self.name}", expected=what, received=received)
        return settings

    def data(self) -> dict[str, Any]:
        """What the model knows of its data, as its training saved it."""
        return model_folder.manifest(self.folder).data

    def card(self) -> str:
        """What it is, in Markdown: data, license, command, figures."""
        return model_folder.read(self.folder / CARD).decode("utf-8", "replace")

    def image(self) -> bytes | None:
        """A PNG of what it makes and how it learned, if it has one."""
        return self._optional(IMAGE)

    def stages(self) -> bytes | None:
        """A WebP of what it drew as it grew, grid by grid, if it has one; its numbers are in `data()`."""
        return self._optional(STAGES)

    def _optional(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.is_file() and path.stat().st_size <= MOST[name] else None

    def recipe(self) -> recipes.Recipe:
        """What made it."""
        return recipes.read(model_folder.read(self.folder / RECIPE))

    def weights(self) -> Path:
        """Its weights, checked.

        Raises:
            InvalidInput: if the file is not the one that was saved.
        """
        path = self.folder / WEIGHTS
        if not path.is_file() or paths.file_digest(path) != self.digest:
            received = "another file" if path.is_file() else "none"
            raise model_folder.broken(self.folder, f"{WEIGHTS} as it was saved", received)
        return path


def names() -> list[str]:
    """The names of all presets, ours first."""
    return [*index.shipped().presets, *own()]


def own() -> list[str]:
    """The names of the presets that whoever asks has kept, and of those that are for all."""
    return sorted(set().union(*map(shelves.on, shelves.shelves())) - index.shipped().presets.keys())


def is_known(name: str) -> bool:
    """Whether a model has this name, or had it before it was renamed."""
    return name in names() or _kept(name) is not None


def is_removed(name: str) -> bool:
    """Whether a model of this name was removed and can be restored."""
    return any(any(shelves.found(shelf / shelves.BIN, name)) for shelf in shelves.shelves())


def find(name: str | Path) -> Preset:
    """A preset by its name (ours, then those of whoever asks, then those for all), or a folder by its path.

    One that was renamed is still found by the name that it had.

    Args:
        name: text is always a name, for it may come from a recipe or an address; a folder is a `Path`.

    Raises:
        InvalidInput: if there is none, or the folder is not whole.
        Unavailable: if what is made now is to be made with the model that once had that name.
    """
    preset = _found(name)
    if wanted := pretrained.pinned().get(preset.name):
        check_digest(preset, wanted)
    return preset


def check_digest(preset: Preset, digest: str) -> None:
    """Raises `Unavailable` if a preset is another model than the one with these weights, as a recipe says."""
    if preset.digest != digest:
        raise Unavailable(
            f"This was made with another model {preset.name} (SHA-256 of its weights {digest}) than has that "
            "name now. Restore that model, use the version of the studio that had it, or make another."
        )


def _found(name: str | Path) -> Preset:
    shipped = index.shipped().presets.get(str(name))
    if shipped:
        preset = _preset(paths.shipped("pretrained") / shipped.folder, str(name))
        if preset.digest != shipped.sha256:
            raise model_folder.broken(
                preset.folder, f"weights {shipped.sha256[:12]}…", f"{preset.digest[:12]}…"
            )
        return preset
    if kept := _kept(str(name)):
        return kept
    if isinstance(name, Path) and model_folder.is_folder(name):
        return _preset(name, name.absolute().name)
    if is_removed(str(name)):
        raise Unavailable(
            f"The model {name} was removed. Restore it on the Gallery page or with "
            f"`studio models remove --undo`, or choose another."
        )
    there = names()
    known = ", ".join(there) or "there is none yet"
    raise invalid(
        "preset",
        expected=f"a name ({known})" + (" or a model folder" if isinstance(name, Path) else ""),
        received=printable(str(name)),
        next_step=did_you_mean(Path(name).name, there) or "train one",
    )


def _kept(name: str) -> Preset | None:
    """The kept model that has a name or had it; of several the one that what is made again was made with."""
    wanted = pretrained.pinned().get(name)
    first = None
    for shelf in shelves.shelves():
        for folder, called in shelves.found(shelf, name):
            preset = _preset(folder, called)
            if wanted in (None, preset.digest):
                return preset
            first = first or preset
    return first


def save(
    target: str | Path,
    model: keras.Model,
    task: str,
    settings: Settings,
    card: str,
    recipe: recipes.Recipe,
    data: Mapping[str, Any] | None = None,
    image: bytes | None = None,
    stages: bytes | None = None,
) -> Preset:
    """Saves a trained model as one folder; what was there before is replaced only by the whole of it.

    Args:
        target: a name, see `studio.core.models.names`, or the path of a folder.
        model: its weights are saved.
        task: the name of the task that made it.
        settings: what it was made with.
        card: Markdown: data, license, command, figures.
        recipe: what made it.
        data: what it knows of its data and its user needs, as JSON holds it.
        image, stages: how it learned, to go with the card, see `Preset.image` and `Preset.stages`.
    """
    folder = _place(target)
    with model_folder.replacing(folder) as fresh:
        model_folder.fill(fresh, model, task, settings, card, recipe, data, image, stages)
    return _preset(folder, folder.name)


def pack(
    model: keras.Model,
    task: str,
    settings: Settings,
    card: str,
    recipe: recipes.Recipe,
    data: Mapping[str, Any] | None = None,
    image: bytes | None = None,
    stages: bytes | None = None,
) -> bytes:
    """A trained model as one file: its folder as a zip, the same bytes for the same model. See `save`."""
    # Where the checkpoints are, too: the system's own folder may be small, and hours of work end here.
    with tempfile.TemporaryDirectory(dir=paths.folder("cache")) as place:
        model_folder.fill(Path(place), model, task, settings, card, recipe, data, image, stages)
        return model_zip.zipped(Path(place))


def unpack(data: bytes, target: str | Path) -> Preset:
    """Saves what `pack` made as a model folder. Nothing in it is run, and no path in it is followed.

    Args:
        data: the zip.
        target: as in `save`.

    Raises:
        InvalidInput: if it is not exactly such a zip, is damaged or too large.
    """
    members = model_zip.unzipped(data)
    folder = _place(target)
    with model_folder.replacing(folder) as fresh:
        for name, body in members.items():
            paths.write(fresh / name, body)
        made = _preset(fresh, folder.name)
        made.weights(), made.recipe()
    return _preset(folder, folder.name)


def from_zip(file: tasks.File) -> Preset:
    """The model of a kept zip, unpacked under STUDIO_HOME/cache the first time. Raises as `unpack`."""
    owners.check(file.digest)  # whose it is: it may have been unpacked for somebody else
    folder = caches.claim(paths.folder("cache") / "models" / file.digest)
    with contextlib.suppress(InvalidInput):  # what was freed in part is unpacked again
        if folder.is_dir():
            preset = find(folder)
            preset.weights()
            return preset
    return unpack(file.read(), folder)


def given_or_named(inputs: Mapping[str, Sequence[tasks.File]], name: str, slot: str = "network") -> Preset:
    """The network that was given in a slot, else the one of this name.

    Raises:
        InvalidInput: if there is none, or it is damaged.
    """
    return next(map(from_zip, inputs.get(slot, ())), None) or find(name)


def _place(target: str | Path) -> Path:
    """The folder of a name that is to be kept, or of a path."""
    if isinstance(target, str) and naming.is_name(target):
        return shelves.spelled(shelves.shelves()[0], target)
    return Path(target).resolve()


def _preset(folder: Path, name: str) -> Preset:
    made = model_folder.manifest(folder)
    return Preset(name, folder, made.task, made.weights)
