"""Recipes of the studio round-trip; others are rejected in one sentence, and none runs code."""

from __future__ import annotations

import base64
import csv
import json
import pickle
import struct
import sys
import tracemalloc
import zlib

import paint
import pytest

from studio.core import recipes, tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.recipes import Input, Recipe
from studio.core.tasks import File
from studio.style.settings import TransferSettings
from studio.text.settings import WriteSettings
from tests.wording import says_what_to_do

DIGEST = "a" * 64


@pytest.fixture
def png_with_recipe(image, home) -> bytes:
    """A PNG with a recipe, as the studio saves it."""
    content = tasks.File.store(image_io.encode_png(image), "image", "photo.png")
    style = tasks.File.store(image_io.encode_png(255 - image), "image", "painting.png")
    settings = TransferSettings(seed=5, style_weights=(1.0,))
    recipe = recipes.make(
        "style.transfer", settings, {"content": [content], "style": [style]}, {"vgg16": DIGEST}
    )
    return image_io.encode_png(image, recipe)


def encode_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def replace_recipe(png: bytes, *chunks: bytes) -> bytes:
    """Returns the PNG with these chunks instead of its recipe."""
    offset = png.index(b"tEXtrecipe") - 4
    length = struct.unpack(">I", png[offset : offset + 4])[0] + 12
    return png[:offset] + b"".join(chunks) + png[offset + length :]


def replace_recipe_text(png: bytes, text: str | bytes) -> bytes:
    body = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return replace_recipe(png, encode_chunk(b"tEXt", b"recipe\0" + body))


def read_error(data: bytes) -> str:
    with pytest.raises(InvalidInput) as error:
        recipes.read(data).parse_settings()
    assert "\n" not in str(error.value)
    assert says_what_to_do(str(error.value))
    assert len(str(error.value)) < 700
    return str(error.value)


def test_a_saved_recipe_round_trips(png_with_recipe):
    recipe = recipes.read(png_with_recipe)
    assert recipe.parse_settings() == TransferSettings(seed=5, style_weights=(1.0,))
    assert [source.name for source in recipe.inputs["content"]] == ["photo.png"]
    assert recipe.weights == {"vgg16": DIGEST}
    assert {"python", "numpy"} <= set(recipe.versions)
    assert recipes.read(recipe.to_json().encode()) == recipe


def test_a_result_as_input_nests_its_recipe(png_with_recipe, image):
    first = tasks.File.store(png_with_recipe, "image", "first.png")
    second = recipes.make("fake.paint", paint.PaintSettings(), {"content": [first]})
    assert recipes.read(image_io.encode_png(image, second)).inputs["content"][0].recipe == recipes.read(
        png_with_recipe
    )


def test_an_input_that_is_not_a_png_is_not_read(home, monkeypatch):
    large = File.store(b"{" + bytes(100), "dataset", "images.zip")
    monkeypatch.setattr(File, "read", lambda self: pytest.fail("it was read"))
    recipe = recipes.make("style.train", TransferSettings(), {"data": [large]})
    assert [(file.digest, file.recipe) for file in recipe.inputs["data"]] == [(large.digest, None)]


def test_json_is_ascii_on_one_line():
    recipe = Recipe(task="style.transfer", settings={"note": "é\u2028\n"})
    assert recipe.to_json().isascii()
    assert "\n" not in recipe.to_json()


@pytest.mark.parametrize("letter", ["😀", "\x01", "\u2028"])
def test_a_recipe_of_the_longest_prompt_round_trips(image, letter):
    recipe = recipes.make("text.write", WriteSettings(prompt=letter * 10_000), {})
    assert recipes.read(recipe.to_json().encode()) == recipe
    assert recipes.read(image_io.encode_png(image, recipe)) == recipe


@pytest.mark.parametrize("name", ["my\\model", "a\nb", "a\udcffb", "x" * 201, "a/b"])
def test_a_model_of_a_folder_with_an_odd_name_still_has_a_recipe(name):
    recipe = recipes.make("text.write", WriteSettings(), {}, {name: DIGEST})
    assert list(recipe.weights.values()) == [DIGEST]
    assert recipes.read(recipe.to_json().encode()) == recipe


