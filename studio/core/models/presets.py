"""Named, trained models: one folder each, ours in pretrained/, a person's own in STUDIO_HOME/presets.

In a studio for many those that a visitor has kept are in a folder of the visitor's own, see
`studio.core.owners`; those in STUDIO_HOME/presets were kept by whoever runs the studio, and are for all.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from studio.core import amounts, owners, paths, recipes, tasks
from studio.core.errors import InvalidInput, Unavailable, invalid, perhaps, printable
from studio.core.models import names as naming
from studio.core.settings import Settings
from studio.core.untrusted import damage, zips
from studio.core.weights import index, pretrained

if TYPE_CHECKING:
    import keras

S = TypeVar("S", bound=Settings)

WEIGHTS, SETTINGS, CARD, RECIPE = "weights.weights.h5", "settings.json", "card.md", "recipe.json"
MEMBERS = (WEIGHTS, SETTINGS, CARD, RECIPE)
PICTURE = "card.png"  # of what it makes and how it learnt; only some models have one
_MOST_TEXT = 1 << 20
_MOST_SETTINGS = 16 << 20  # what a model knows of its data grows with its classes, its curves and its density
_MOST_PICTURE = 8 << 20
_MOST_WEIGHTS = 1 << 30
_MOST = {WEIGHTS: _MOST_WEIGHTS, PICTURE: _MOST_PICTURE, SETTINGS: _MOST_SETTINGS}


class _Told(BaseModel):
    """What a model knows of its data, as far as pages that list all models read it."""

    model_config = ConfigDict(strict=True)

    class Figures(BaseModel):
        """Those that pages show."""

        model_config = ConfigDict(strict=True)

        n: int = 0
        fid: float = 0.0
        nats_per_char: float = 0.0
        nearest: float = 0.0
        nearest_held_out: float = 0.0
        kl: list[float] = []
        curve: dict[str, list[float | None]] = {}  # None is a test that was not finite
        distances: dict[str, list[float]] = {}

    class Evaluation(BaseModel):
        """Of a classifier."""

        model_config = ConfigDict(strict=True)

        accuracy: float = 0.0

    figures: Figures = Figures()
    evaluation: Evaluation = Evaluation()
    directions: dict[str, dict[str, Any]] = {}
    classes: list[str] = []


class _Made(BaseModel):
    """What settings.json holds: the task that made the model, its settings, the digest of its weights, and
    what it knows of its data, such as the names of classes or the characters of a text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    task: str
    settings: dict[str, Any]
    weights: index.Sha256
    data: dict[str, Any] = Field(default_factory=dict)

    @field_validator("data")
    @classmethod
    def _checked(cls, data: dict[str, Any]) -> dict[str, Any]:
        _Told.model_validate(data)
        return data


@dataclass(frozen=True)
class Preset:
    """A trained model on disk.

    Attributes:
        name: what a person calls it: the folder's name.
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
        return paths.digest(b"\0".join(_read(self.folder / name) for name in (SETTINGS, RECIPE)))

    def settings(self) -> Settings:
        """The settings that it was made with. Raises `InvalidInput` if its task no longer takes them."""
        return tasks.get(self.task).settings.parse_json(json.dumps(_made(self.folder).settings))

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
            raise invalid(f"preset {self.name}", expected=what, received=received, next_step="choose another")
        return settings

    def data(self) -> dict[str, Any]:
        """What the model knows of its data, as its training saved it."""
        return _made(self.folder).data

    def card(self) -> str:
        """What it is, in Markdown: data, licence, command, figures."""
        return _read(self.folder / CARD).decode("utf-8", "replace")

    def picture(self) -> bytes | None:
        """A PNG of what it makes and how it learnt, if it has one."""
        path = self.folder / PICTURE
        return path.read_bytes() if path.is_file() and path.stat().st_size <= _MOST_PICTURE else None

    def recipe(self) -> recipes.Recipe:
        """What made it."""
        return recipes.read(_read(self.folder / RECIPE))

    def weights(self) -> Path:
        """Its weights, checked.

        Raises:
            InvalidInput: if the file is not the one that was saved.
        """
        path = self.folder / WEIGHTS
        if not path.is_file() or paths.file_digest(path) != self.digest:
            received = "another file" if path.is_file() else "none"
            raise _broken(self.folder, f"{WEIGHTS} as it was saved", received)
        return path


def names() -> list[str]:
    """The names of all presets, ours first."""
    return [*index.shipped().presets, *own()]


def own() -> list[str]:
    """The names of the presets that whoever asks has kept, and of those that are for all."""
    found = set()
    for shelf in _shelves():
        for old in shelf.glob(".old-*"):
            _mend(old.with_name(old.name.removeprefix(".old-")))
        there = (path.parent.name for path in shelf.glob(f"*/{SETTINGS}"))
        found |= {unicodedata.normalize("NFC", name) for name in there}  # some disks take letters apart
    ours = index.shipped().presets
    return sorted(name for name in found if name not in ours and naming.is_name(name))


def _shelves() -> list[Path]:
    """Where presets are kept: the own of whoever asks, then those for all."""
    everybody, asker = paths.folder("presets"), owners.asker()
    return [everybody] if asker == owners.LOCAL else [owners.folder(asker) / "presets", everybody]


def find(name: str | Path) -> Preset:
    """A preset by its name (ours, then those of whoever asks, then those for all), or a folder by its path.

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
            f"This was made with another model {preset.name} (SHA-256 of its weights {digest}) than has "
            "that name now. Next: put that model back, or make something new with the one that is here."
        )


