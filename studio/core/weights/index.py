"""What pretrained/index.json says: which weights exist, who offers them, and what each byte must hash to."""

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
        """The last part of its path."""
        return self.path.rsplit("/", 1)[-1]


class Packaged(_Strict):
    """An archive that a package index carries, with the members that hold the arrays."""

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
        """Names this training in recipes: its member's SHA-256; of several, that of their digests."""
        digests = [member.sha256 for member in self.members]
        return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()

    @property
    def where(self) -> str:
        """For messages."""
        return f"package {self.package} {self.version}"


class KerasFile(_Strict):
    """Keras' own file: Keras pins its MD5, so its SHA-256 is not known before it is here."""

    kind: Literal["keras"]
    address: Annotated[str, StringConstraints(pattern=r"^https?://[\w.:-]+(/[\w.-]+)+$")]
    bytes: int = Field(gt=0)
    md5: Md5

    @property
    def file(self) -> str:
        """The last part of its address."""
        return self.address.rsplit("/", 1)[-1]

    @property
    def checksum(self) -> tuple[str, str]:
        """The algorithm and digest that the whole file must have."""
        return "md5", self.md5

    @property
    def digest(self) -> str:
        """Not known before the file is here: recipes name its SHA-256."""
        return ""

    @property
    def where(self) -> str:
        """For messages."""
        return "Keras' own download"


Source = Annotated[Packaged | KerasFile, Field(discriminator="kind")]


class Weights(_Strict):
    """One set of pretrained weights: what it is, its license and its sources in the order to try them."""

    title: str
    what: str
    license: str
    sources: tuple[Source, ...] = Field(min_length=1, strict=False)


class Shipped(_Strict):
    """A trained model that comes with the studio: its folder in pretrained/, its license and figures."""

    task: str
    folder: FileName
    sha256: Sha256
    license: str
    trained_on: str
    command: str
    figures: dict[str, Any]
    litert: dict[str, Sha256] = {}  # by the names of its networks, see `Task.networks`; none for some models


class Index(_Strict):
    """The whole of pretrained/index.json."""

    weights: dict[str, Weights]
    presets: dict[str, Shipped]


@functools.cache
def shipped() -> Index:
    """The index that came with the studio.

    Raises:
        StudioError: if it is missing or damaged.
    """
    return read(paths.shipped("pretrained") / "index.json")


def read(path: Path) -> Index:
    """Reads an index. Raises `StudioError` if it is missing or damaged."""
    try:
        return Index.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise StudioError(f"{path} cannot be read ({first}). Install the studio again.") from None