def build_attacks(png_with_recipe: bytes) -> dict[str, bytes]:
    recipe = json.loads(recipes.read(png_with_recipe).to_json())
    text = json.dumps(recipe)

    def with_fields(**fields):
        return replace_recipe_text(png_with_recipe, json.dumps(recipe | fields))

    def with_settings(**values):
        return with_fields(settings=recipe["settings"] | values)

    def with_source(**values):
        return with_fields(inputs={"content": [{"digest": DIGEST, "name": "a.png", "recipe": None} | values]})

    def with_compressed(kind, head, data):
        return replace_recipe(png_with_recipe, encode_chunk(kind, b"recipe\0" + head + zlib.compress(data)))

    cut = zlib.compress(text.encode())[:-9]
    nested = {**recipe, "inputs": {}}
    for _ in range(40):
        nested = {**recipe, "inputs": {"content": [{"digest": DIGEST, "name": "n", "recipe": nested}]}}
    payload = base64.b64encode(pickle.dumps(print)).decode()
    return {
        "empty": replace_recipe_text(png_with_recipe, ""),
        "not JSON": replace_recipe_text(png_with_recipe, "seed=1"),
        "null": replace_recipe_text(png_with_recipe, "null"),
        "list": replace_recipe_text(png_with_recipe, f"[{text}]"),
        "number": replace_recipe_text(png_with_recipe, "1"),
        "cut": replace_recipe_text(png_with_recipe, text[:-1]),
        "twice": replace_recipe_text(png_with_recipe, text + text),
        "byte order mark": replace_recipe_text(png_with_recipe, b"\xef\xbb\xbf" + text.encode()),
        "UTF-16": replace_recipe_text(png_with_recipe, text.encode("utf-16")),
        "invalid UTF-8": replace_recipe_text(
            png_with_recipe, text.replace("photo", "\udcff").encode("utf-8", "surrogateescape")
        ),
        "duplicate key": replace_recipe_text(
            png_with_recipe, text.replace('"seed": 5', '"seed": 5, "seed": 6')
        ),
        "duplicate key at the top": replace_recipe_text(png_with_recipe, '{"version": 1, ' + text[1:]),
        "NaN": replace_recipe_text(png_with_recipe, text.replace('"seed": 5', '"seed": NaN')),
        "infinity": replace_recipe_text(
            png_with_recipe, text.replace('"strength": 0.8', '"strength": Infinity')
        ),
        "overflow": replace_recipe_text(
            png_with_recipe, text.replace('"strength": 0.8', '"strength": 1e999')
        ),
        "6000 digits": replace_recipe_text(
            png_with_recipe, text.replace('"seed": 5', f'"seed": {"9" * 6000}')
        ),
        "NUL escape": replace_recipe_text(png_with_recipe, text.replace("photo", "\\u0000")),
        "NUL": replace_recipe_text(png_with_recipe, text.replace("photo", "\0")),
        "lone surrogate": replace_recipe_text(png_with_recipe, text.replace("photo", "\\ud800")),
        "huge text": replace_recipe_text(png_with_recipe, text + " " * 70_000),
        "nested too deep": replace_recipe_text(
            png_with_recipe, text.replace('"seed": 5', f'"seed": {"[" * 100}{"]" * 100}')
        ),
        "nested 100,000 deep": replace_recipe_text(png_with_recipe, "[" * 100_000),
        "a chain too long": replace_recipe_text(png_with_recipe, json.dumps(nested)),
        "two chunks": replace_recipe(
            png_with_recipe, *[encode_chunk(b"tEXt", b"recipe\0" + text.encode())] * 2
        ),
        "wrong checksum": png_with_recipe.replace(b'"seed":5', b'"seed":6'),
        "cut zTXt": replace_recipe(png_with_recipe, encode_chunk(b"zTXt", b"recipe\0\0" + cut)),
        "damaged zTXt": replace_recipe(png_with_recipe, encode_chunk(b"zTXt", b"recipe\0\0nonsense")),
        "zTXt bomb": with_compressed(b"zTXt", b"\0", b" " * 80_000_000),
        "iTXt bomb": with_compressed(b"iTXt", b"\1\0\0\0", b" " * 80_000_000),
        "newer version": with_fields(version=2),
        "version 999": with_fields(version=999),
        "version 0": with_fields(version=0),
        "version true": with_fields(version=True),
        "version 1.0": with_fields(version=1.0),
        "no version is the present one, no task": replace_recipe_text(png_with_recipe, "{}"),
        "settings missing": replace_recipe_text(
            png_with_recipe, json.dumps({k: v for k, v in recipe.items() if k != "settings"})
        ),
        "unknown field": with_fields(output="/etc/passwd"),
        "unknown task": with_fields(task="style.steal"),
        "task that is a module": with_fields(task="os:system"),
        "task that is a number": with_fields(task=1),
        "unknown setting": with_settings(path="/etc/passwd"),
        "true for a number": with_settings(seed=True),
        "true for a fraction": with_settings(strength=True),
        "text for a number": with_settings(seed="5"),
        "fraction for a whole number": with_settings(seed=5.5),
        "null for a number": with_settings(seed=None),
        "number for a list": with_settings(style_weights=1),
        "huge steps": with_settings(steps=10**12),
        "huge size": with_settings(size=10**7),
        "negative": with_settings(seed=-1),
        "not a choice": with_settings(mode="ultra"),
        "settings as a list": with_fields(settings=[]),
        "inputs as paths": with_fields(inputs={"content": ["/etc/passwd"]}),
        "path for a digest": with_source(digest="../../../../etc/passwd"),
        "address for a digest": with_source(digest="http://127.0.0.1:9/a.png"),
        "short digest": with_source(digest="a" * 63),
        "upper-case digest": with_source(digest="A" * 64),
        "digest and a line break": with_source(digest=DIGEST + "\n"),
        "path-like name": with_source(name="../../etc/passwd"),
        "absolute name": with_source(name="/etc/passwd"),
        "Windows path as name": with_source(name="..\\..\\secret.png"),
        "colors in a name": with_source(name="a\x1b[31m.png"),
        "very long name": with_source(name="a" * 201),
        "name that is a number": with_source(name=1),
        "pickle for a recipe": with_source(recipe=payload),
        "bad nested recipe": with_source(recipe={**recipe, "settings": [1]}),
        "nested recipe out of its limits": with_source(recipe={**recipe, "version": 2}),
        "weights by path": with_fields(weights={"vgg16": "/tmp/model.keras"}),
        "weights as a list": with_fields(weights=["vgg16"]),
        "versions that are numbers": with_fields(versions={"keras": 3}),
    }