def _found(name: str | Path) -> Preset:
    shipped = index.shipped().presets.get(str(name))
    if shipped:
        preset = _preset(paths.shipped("pretrained") / shipped.folder, str(name))
        if preset.digest != shipped.sha256:
            raise _broken(preset.folder, f"weights {shipped.sha256[:12]}…", f"{preset.digest[:12]}…")
        return preset
    for shelf in _shelves() if naming.is_name(str(name)) else []:
        own = _spelled(shelf, str(name))
        _mend(own)
        if own.is_dir():
            return _preset(own, unicodedata.normalize("NFC", own.name))
    if isinstance(name, Path) and _is_folder(name):
        return _preset(name, name.absolute().name)
    there = names()
    known = ", ".join(there) or "none is there yet"
    raise invalid(
        "preset",
        expected=f"a name ({known})" + (" or a model folder" if isinstance(name, Path) else ""),
        received=printable(str(name)),
        next_step=f"check the spelling, or train one{perhaps(Path(name).name, there)}",
    )


def _spelled(shelf: Path, name: str) -> Path:
    """The folder of a model on a shelf, whatever capitals it was kept with."""
    if not (shelf / name).exists() and shelf.is_dir():
        meant = naming.folded(name)
        same = (path for path in shelf.iterdir() if path.name[0] != "." and naming.folded(path.name) == meant)
        return next(same, shelf / name)
    return shelf / name


def save(
    target: str | Path,
    model: keras.Model,
    task: str,
    settings: Settings,
    card: str,
    recipe: recipes.Recipe,
    data: Mapping[str, Any] | None = None,
    picture: bytes | None = None,
) -> Preset:
    """Saves a trained model as one folder; what was there before is replaced only by the whole of it.

    Args:
        target: a name, see `studio.core.models.names`, or the path of a folder.
        model: its weights are saved.
        task: the name of the task that made it.
        settings: what it was made with.
        card: Markdown: data, licence, command, figures.
        recipe: what made it.
        data: what it knows of its data and its user needs, as JSON holds it.
        picture: a PNG of what it makes and how it learnt, to go with the card.
    """
    with _replaced(target) as (fresh, folder):
        _fill(fresh, model, task, settings, card, recipe, data, picture)
    return _preset(folder, folder.name)


def _fill(
    place: Path,
    model: keras.Model,
    task: str,
    settings: Settings,
    card: str,
    recipe: recipes.Recipe,
    data: Mapping[str, Any] | None,
    picture: bytes | None,
) -> None:
    """Writes the files of a model into an empty folder."""
    with paths.replacing(place / WEIGHTS) as temporary:
        model.save_weights(temporary)
    made = _Made(
        task=task,
        settings=settings.model_dump(mode="json"),
        weights=paths.file_digest(place / WEIGHTS),
        data=dict(data or {}),
    )
    paths.write(place / SETTINGS, made.model_dump_json().encode())
    paths.write(place / CARD, card.encode())
    paths.write(place / RECIPE, recipe.to_json().encode())
    if picture is not None:
        paths.write(place / PICTURE, picture)


def pack(
    model: keras.Model,
    task: str,
    settings: Settings,
    card: str,
    recipe: recipes.Recipe,
    data: Mapping[str, Any] | None = None,
    picture: bytes | None = None,
) -> bytes:
    """A trained model as one file: its folder as a zip, the same bytes for the same model. See `save`."""
    # Where the checkpoints are, too: the system's own folder may be small, and hours of work end here.
    with tempfile.TemporaryDirectory(dir=paths.folder("cache")) as place:
        _fill(Path(place), model, task, settings, card, recipe, data, picture)
        return zipped(Path(place))


