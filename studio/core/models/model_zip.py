"""The folder of a trained model as one zip, and back: nothing in it is run, and no path in it is followed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from studio.core.errors import InvalidInput, invalid
from studio.core.models.model_folder import CARD, MEMBERS, MOST, MOST_TEXT, OPTIONAL
from studio.core.untrusted import damage, zips


def zipped(folder: Path) -> bytes:
    """A model folder as one zip, nothing compressed, for weights hardly are."""
    names = (*MEMBERS, *(name for name in OPTIONAL if (folder / name).is_file()))
    return _packed({name: (folder / name).read_bytes() for name in names})


def with_note(data: bytes, note: str) -> bytes:
    """A zipped model with a sentence at the end of its card. Raises as `unzipped`."""
    members = unzipped(data)
    members[CARD] = members[CARD].rstrip() + f"\n\n{note}\n".encode()
    return _packed({name: members[name] for name in (*MEMBERS, *OPTIONAL) if name in members})


def _packed(members: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, body in members.items():
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), body)
    return packed.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    """The files of a model that was zipped. Raises `InvalidInput` if it is not exactly such a zip."""
    try:
        with zips.open_zip(io.BytesIO(data), MOST_TEXT) as file:
            listed = file.infolist()
            names = [one.filename for one in listed]
            more = [name for name in names if name in OPTIONAL]
            rest = sorted(name for name in names if name not in OPTIONAL)
            if len(set(more)) < len(more) or rest != sorted(MEMBERS):
                raise _no_model("other files in it")
            for one in listed:
                most = MOST.get(one.filename, MOST_TEXT)
                if one.compress_type != zipfile.ZIP_STORED or one.flag_bits & 1 or one.file_size > most:
                    raise _no_model(f"{one.filename} compressed, encrypted or too large")
            return {one.filename: zips.read(file, one) for one in listed}
    except damage.ZIP:
        raise _no_model("another file, or a damaged one") from None


def _no_model(received: str) -> InvalidInput:
    step = "choose a zip of a model that the studio saved"
    return invalid("model", expected=f"a zip of {', '.join(MEMBERS)}", received=received, next_step=step)
