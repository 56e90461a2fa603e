"""Models as a zip: only the expected text is added to the card."""

from __future__ import annotations

import io
import zipfile

import pytest
from pydantic import ValidationError

from studio.core.errors import InvalidInput
from studio.core.models import model_folder, model_zip, presets


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


def pack_members(path, **members):
    """Packs the shipped language model as a zip, with other contents of some members, by their stem."""
    contents = model_zip.unpack(model_zip.pack(presets.find("alice").folder))
    contents |= {name: members.get(name.partition(".")[0], body) for name, body in contents.items()}
    path.write_bytes(model_zip.write_zip(contents))
    return path


def test_a_zip_is_checked_without_unpacking_it(tmp_path, monkeypatch):
    monkeypatch.setattr(model_zip, "unpack", None)
    path = tmp_path / "m.zip"
    path.write_bytes(model_zip.pack(presets.find("alice").folder))
    model_zip.check(path)


@pytest.mark.parametrize(
    "members, message",
    [
        ({"weights": b"other"}, "other weights"),
        ({"settings": b'{"task": "text.train"}'}, "did not write"),
        ({"settings": b"\xff"}, "did not write"),
        ({"recipe": b"{}"}, "recipe"),
    ],
)
def test_an_invalid_zip_is_refused(tmp_path, members, message):
    with pytest.raises(InvalidInput, match=message):
        model_zip.check(pack_members(tmp_path / "m.zip", **members))
    (tmp_path / "m.zip").write_bytes(b"PK")
    with pytest.raises(InvalidInput, match="damaged"):
        model_zip.check(tmp_path / "m.zip")


@pytest.mark.parametrize(
    "data", [{"classes": [1] * 5000}, {"figures": {"curve": {str(n): 1 for n in range(5000)}}}]
)
def test_a_wrong_data_summary_has_one_short_error(data):
    with pytest.raises(ValidationError) as raised:
        model_folder._DataSummary.model_validate(data)
    assert raised.value.error_count() == 1
    manifest = {"task": "text.train", "settings": {}, "weights": "0" * 64, "data": data}
    with pytest.raises(ValidationError) as raised:
        model_folder.Manifest.model_validate(manifest)
    assert len(raised.value.errors()) == 1 and len(str(raised.value.errors()[0]["ctx"])) < 200


@pytest.mark.parametrize("value", ["[]", "{}", "1"])
def test_settings_of_many_values_are_not_parsed(monkeypatch, value):
    monkeypatch.setattr(model_folder.Manifest, "model_validate_json", None)
    monkeypatch.setattr(model_folder, "_MAX_VALUES", 5000)
    monkeypatch.setattr(model_folder, "_MAX_LISTS", 1000)
    count = 6000 if value == "1" else 1000
    with pytest.raises(ValueError, match="too many values"):
        model_folder.parse_manifest(f'{{"data": [{",".join([value] * count)}]}}'.encode())
