"""Models as a zip: only the expected text is added to the card."""

from __future__ import annotations

import io
import zipfile

import pytest

from studio.core.errors import InvalidInput
from studio.core.models import model_folder, model_zip


def test_a_note_is_appended_to_the_card_only(tmp_path):
    for name in model_folder.MEMBERS:
        (tmp_path / name).write_bytes(name.encode())
    packed = model_zip.pack(tmp_path)
    noted = model_zip.add_note(packed, "Selected by its own FID: that is optimistic.")
    before, after = model_zip.unpack(packed), model_zip.unpack(noted)
    assert after.pop("card.md") == b"card.md\n\nSelected by its own FID: that is optimistic.\n"
    assert before.pop("card.md") == b"card.md" and before == after
    assert zipfile.ZipFile(io.BytesIO(noted)).namelist() == list(model_folder.MEMBERS)
    with pytest.raises(InvalidInput):
        model_zip.add_note(b"{}", "no model")
