"""Recipes: what made this. Embedded in each result, read back strictly, made again by replay."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from studio.core import tasks
from studio.core.errors import InvalidInput, printable
from studio.core.settings import Settings
from studio.core.untrusted import strict_json
from studio.core.untrusted.refusals import Refused

VERSION = 1
MOST_BYTES = 64 * 1024
MOST_DEPTH = 64
_MOST_NAME = 200  # characters
PNG = b"\x89PNG\r\n\x1a\n"
_PACKAGES = ("creative-ai-studio", "keras", "tensorflow", "jax", "numpy", "pillow")

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _plain(name: str) -> str:
    if printable(name) != name or {"/", "\\"} & set(name):
        raise ValueError("a name has neither path separators nor control characters")
    return name


def _made_plain(name: str) -> str:
    return printable(name.replace("/", "_").replace("\\", "_"), _MOST_NAME)


Name = Annotated[str, StringConstraints(max_length=_MOST_NAME), AfterValidator(_plain)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Input(_Strict):
    """One input: its digest, its name and, if the studio made it, its own recipe."""

    digest: Digest
    name: Name
    recipe: Recipe | None = None


class Recipe(_Strict):
    """What made a result. Names digests, never paths; a nested recipe is a chain."""

    version: int = Field(default=VERSION, ge=1, le=VERSION)  # a Literal would take `true` for 1
    task: Name
    settings: dict[str, Any]
    inputs: dict[Name, list[Input]] = Field(default_factory=dict)
    weights: dict[Name, Digest] = Field(default_factory=dict)
    versions: dict[Name, Name] = Field(default_factory=dict)
    machine: dict[Name, Name] = Field(default_factory=dict)

    @field_validator("settings")
    @classmethod
    def _portable(cls, settings: dict[str, Any], told: ValidationInfo) -> dict[str, Any]:
        """Without those that name places of a machine, whoever wrote them into it."""
        task = told.data.get("task")
        return tasks.get(task).settings.portable(settings) if task in tasks.TASKS else settings

    def to_json(self) -> str:
        """One line of JSON: ASCII, unless that, with 12 letters an emoji, is too long to be read again."""
        plain = partial(json.dumps, self.model_dump(mode="json"), separators=(",", ":"), allow_nan=False)
        text = plain()
        return text if len(text) <= MOST_BYTES else plain(ensure_ascii=False)

    def checked_settings(self) -> Settings:
        """The settings as the task's own class, within the same limits as the form.

        Raises:
            InvalidInput: if the task is not known or a setting is out of its limits.
        """
        return tasks.get(self.task).settings.from_plain(self.settings)


def make(
    task: str, settings: Settings, inputs: tasks.Inputs, weights: Mapping[str, str] | None = None
) -> Recipe:
    """The recipe of a result that was just made here.

    A chain longer than a recipe may hold names its inputs by their digests alone.

    Args:
        weights: SHA-256 of every weights file that took part, by its name in `studio weights list`; of a
            model by that of its folder, which may have letters that no recipe has: they are replaced.
    """
    recipe = Recipe(
        task=task,
        settings=settings.decided().model_dump(mode="json"),
        inputs={slot: [_source(file) for file in files] for slot, files in inputs.items() if files},
        weights={_made_plain(name): digest for name, digest in (weights or {}).items()},
        versions=_versions(),
        machine={"system": platform.system(), "processor": platform.machine(), "backend": _backend()},
    )
    text = recipe.to_json().encode()
    if len(text) <= MOST_BYTES and strict_json.depth(text) <= MOST_DEPTH:
        return recipe
    short = {
        slot: [source.model_copy(update={"recipe": None}) for source in sources]
        for slot, sources in recipe.inputs.items()
    }
    return recipe.model_copy(update={"inputs": short})


def _source(file: tasks.File) -> Input:
    """A PNG may say what made it; of any other file, which may be large, only the beginning is read."""
    nested = None
    if file.begins(PNG):
        with suppress(InvalidInput):
            nested = read(file.read())
    return Input(digest=file.digest, name=file.name, recipe=nested)


@cache
def _versions() -> dict[str, str]:
    """Of the packages; a process keeps those that it began with, and to read them takes 20 ms."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _backend() -> str:
    # A task that never needed Keras does not load it for its recipe, nor wait for a thread that does: while
    # that imports it, most of it is missing, its version to the last.
    keras = sys.modules.get("keras")
    return keras.backend.backend() if keras and hasattr(keras, "version") else "none"


def read(data: bytes) -> Recipe:
    """Reads the recipe in a PNG, or in the JSON of a `NAME.EXT.json` file.

    Nothing in a recipe is ever run, opened or fetched by reading it.

    Raises:
        InvalidInput: if there is none, more than one, or it is larger, deeper or other than a recipe may be.
    """
    if not data.startswith(PNG) and not data.lstrip().startswith(b"{"):
        raise InvalidInput(
            "The file is neither a PNG with a recipe nor a recipe. Choose one that the studio saved."
        )
    texts = list(_png_texts(data)) if data.startswith(PNG) else [data]
    if not texts:
        raise InvalidInput("This image has no recipe. Choose a PNG that the studio saved.")
    if len(texts) > 1:
        raise _refused("it holds two recipes")
    return _parse(texts[0])


def _png_texts(data: bytes) -> Iterator[bytes]:
    """The bytes of each text chunk named `recipe`, inflated to at most MOST_BYTES."""
    at = len(PNG)
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind in (b"tEXt", b"zTXt", b"iTXt") and body.partition(b"\0")[0] == b"recipe":
            if struct.pack(">I", zlib.crc32(kind + body)) != data[at + 8 + length : at + 12 + length]:
                raise _refused("its checksum is wrong")
            yield _chunk_text(kind, body.partition(b"\0")[2])
        at += 12 + length


def _chunk_text(kind: bytes, rest: bytes) -> bytes:
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt":
        return _inflate(rest[1:])
    compressed, rest = rest[:1] == b"\x01", rest[2:]
    text = rest.split(b"\0", 2)[-1]  # after the language and the translated keyword
    return _inflate(text) if compressed else text


def _inflate(packed: bytes) -> bytes:
    try:
        inflater = zlib.decompressobj()
        text = inflater.decompress(packed, MOST_BYTES + 1)
    except zlib.error:
        raise _refused("its compressed text is damaged") from None
    if len(text) <= MOST_BYTES and not inflater.eof:
        raise _refused("its compressed text is cut")
    return text


def _parse(text: bytes) -> Recipe:
    if len(text) > MOST_BYTES:
        raise _refused(f"it is larger than {MOST_BYTES // 1024} KB")
    try:
        found = strict_json.parsed(text, MOST_DEPTH)
    except Refused as error:
        raise _refused(f"it is {error}") from None
    if not isinstance(found, dict):
        raise _refused("it is not a JSON object")
    version = found.get("version")
    if type(version) is int and version > VERSION:
        raise InvalidInput("This recipe was made by a newer studio. Update the studio.")
    try:
        json.dumps(found, ensure_ascii=False).encode()  # JSON can spell half a character
        return Recipe.model_validate(found)
    except (ValidationError, ValueError) as error:
        raise _refused(_first(error)) from None


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "it has characters that no text may have"
    first = error.errors(include_url=False, include_input=False)[0]
    return f"`{'.'.join(str(part) for part in first['loc'])[:80]}`: {first['msg']}"


def _refused(why: str) -> InvalidInput:
    return InvalidInput(f"The recipe cannot be read: {why}. Choose a file as the studio saved it.")
