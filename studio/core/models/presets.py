"""Presets: trained models by name, a folder each. Shipped ones are in pretrained/, a user's own in
STUDIO_HOME/presets.

In a studio with several users, each user's models are in a folder of their own, see `studio.core.owners`;
STUDIO_HOME/presets then holds the operator's models, which all users share.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from studio.core import caches, owners, paths, recipes, tasks
from studio.core.errors import InvalidInput, StudioError, Unavailable, did_you_mean, invalid, make_printable
from studio.core.models import model_folder, model_zip, shelves
from studio.core.models import names as naming
from studio.core.models.model_folder import CARD, MAX_FILE_BYTES, RECIPE, SETTINGS, STAGES, WEIGHTS
from studio.core.settings import Settings
from studio.core.weights import index, pretrained

if TYPE_CHECKING:
    import keras

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Preset:
    """A trained model on disk.

    Attributes:
        name: name of the model and of its folder.
        folder: folder of its files.
        task: name of the task that trained it.
        digest: SHA-256 of its weights, for recipes.
    """

    name: str
    folder: Path
    task: str
    digest: str

    @property
    def key(self) -> str:
        """Cache key: a hash of settings and recipe, because models of equal weights may differ in classes.

        Raises:
            InvalidInput: if its files are incomplete.
        """
        return paths.digest(
            b"\0".join(model_folder.read_file(self.folder / name) for name in (SETTINGS, RECIPE))
        )

    @property
    def former(self) -> list[str]:
        """Former names of the model, the latest first."""
        return shelves.read_former_names(self.folder)

    def read_settings(self) -> Settings:
        """Reads its training settings. Raises `InvalidInput` if its task no longer accepts them."""
        return tasks.get(self.task).settings.from_plain(model_folder.read_manifest(self.folder).settings)

    def read_settings_as(self, kind: type[S], task: str, description: str) -> S:
        """Reads the training settings of a model that must be of one kind.

        Args:
            kind: class of the settings.
            task: task that trains such models.
            description: description of such a model for the error, e.g. "a VAE".

        Raises:
            InvalidInput: if it is another kind of model.
        """
        settings = self.read_settings() if self.task == task else None
        if not isinstance(settings, kind):
            received = f"a model that {self.task} made"
            raise invalid(f"preset {self.name}", expected=description, received=received)
        return settings

    def read_data(self) -> dict[str, Any]:
        """Reads the summary of the training data that training saved."""
        return model_folder.read_manifest(self.folder).data

    def read_card(self) -> str:
        """Reads its model card in Markdown: data, license, command, metrics."""
        return model_folder.read_file(self.folder / CARD).decode("utf-8", "replace")

    def read_stages(self) -> bytes | None:
        """Reads a WebP of sample grids during training, if it has one; their metrics are in `read_data()`."""
        path = self.folder / STAGES
        return path.read_bytes() if path.is_file() and path.stat().st_size <= MAX_FILE_BYTES[STAGES] else None

    def read_recipe(self) -> recipes.Recipe:
        """Reads the recipe of its training run."""
        return recipes.read(model_folder.read_file(self.folder / RECIPE))

    def check_weights(self) -> Path:
        """Checks the SHA-256 of its weights. Returns their path.

        Raises:
            InvalidInput: if the file is missing or changed.
        """
        path = self.folder / WEIGHTS
        if not path.is_file() or paths.file_digest(path) != self.digest:
            received = "another file" if path.is_file() else "none"
            raise model_folder.damaged_folder_error(self.folder, f"{WEIGHTS} as it was saved", received)
        return path


def list_names() -> list[str]:
    """Lists the names of all presets, shipped ones first."""
    return [*index.load().presets, *list_own_names()]


def list_own_names() -> list[str]:
    """Lists the names of the current user's presets and of the shared ones."""
    saved_names = set().union(*map(shelves.list_model_names, shelves.list_shelves()))
    return sorted(saved_names - index.load().presets.keys())


def is_known(name: str) -> bool:
    """Returns whether a model has this name, or had it before a rename."""
    return name in list_names() or _find_saved_preset(name) is not None


def is_removed(name: str) -> bool:
    """Returns whether a removed model of this name can be restored."""
    return any(
        any(shelves.find_candidates(shelf / shelves.REMOVED_FOLDER, name)) for shelf in shelves.list_shelves()
    )


def find(name: str | Path, suitable_tasks: Collection[str] = ()) -> Preset:
    """Finds a preset by name (shipped, then the current user's, then shared ones) or by folder.

    A renamed preset is still found by its former names.

    Args:
        name: a name, or a `Path` of a folder. Text is never a path: it may come from a recipe or a URL.
        suitable_tasks: the tasks that train suitable models; the error for an unknown name lists only their
            models.

    Raises:
        InvalidInput: if there is none, or the folder is incomplete.
        Unavailable: if it was removed, or has other weights than the recipe being replayed needs.
    """
    preset = _find_preset(name, suitable_tasks)
    if digest := pretrained.get_pinned().get(preset.name):
        check_digest(preset, digest)
    return preset


def check_digest(preset: Preset, digest: str) -> None:
    """Raises `Unavailable` if the weights of a preset do not have the SHA-256 of a recipe."""
    if preset.digest != digest:
        raise Unavailable(
            f"This was made with another model {preset.name} (SHA-256 of its weights {digest}) than has that "
            "name now. Restore that model, use the version of the studio that had it, or make another."
        )


