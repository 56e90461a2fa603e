"""Recipes: the task, settings and inputs of a result. Embedded in it, read strictly, run by replay."""

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
    FailFast,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from studio.core import tasks
from studio.core.errors import InvalidInput, make_printable
from studio.core.settings import Settings
from studio.core.untrusted import strict_json
from studio.core.untrusted.refusals import Refused

VERSION = 1
MAX_BYTES = 64 * 1024
MAX_DEPTH = 64
_MAX_NAME_CHARACTERS = 200
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PACKAGES = ("creative-ai-studio", "keras", "tensorflow", "jax", "numpy", "pillow")

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _check_name(name: str) -> str:
    if make_printable(name) != name or {"/", "\\"} & set(name):
        raise ValueError("a name has neither path separators nor control characters")
    return name


def _sanitize_name(name: str) -> str:
    return make_printable(name.replace("/", "_").replace("\\", "_"), _MAX_NAME_CHARACTERS)


Name = Annotated[str, StringConstraints(max_length=_MAX_NAME_CHARACTERS), AfterValidator(_check_name)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Input(_Strict):
    """An input file: its SHA-256, its name and, if the studio made it, its own recipe."""

    digest: Digest
    name: Name
    recipe: Recipe | None = None


class Recipe(_Strict):
    """How a result was made. It names files by SHA-256, never by path; recipes of inputs are nested."""

    version: int = Field(default=VERSION, ge=1, le=VERSION)  # a Literal would accept `true` as 1
    task: Name
    settings: dict[str, Any]
    inputs: dict[Name, Annotated[list[Input], FailFast()]] = Field(default_factory=dict)
    weights: dict[Name, Digest] = Field(default_factory=dict)
    versions: dict[Name, Name] = Field(default_factory=dict)
    machine: dict[Name, Name] = Field(default_factory=dict)

    @field_validator("settings")
    @classmethod
    def _drop_local_only(cls, settings: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """Drops `local_only` settings, which a recipe of another origin may contain."""
        task = info.data.get("task")
        return tasks.get(task).settings.drop_local_only(settings) if task in tasks.TASKS else settings

    def to_json(self) -> str:
        """Returns one line of JSON: ASCII, or UTF-8 if 12 characters per emoji make it too long."""
        dump = partial(json.dumps, self.model_dump(mode="json"), separators=(",", ":"), allow_nan=False)
        text = dump()
        return text if len(text) <= MAX_BYTES else dump(ensure_ascii=False)

    @property
    def identity(self) -> tuple[Any, ...]:
        """What identifies a result: its task, settings and inputs by SHA-256, not their names."""
        digests = {slot: [source.digest for source in sources] for slot, sources in self.inputs.items()}
        return self.task, self.settings, digests

    def find_kind(self, slot: str) -> tasks.Kind:
        """Returns the kind of the files of a slot; "image" for an unknown slot, which the task refuses."""
        kinds = {other.name: other.kind for other in tasks.get(self.task).inputs}
        return kinds.get(slot, "image")

    def list_files(self) -> dict[str, list[tasks.File]]:
        """Returns the inputs as files, by slot."""
        return {
            slot: [tasks.File(source.digest, self.find_kind(slot), source.name) for source in sources]
            for slot, sources in self.inputs.items()
        }

    def parse_settings(self) -> Settings:
        """Returns the settings as the task's own class, checked against the limits of the form.

        Raises:
            InvalidInput: if the task is unknown or a setting is out of its limits.
        """
        return tasks.get(self.task).settings.from_plain(self.settings)


def make(
    task: str, settings: Settings, inputs: tasks.Inputs, weights: Mapping[str, str] | None = None
) -> Recipe:
    """Makes the recipe of a new result.

    If nested recipes exceed the size limit, inputs are named by their SHA-256 alone.

    Args:
        task: the task's name.
        settings: of the task.
        inputs: the files of each slot.
        weights: SHA-256 of every weights file used, by its name in `studio weights list`; for a model, by
            the name of its folder, whose invalid characters are replaced.
    """
    recipe = Recipe(
        task=task,
        settings=settings.resolve().model_dump(mode="json"),
        inputs={slot: [_to_input(file) for file in files] for slot, files in inputs.items() if files},
        weights={_sanitize_name(name): digest for name, digest in (weights or {}).items()},
        versions=_read_versions(),
        machine={"system": platform.system(), "processor": platform.machine(), "backend": _find_backend()},
    )
    encoded = recipe.to_json().encode()
    if len(encoded) <= MAX_BYTES and strict_json.measure(encoded)[0] <= MAX_DEPTH:
        return recipe
    unnested = {
        slot: [source.model_copy(update={"recipe": None}) for source in sources]
        for slot, sources in recipe.inputs.items()
    }
    return recipe.model_copy(update={"inputs": unnested})


def _to_input(file: tasks.File) -> Input:
    """Returns a file as an input of a recipe; the recipe in a PNG is nested. Other files are not read."""
    nested_recipe = None
    if file.starts_with(PNG_SIGNATURE):
        with suppress(InvalidInput):
            nested_recipe = read(file.read())
    return Input(digest=file.digest, name=file.name, recipe=nested_recipe)


@cache
def _read_versions() -> dict[str, str]:
    """Returns the versions of Python and the packages. Cached, because reading them takes 20 ms."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _find_backend() -> str:
    """Returns the backend of Keras if it is imported, else "none"."""
    # Do not import Keras for a recipe, nor wait for a thread that imports it: `version` is set last.
    keras = sys.modules.get("keras")
    return keras.backend.backend() if keras and hasattr(keras, "version") else "none"


def read(data: bytes) -> Recipe:
    """Reads the recipe in a PNG, or in the JSON of a `NAME.EXT.json` file.

    Reading never runs, opens or downloads anything that the recipe names.

    Args:
        data: the bytes of the file.

    Raises:
        InvalidInput: if there is none, more than one, or it is too large, nested too deeply or invalid.
    """
    if not data.startswith(PNG_SIGNATURE) and not data.lstrip().startswith(b"{"):
        raise InvalidInput(
            "The file is neither a PNG with a recipe nor a recipe. Choose one that the studio saved."
        )
    texts = list(_read_png_texts(data)) if data.startswith(PNG_SIGNATURE) else [data]
    if not texts:
        raise InvalidInput("This image has no recipe. Choose a PNG that the studio saved.")
    if len(texts) > 1:
        raise _unreadable_error("it holds two recipes")
    return _parse_recipe(texts[0])


def _read_png_texts(data: bytes) -> Iterator[bytes]:
    """Yields the bytes of each text chunk named `recipe`, inflated to at most MAX_BYTES."""
    offset = len(PNG_SIGNATURE)
    while offset + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[offset : offset + 8])
        body = data[offset + 8 : offset + 8 + length]
        if kind in (b"tEXt", b"zTXt", b"iTXt") and body.partition(b"\0")[0] == b"recipe":
            if struct.pack(">I", zlib.crc32(kind + body)) != data[offset + 8 + length : offset + 12 + length]:
                raise _unreadable_error("its checksum is wrong")
            yield _decode_chunk(kind, body.partition(b"\0")[2])
        offset += 12 + length


def _decode_chunk(kind: bytes, data: bytes) -> bytes:
    """Returns the text of a tEXt, zTXt or iTXt chunk, given its data after the keyword."""
    if kind == b"tEXt":
        return data
    if kind == b"zTXt":
        return _inflate(data[1:])
    is_compressed, data = data[:1] == b"\x01", data[2:]
    text = data.split(b"\0", 2)[-1]  # after the language and the translated keyword
    return _inflate(text) if is_compressed else text


def _inflate(compressed: bytes) -> bytes:
    """Decompresses a text, up to one byte more than MAX_BYTES."""
    try:
        inflater = zlib.decompressobj()
        text = inflater.decompress(compressed, MAX_BYTES + 1)
    except zlib.error:
        raise _unreadable_error("its compressed text is damaged") from None
    if len(text) <= MAX_BYTES and not inflater.eof:
        raise _unreadable_error("its compressed text is cut")
    return text


def _parse_recipe(text: bytes) -> Recipe:
    if len(text) > MAX_BYTES:
        raise _unreadable_error(f"it is larger than {MAX_BYTES // 1024} KB")
    try:
        data = strict_json.parse(text, MAX_DEPTH)
    except Refused as error:
        raise _unreadable_error(f"it is {error}") from None
    if not isinstance(data, dict):
        raise _unreadable_error("it is not a JSON object")
    version = data.get("version")
    if type(version) is int and version > VERSION:
        raise InvalidInput("This recipe was made by a newer studio. Update the studio.")
    try:
        json.dumps(data, ensure_ascii=False).encode()  # refuses lone surrogates
        return Recipe.model_validate(data)
    except (ValidationError, ValueError) as error:
        raise _unreadable_error(_describe_error(error)) from None


def _describe_error(error: Exception) -> str:
    """Returns the first problem of a recipe that pydantic or JSON refused, in words."""
    if not isinstance(error, ValidationError):
        return "it has characters that no text may have"
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"`{'.'.join(str(part) for part in problem['loc'])[:80]}`: {problem['msg']}"


def _unreadable_error(reason: str) -> InvalidInput:
    return InvalidInput(f"The recipe cannot be read: {reason}. Choose a file as the studio saved it.")
