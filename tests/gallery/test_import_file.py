"""Importing a dropped file shows its provenance and has no other effect."""

from __future__ import annotations

import pytest

from studio.core import paths
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.gallery import import_file, index, items, removal
from tests.wording import SECOND_SENTENCE


def test_image_has_full_provenance(make_item):
    id = make_item(tint="red")
    origin = import_file.read_provenance(items.find(id).result.files[0].read(), "got\x1bit.png")
    assert (origin.kind, origin.is_known, origin.missing, origin.item) == ("image", True, (), id)
    assert origin.recipe.settings["tint"] == "red"
    assert "\x1b" not in origin.name
    assert [file.name for file in origin.recipe.list_files()["content"]] == ["photo.png"]


def test_image_without_an_item_can_be_added(make_item):
    id = make_item()
    data = items.find(id).result.files[0].read()
    removal.remove([id])
    origin = import_file.read_provenance(data, "a.png")
    assert origin.item == ""
    again = import_file.add(origin)
    assert items.find(again).result.files[0].read() == data
    assert items.find(again).seconds is None
    assert import_file.read_provenance(data, "a.png").item == again
    assert [entry.id for entry in index.find()[0]] == [again]


def test_missing_input_is_listed(make_item):
    item = items.find(make_item())
    source = item.inputs["content"][0]
    source.path.unlink()
    (missing,) = import_file.read_provenance(item.result.files[0].read(), "a.png").missing
    assert (missing.digest, missing.name) == (source.digest, "photo.png")


def test_inputs_of_other_owners_count_as_missing(make_item):
    data = items.find(make_item(owner="ann"), "ann").result.files[0].read()
    assert import_file.read_provenance(data, "a.png", "ann").missing == ()
    (missing,) = import_file.read_provenance(data, "a.png", "bob").missing
    assert missing.name == "photo.png"
    assert (
        import_file.read_provenance(data, "a.png", "bob", shared=lambda source: source == missing).missing
        == ()
    )


def test_recipe_without_a_file_is_read(make_item):
    recipe = items.find(make_item(seed=12)).result.recipe
    origin = import_file.read_provenance(recipe.to_json().encode(), "video.mp4.json")
    assert origin.is_recipe and origin.recipe == recipe
    with pytest.raises(InvalidInput, match="takes only images"):
        import_file.add(origin)


@pytest.mark.parametrize(
    "change", [{"task": "style.of-tomorrow"}, {"settings": {"steps": 10**9}}, {"settings": {"mood": 1}}]
)
def test_unknown_recipe_is_only_shown(make_item, change):
    recipe = items.find(make_item()).result.recipe.model_copy(update=change)
    origin = import_file.read_provenance(
        image_io.encode_png(image_io.read(items.find(make_item()).load_thumbnail()), recipe), "a.png"
    )
    assert not origin.is_known
    with pytest.raises(InvalidInput):
        import_file.add(origin)


INVALID_FILES = {
    "empty": b"",
    "a text": b"hello",
    "a JPEG": b"\xff\xd8\xff\xe0" + bytes(99),
    "no recipe": lambda image: image_io.encode_png(image),
    "no object": b"[1]",
    "another JSON": b'{"a": 1}',
    "deep": b'{"a": ' * 5000,
    "large": b'{"version": 1, "task": "' + b"a" * 70_000 + b'"}',
}


@pytest.mark.parametrize("name", INVALID_FILES)
def test_invalid_file_is_rejected_with_a_sentence(home, image, name):
    data = INVALID_FILES[name](image) if callable(INVALID_FILES[name]) else INVALID_FILES[name]
    with pytest.raises(InvalidInput, match=SECOND_SENTENCE):
        import_file.read_provenance(data, "a.png")
    assert not list(paths.ensure_folder("files").iterdir())