def test_every_attack_is_refused(png_with_recipe):
    assert recipes.read(png_with_recipe)
    accepted = []
    for name, data in build_attacks(png_with_recipe).items():
        try:
            read_error(data)
        except BaseException as error:
            accepted.append((name, repr(error)[:200]))
    assert not accepted


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["NaN", "infinity", "overflow", "duplicate key", "NUL escape", "6000 digits"]
)
def test_invalid_json_is_refused_before_settings_are_checked(name, png_with_recipe):
    with pytest.raises(InvalidInput):
        recipes.read(build_attacks(png_with_recipe)[name])


def test_a_newer_recipe_is_reported(png_with_recipe):
    assert "newer studio" in read_error(build_attacks(png_with_recipe)["version 999"])


@pytest.mark.parametrize("name", ["zTXt bomb", "iTXt bomb"])
def test_bombs_are_not_inflated(name, png_with_recipe):
    bomb = build_attacks(png_with_recipe)[name]
    tracemalloc.start()
    try:
        read_error(bomb)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_compressed_and_international_text_are_read(png_with_recipe):
    recipe = recipes.read(png_with_recipe)
    text = recipe.to_json().encode()
    for kind, body in (
        (b"zTXt", b"\0" + zlib.compress(text)),
        (b"iTXt", b"\0\0en\0\0" + text),
        (b"iTXt", b"\1\0\0\0" + zlib.compress(text)),
    ):
        assert recipes.read(replace_recipe(png_with_recipe, encode_chunk(kind, b"recipe\0" + body))) == recipe


def test_other_text_chunks_are_ignored(png_with_recipe):
    without = replace_recipe(
        png_with_recipe,
        encode_chunk(b"tEXt", b"comment\0" + recipes.read(png_with_recipe).to_json().encode()),
    )
    assert "no recipe" in read_error(without)


def test_corpus_recipes_raise_no_unexpected_error(data_dir):
    with (data_dir / "badfiles" / "INDEX.tsv").open(encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle, delimiter="\t") if row["kind"] == "recipe"]
    assert len(rows) > 30
    for row in rows:
        read_error((data_dir / "badfiles" / row["file"]).read_bytes())


def test_reading_a_recipe_imports_no_task(png_with_recipe):
    sys.modules.pop("studio.style.task", None)
    recipes.read(png_with_recipe).parse_settings()
    assert "studio.style.task" not in sys.modules


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_a_truncated_png_is_refused_or_has_no_recipe(cut, png_with_recipe):
    offset = png_with_recipe.index(b"tEXtrecipe")
    read_error(png_with_recipe[: offset - 4 + cut])


@pytest.mark.parametrize("name", ["/home/me/secret/photo.png", "C:\\me\\secret\\photo.png", "photo.png"])
def test_a_source_has_no_folder_in_its_name(name, home):
    file = tasks.File.store(b"bytes", "image", name)
    assert file.name == "photo.png"
    assert Input(digest=file.digest, name=file.name).recipe is None


@pytest.mark.parametrize("name", ["a\x1b[31m\n.png", "\udcff.png", "é" * 300, "..", ""])
def test_a_recipe_round_trips_for_any_file_name(name, home, image):
    file = tasks.File.store(image_io.encode_png(image), "image", name)
    recipe = recipes.make("fake.paint", paint.PaintSettings(), {"content": [file]})
    assert recipes.read(image_io.encode_png(image, recipe)) == recipe


def test_a_chain_of_any_length_round_trips(image, home):
    data = image_io.encode_png(image)
    for number in range(40):
        inputs = {
            "content": [tasks.File.store(data, "image", f"{number}.png")],
            "style": [tasks.File.store(image_io.encode_png(255 - image), "image", "painting.png")],
        }
        recipe = recipes.make("style.transfer", TransferSettings(seed=number), inputs)
        data = image_io.encode_png(image, recipe)
        assert recipes.read(data) == recipe
    assert recipe.inputs["content"][0].name == "39.png"


def test_a_recipe_ignores_a_partially_imported_keras(home, image, monkeypatch):
    partial_keras = type(sys)("keras")  # as another thread that reads too early sees it
    monkeypatch.setitem(sys.modules, "keras", partial_keras)
    content = {"content": [File.store(image_io.encode_png(image), "image", "mine.png")]}
    assert recipes.make("style.transfer", TransferSettings(), content, {}).machine["backend"] == "none"