def zipped(folder: Path) -> bytes:
    """A model folder as one zip, nothing compressed, for weights hardly are."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in (*MEMBERS, *([PICTURE] if (folder / PICTURE).is_file() else [])):
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), (folder / name).read_bytes())
    return packed.getvalue()


def unpack(data: bytes, target: str | Path) -> Preset:
    """Saves what `pack` made as a model folder. Nothing in it is run, and no path in it is followed.

    Args:
        data: the zip.
        target: as in `save`.

    Raises:
        InvalidInput: if it is not exactly such a zip, is damaged or too large.
    """
    members = _unzipped(data)
    with _replaced(target) as (fresh, folder):
        for name, body in members.items():
            paths.write(fresh / name, body)
        made = _preset(fresh, folder.name)
        made.weights(), made.recipe()
    return _preset(folder, folder.name)


def given(file: tasks.File) -> Preset:
    """The model of a kept zip, unpacked under STUDIO_HOME/cache the first time. Raises as `unpack`."""
    owners.check(file.digest)  # whose it is: it may have been unpacked for somebody else
    folder = paths.folder("cache") / "models" / file.digest
    with contextlib.suppress(InvalidInput):  # what was freed in part is unpacked again
        if folder.is_dir():
            preset = find(folder)
            preset.weights()
            return preset
    return unpack(file.read(), folder)


def _unzipped(data: bytes) -> dict[str, bytes]:
    try:
        with zips.opened(io.BytesIO(data), _MOST_TEXT) as file:
            listed = file.infolist()
            if sorted(one.filename for one in listed if one.filename != PICTURE) != sorted(MEMBERS):
                raise _no_model("other files in it")
            if sum(one.filename == PICTURE for one in listed) > 1:
                raise _no_model("other files in it")
            for one in listed:
                most = _MOST.get(one.filename, _MOST_TEXT)
                if one.compress_type != zipfile.ZIP_STORED or one.flag_bits & 1 or one.file_size > most:
                    raise _no_model(f"{one.filename} compressed, encrypted or too large")
            return {one.filename: zips.read(file, one) for one in listed}
    except damage.ZIP:
        raise _no_model("another file, or a damaged one") from None


def _no_model(received: str) -> InvalidInput:
    step = "choose a model that the studio saved"
    return invalid("model", expected=f"a zip of {', '.join(MEMBERS)}", received=received, next_step=step)


@contextlib.contextmanager
def _replaced(target: str | Path) -> Iterator[tuple[Path, Path]]:
    """Yields an empty folder to fill and the folder whose place it takes, if all went well."""
    if isinstance(target, str) and naming.is_name(target):
        folder = _spelled(_shelves()[0], target)
    else:
        folder = Path(target).resolve()
    fresh = folder.with_name(f".new-{folder.name}")
    _check_beside(fresh, _old(folder))
    _mend(folder)
    with paths.locked(_lock(folder)):
        _clear(folder)
        _discard(fresh)
        try:
            yield fresh, folder
            _swap(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def _check_beside(*places: Path) -> None:
    """Raises `InvalidInput` if one is a link: what it leads to would be written to, or emptied."""
    if link := next((place for place in places if place.is_symlink()), None):
        shown = printable(link.name, 60)
        expected, step = f"no link {shown} beside it", "remove that link, or choose another place"
        raise invalid("place of a model", expected=expected, received="one", next_step=step)


def _discard(fresh: Path) -> None:
    """Removes what a killed save has left. Raises `InvalidInput` if there is more: then it is a person's."""
    if not fresh.is_dir():
        return
    others = [one.name for one in fresh.iterdir() if one.name not in (*MEMBERS, PICTURE)]
    if kept := min((name for name in others if not name.startswith(".tmp-")), default=""):
        expected, received = f"no {fresh.name} beside it", f"{fresh.name} with {kept} in it"
        step = "rename that folder, or choose another place"
        raise invalid(f"place of {fresh.name[5:]}", expected=expected, received=received, next_step=step)
    shutil.rmtree(fresh, ignore_errors=True)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that no file system takes
        return False


def _swap(fresh: Path, folder: Path) -> None:
    """Two renames: after a kill between them `_mend` puts the old model back."""
    if folder.exists():
        folder.rename(_old(folder))
    fresh.rename(folder)
    _clear(folder)


def _clear(folder: Path) -> None:
    """Removes the model that was replaced; what a person has put beside it moves to the new one."""
    old = _old(folder)
    for other in old.iterdir() if old.is_dir() else ():
        if other.name not in (*MEMBERS, PICTURE):
            other.rename(folder / other.name)
    shutil.rmtree(old, ignore_errors=True)


def _old(folder: Path) -> Path:
    return folder.with_name(f".old-{folder.name}")


def _lock(folder: Path) -> Path:
    """Not beside the model, where a person would find it: it stays."""
    return paths.folder("locks") / f"{paths.digest(os.fsencode(folder.resolve()))[:24]}.lock"


def _mend(folder: Path) -> None:
    """Puts back the model that a save was killed in the middle of replacing, unless one is just replaced."""
    if _old(folder).is_symlink() or not _old(folder).is_dir():
        return
    with contextlib.suppress(OSError), paths.locked(_lock(folder), wait=False):
        if not folder.exists():
            _old(folder).rename(folder)


def _preset(folder: Path, name: str) -> Preset:
    made = _made(folder)
    return Preset(name, folder, made.task, made.weights)


def _made(folder: Path) -> _Made:
    try:
        return _Made.model_validate_json(_read(folder / SETTINGS))
    except ValidationError:
        raise _broken(folder, f"{SETTINGS} as the studio writes it", "another file") from None


def _read(path: Path) -> bytes:
    most = _MOST.get(path.name, _MOST_TEXT)
    try:
        return paths.read(path, most)
    except OSError:
        raise _broken(path.parent, path.name, "none") from None
    except paths.TooLarge:
        raise _broken(path.parent, f"{path.name} of at most {amounts.size(most)}", "a larger one") from None


def _broken(folder: Path, expected: str, received: str) -> InvalidInput:
    return invalid(
        f"model folder {printable(str(folder))}",
        expected=expected,
        received=received,
        next_step="copy or train it again",
    )