def _find_preset(name: str | Path, suitable_tasks: Collection[str]) -> Preset:
    shipped = index.load().presets.get(str(name))
    if shipped:
        preset = _open_preset(paths.shipped_path("pretrained") / shipped.folder, str(name))
        if preset.digest != shipped.sha256:
            raise model_folder.damaged_folder_error(
                preset.folder, f"weights {shipped.sha256[:12]}…", f"{preset.digest[:12]}…"
            )
        return preset
    if saved_preset := _find_saved_preset(str(name)):
        return saved_preset
    if isinstance(name, Path) and model_folder.is_folder(name):
        return _open_preset(name.absolute(), name.absolute().name)
    if is_removed(str(name)):
        raise Unavailable(
            f"The model {name} was removed. Restore it on the Gallery page or with "
            f"`studio models remove --undo`, or choose another."
        )
    available = [
        preset_name
        for preset_name in list_names()
        if not suitable_tasks or _find_task(preset_name) in suitable_tasks
    ]
    choices = ", ".join(available) or "there is none yet"
    raise invalid(
        "preset",
        expected=f"a name ({choices})" + (" or a model folder" if isinstance(name, Path) else ""),
        received=make_printable(name.name if isinstance(name, Path) else name),
        next_step=did_you_mean(Path(name).name, available) or "train one",
    )


def _find_task(name: str) -> str | None:
    """Returns the task that trained a preset; None if its folder is damaged."""
    with contextlib.suppress(StudioError):
        return _find_preset(name, ()).task
    return None


def _find_saved_preset(name: str) -> Preset | None:
    """Finds the saved model that has or had a name; of several, the one that the replayed recipe used."""
    digest = pretrained.get_pinned().get(name)
    first_match = None
    for shelf in shelves.list_shelves():
        for folder, matched_name in shelves.find_candidates(shelf, name):
            preset = _open_preset(folder, matched_name)
            if digest in (None, preset.digest):
                return preset
            first_match = first_match or preset
    return first_match


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
    """Returns a trained model as a zip of its folder; the same model gives the same bytes.

    Args:
        model: model whose weights are saved.
        task: name of the task that trained it.
        settings: settings of the training run.
        card: model card in Markdown: data, license, command, metrics.
        recipe: recipe of the training run.
        data: what is needed of the training data to use the model, such as its class names, as JSON.
        image: the card's WebP of samples and training curves.
        stages: WebP of sample grids during training, see `Preset.read_stages`.
    """
    # The system's temporary folder may be too small, which would lose hours of training.
    with tempfile.TemporaryDirectory(dir=paths.ensure_folder("cache")) as folder:
        model_folder.write_files(Path(folder), model, task, settings, card, recipe, data, image, stages)
        return model_zip.pack(Path(folder))


def unpack(data: bytes, target: str | Path) -> Preset:
    """Saves a zip from `pack` as a model folder. Nothing in it is executed, no path in it is followed.

    An earlier model of that folder is replaced atomically.

    Args:
        data: bytes of the zip.
        target: a name, see `studio.core.models.names`, or the path of a folder.

    Raises:
        InvalidInput: if it is not exactly such a zip, is damaged or too large.
    """
    members = model_zip.unpack(data)
    folder = _resolve_target_folder(target)
    with model_folder.replacing(folder) as fresh:
        for name, body in members.items():
            paths.write(fresh / name, body)
        preset = _open_preset(fresh, folder.name)
        preset.check_weights()
        preset.read_recipe()
    return _open_preset(folder, folder.name)


def from_zip(file: tasks.File) -> Preset:
    """Opens the model of a stored zip; unpacks it under STUDIO_HOME/cache first. Raises as `unpack`."""
    owners.require_ownership(file.digest)  # another user may have unpacked it
    folder = caches.claim(paths.ensure_folder("cache") / "models" / file.digest)
    with contextlib.suppress(InvalidInput):  # unpack again if the cache was cleared in part
        if folder.is_dir():
            preset = find(folder)
            preset.check_weights()
            return preset
    return unpack(file.read(), folder)


def load_uploaded_or_named(
    inputs: Mapping[str, Sequence[tasks.File]],
    name: str,
    slot: str = "network",
    *,
    suitable_tasks: Collection[str] = (),
    check: Callable[[Preset], object] | None = None,
) -> Preset:
    """Opens the model uploaded in a slot, or else the preset of this name.

    Args:
        inputs: of a task.
        name: of the preset.
        slot: name of the slot.
        suitable_tasks: see `find`.
        check: raises `InvalidInput` for another kind of model.

    Raises:
        InvalidInput: if there is none, it is damaged, or `check` raises it.
    """
    preset = next(map(from_zip, inputs.get(slot, ())), None) or find(name, suitable_tasks)
    if check is not None:
        check(preset)
    return preset


def _resolve_target_folder(target: str | Path) -> Path:
    """Returns the folder to save a model in: one among the user's models for a name, else the path."""
    if isinstance(target, str) and naming.is_name(target):
        return shelves.find_folder(shelves.list_shelves()[0], target)
    return Path(target).resolve()


def _open_preset(folder: Path, name: str) -> Preset:
    manifest = model_folder.read_manifest(folder)
    return Preset(name, folder, manifest.task, manifest.weights)
