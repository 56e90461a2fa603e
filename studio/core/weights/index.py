"""The index pretrained/index.json: all weights and shipped models, their sources and checksums."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from studio.core import paths
from studio.core.errors import StudioError

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Md5 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Member(_Strict):
    """A file inside an archive."""

    path: str
    bytes: int = Field(gt=0)
    sha256: Sha256

    @property
    def name(self) -> str:
        """The file name, from its path."""
        return self.path.rsplit("/", 1)[-1]


class PackageArchive(_Strict):
    """An archive in a package index, with the members that contain the arrays."""

    kind: Literal["pypi", "npm"]
    package: str
    version: str
    file: FileName
    bytes: int = Field(gt=0)
    sha256: Sha256
    members: tuple[Member, ...] = Field(min_length=1, strict=False)

    @property
    def checksum(self) -> tuple[str, str]:
        """The algorithm and digest that the whole file must have."""
        return "sha256", self.sha256

    @property
    def digest(self) -> str:
        """The id of this training run in recipes: its member's SHA-256; of several, that of their digests."""
        digests = [member.sha256 for member in self.members]
        return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()

    @property
    def where(self) -> str:
        """The origin in words, for messages."""
        return f"package {self.package} {self.version}"


class KerasFile(_Strict):
    """Keras' own file. Keras pins its MD5, so its SHA-256 is unknown before the download."""

    kind: Literal["keras"]
    address: Annotated[str, StringConstraints(pattern=r"^https?://[\w.:-]+(/[\w.-]+)+$")]
    bytes: int = Field(gt=0)
    md5: Md5

    @property
    def file(self) -> str:
        """The file name, from its URL."""
        return self.address.rsplit("/", 1)[-1]

    @property
    def checksum(self) -> tuple[str, str]:
        """The algorithm and digest that the whole file must have."""
        return "md5", self.md5

    @property
    def digest(self) -> str:
        """Always "": recipes name its SHA-256, which is unknown before the download."""
        return ""

    @property
    def where(self) -> str:
        """The origin in words, for messages."""
        return "Keras' own download"


Source = Annotated[PackageArchive | KerasFile, Field(discriminator="kind")]


class Weights(_Strict):
    """A set of pretrained weights: its description, license and sources, in the order to try them."""

    title: str
    what: str
    license: str
    sources: tuple[Source, ...] = Field(min_length=1, strict=False)


class ShippedModel(_Strict):
    """A trained model that ships with the studio: its folder in pretrained/, license and figures."""

    task: str
    folder: FileName
    sha256: Sha256
    license: str
    trained_on: str
    command: str
    figures: dict[str, Any]
    litert: dict[str, Sha256] = {}  # by network name, see `Task.load_networks`; empty for some models


class Index(_Strict):
    """The content of pretrained/index.json."""

    weights: dict[str, Weights]
    presets: dict[str, ShippedModel]


@functools.cache
def load() -> Index:
    """Returns the index that ships with the studio.

    Raises:
        StudioError: if it is missing or damaged.
    """
    return read(paths.shipped_path("pretrained") / "index.json")


def read(path: Path) -> Index:
    """Reads an index. Raises `StudioError` if it is missing or damaged."""
    try:
        return Index.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError) as error:
        first_line = str(error).splitlines()[0]
        raise StudioError(f"{path} cannot be read ({first_line}). Install the studio again.") from None
