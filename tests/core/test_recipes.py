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
def good(image, home) -> bytes:
    """A PNG with a recipe, as the studio saves it."""
    content = tasks.File.keep(image_io.encode_png(image), "image", "photo.png")
    style = tasks.File.keep(image_io.encode_png(255 - image), "image", "painting.png")
    settings = TransferSettings(seed=5, style_weights=(1.0,))
    recipe = recipes.make(
        "style.transfer", settings, {"content": [content], "style": [style]}, {"vgg16": DIGEST}
    )
    return image_io.encode_png(image, recipe)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def replaced(png: bytes, *chunks: bytes) -> bytes:
    """Returns the PNG with these chunks instead of its recipe."""
    at = png.index(b"tEXtrecipe") - 4
    length = struct.unpack(">I", png[at : at + 4])[0] + 12
    return png[:at] + b"".join(chunks) + png[at + length :]


def with_text(png: bytes, text: str | bytes) -> bytes:
    body = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return replaced(png, chunk(b"tEXt", b"recipe\0" + body))


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidInput) as error:
        recipes.read(data).checked_settings()
    assert "\n" not in str(error.value)
    assert says_what_to_do(str(error.value))
    assert len(str(error.value)) < 700
    return str(error.value)


def test_what_was_saved_reads_back(good):
    recipe = recipes.read(good)
    assert recipe.checked_settings() == TransferSettings(seed=5, style_weights=(1.0,))
    assert [source.name for source in recipe.inputs["content"]] == ["photo.png"]
    assert recipe.weights == {"vgg16": DIGEST}
    assert {"python", "numpy"} <= set(recipe.versions)
    assert recipes.read(recipe.to_json().encode()) == recipe


def test_a_result_as_input_brings_its_recipe_along(good, image):
    link = tasks.File.keep(good, "image", "first.png")
    second = recipes.make("fake.paint", paint.PaintSettings(), {"content": [link]})
    assert recipes.read(image_io.encode_png(image, second)).inputs["content"][0].recipe == recipes.read(good)


def test_an_input_that_is_no_png_is_not_read_for_its_recipe(home, monkeypatch):
    large = File.keep(b"{" + bytes(100), "dataset", "images.zip")
    monkeypatch.setattr(File, "read", lambda self: pytest.fail("it was read"))
    recipe = recipes.make("style.train", TransferSettings(), {"data": [large]})
    assert [(file.digest, file.recipe) for file in recipe.inputs["data"]] == [(large.digest, None)]


def test_json_is_ascii_on_one_line():
    recipe = Recipe(task="style.transfer", settings={"note": "é\u2028\n"})
    assert recipe.to_json().isascii()
    assert "\n" not in recipe.to_json()


@pytest.mark.parametrize("letter", ["😀", "\x01", "\u2028"])
def test_the_longest_prompt_that_is_taken_is_read_again(image, letter):
    recipe = recipes.make("text.write", WriteSettings(prompt=letter * 10_000), {})
    assert recipes.read(recipe.to_json().encode()) == recipe
    assert recipes.read(image_io.encode_png(image, recipe)) == recipe


@pytest.mark.parametrize("name", ["my\\model", "a\nb", "a\udcffb", "x" * 201, "a/b"])
def test_a_model_of_a_folder_with_an_odd_name_still_has_a_recipe(name):
    recipe = recipes.make("text.write", WriteSettings(), {}, {name: DIGEST})
    assert list(recipe.weights.values()) == [DIGEST]
    assert recipes.read(recipe.to_json().encode()) == recipe


def attacks(good: bytes) -> dict[str, bytes]:
    whole = json.loads(recipes.read(good).to_json())
    text = json.dumps(whole)

    def changed(**fields):
        return with_text(good, json.dumps(whole | fields))

    def setting(**values):
        return changed(settings=whole["settings"] | values)

    def source(**values):
        return changed(inputs={"content": [{"digest": DIGEST, "name": "a.png", "recipe": None} | values]})

    def squeezed(kind, head, data):
        return replaced(good, chunk(kind, b"recipe\0" + head + zlib.compress(data)))

    cut = zlib.compress(text.encode())[:-9]
    nested = {**whole, "inputs": {}}
    for _ in range(40):
        nested = {**whole, "inputs": {"content": [{"digest": DIGEST, "name": "n", "recipe": nested}]}}
    payload = base64.b64encode(pickle.dumps(print)).decode()
    return {
        "empty": with_text(good, ""),
        "not JSON": with_text(good, "seed=1"),
        "null": with_text(good, "null"),
        "list": with_text(good, f"[{text}]"),
        "number": with_text(good, "1"),
        "cut": with_text(good, text[:-1]),
        "twice": with_text(good, text + text),
        "byte order mark": with_text(good, b"\xef\xbb\xbf" + text.encode()),
        "UTF-16": with_text(good, text.encode("utf-16")),
        "invalid UTF-8": with_text(good, text.replace("photo", "\udcff").encode("utf-8", "surrogateescape")),
        "duplicate key": with_text(good, text.replace('"seed": 5', '"seed": 5, "seed": 6')),
        "duplicate key at the top": with_text(good, '{"version": 1, ' + text[1:]),
        "NaN": with_text(good, text.replace('"seed": 5', '"seed": NaN')),
        "infinity": with_text(good, text.replace('"strength": 0.8', '"strength": Infinity')),
        "overflow": with_text(good, text.replace('"strength": 0.8', '"strength": 1e999')),
        "6000 digits": with_text(good, text.replace('"seed": 5', f'"seed": {"9" * 6000}')),
        "NUL escape": with_text(good, text.replace("photo", "\\u0000")),
        "NUL": with_text(good, text.replace("photo", "\0")),
        "lone surrogate": with_text(good, text.replace("photo", "\\ud800")),
        "huge text": with_text(good, text + " " * 70_000),
        "nested too deep": with_text(good, text.replace('"seed": 5', f'"seed": {"[" * 100}{"]" * 100}')),
        "nested 100,000 deep": with_text(good, "[" * 100_000),
        "a chain too long": with_text(good, json.dumps(nested)),
        "two chunks": replaced(good, *[chunk(b"tEXt", b"recipe\0" + text.encode())] * 2),
        "wrong checksum": good.replace(b'"seed":5', b'"seed":6'),
        "cut zTXt": replaced(good, chunk(b"zTXt", b"recipe\0\0" + cut)),
        "damaged zTXt": replaced(good, chunk(b"zTXt", b"recipe\0\0nonsense")),
        "zTXt bomb": squeezed(b"zTXt", b"\0", b" " * 80_000_000),
        "iTXt bomb": squeezed(b"iTXt", b"\1\0\0\0", b" " * 80_000_000),
        "newer version": changed(version=2),
        "version 999": changed(version=999),
        "version 0": changed(version=0),
        "version true": changed(version=True),
        "version 1.0": changed(version=1.0),
        "no version is the present one, no task": with_text(good, "{}"),
        "settings missing": with_text(good, json.dumps({k: v for k, v in whole.items() if k != "settings"})),
        "unknown field": changed(output="/etc/passwd"),
        "unknown task": changed(task="style.steal"),
        "task that is a module": changed(task="os:system"),
        "task that is a number": changed(task=1),
        "unknown setting": setting(path="/etc/passwd"),
        "true for a number": setting(seed=True),
        "true for a fraction": setting(strength=True),
        "text for a number": setting(seed="5"),
        "fraction for a whole number": setting(seed=5.5),
        "null for a number": setting(seed=None),
        "number for a list": setting(style_weights=1),
        "huge steps": setting(steps=10**12),
        "huge size": setting(size=10**7),
        "negative": setting(seed=-1),
        "not a choice": setting(mode="ultra"),
        "settings as a list": changed(settings=[]),
        "inputs as paths": changed(inputs={"content": ["/etc/passwd"]}),
        "path for a digest": source(digest="../../../../etc/passwd"),
        "address for a digest": source(digest="http://127.0.0.1:9/a.png"),
        "short digest": source(digest="a" * 63),
        "upper-case digest": source(digest="A" * 64),
        "digest and a line break": source(digest=DIGEST + "\n"),
        "path-like name": source(name="../../etc/passwd"),
        "absolute name": source(name="/etc/passwd"),
        "Windows path as name": source(name="..\\..\\secret.png"),
        "colors in a name": source(name="a\x1b[31m.png"),
        "very long name": source(name="a" * 201),
        "name that is a number": source(name=1),
        "pickle for a recipe": source(recipe=payload),
        "bad nested recipe": source(recipe={**whole, "settings": [1]}),
        "nested recipe out of its limits": source(recipe={**whole, "version": 2}),
        "weights by path": changed(weights={"vgg16": "/tmp/model.keras"}),
        "weights as a list": changed(weights=["vgg16"]),
        "versions that are numbers": changed(versions={"keras": 3}),
    }


def test_every_attack_is_refused(good):
    assert recipes.read(good)
    accepted = []
    for name, data in attacks(good).items():
        try:
            refusal(data)
        except BaseException as error:
            accepted.append((name, repr(error)[:200]))
    assert not accepted


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["NaN", "infinity", "overflow", "duplicate key", "NUL escape", "6000 digits"]
)
def test_what_is_no_plain_json_is_refused_before_any_setting_is_looked_at(name, good):
    with pytest.raises(InvalidInput):
        recipes.read(attacks(good)[name])


def test_newer_recipes_say_so(good):
    assert "newer studio" in refusal(attacks(good)["version 999"])


@pytest.mark.parametrize("name", ["zTXt bomb", "iTXt bomb"])
def test_bombs_are_not_inflated(name, good):
    bomb = attacks(good)[name]
    tracemalloc.start()
    try:
        refusal(bomb)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_compressed_and_international_text_are_read(good):
    recipe = recipes.read(good)
    text = recipe.to_json().encode()
    for kind, body in (
        (b"zTXt", b"\0" + zlib.compress(text)),
        (b"iTXt", b"\0\0en\0\0" + text),
        (b"iTXt", b"\1\0\0\0" + zlib.compress(text)),
    ):
        assert recipes.read(replaced(good, chunk(kind, b"recipe\0" + body))) == recipe


def test_other_texts_are_no_recipe(good):
    without = replaced(good, chunk(b"tEXt", b"comment\0" + recipes.read(good).to_json().encode()))
    assert "no recipe" in refusal(without)


def test_corpus_of_foreign_recipes(data_dir):
    with (data_dir / "badfiles" / "INDEX.tsv").open(encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle, delimiter="\t") if row["kind"] == "recipe"]
    assert len(rows) > 30
    for row in rows:
        refusal((data_dir / "badfiles" / row["file"]).read_bytes())


def test_reading_a_recipe_imports_no_task(good):
    sys.modules.pop("studio.style.task", None)
    recipes.read(good).checked_settings()
    assert "studio.style.task" not in sys.modules


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_a_cut_png_is_refused_or_has_no_recipe(cut, good):
    at = good.index(b"tEXtrecipe")
    refusal(good[: at - 4 + cut])


@pytest.mark.parametrize("name", ["/home/me/secret/photo.png", "C:\\me\\secret\\photo.png", "photo.png"])
def test_a_source_keeps_only_a_name(name, home):
    file = tasks.File.keep(b"bytes", "image", name)
    assert file.name == "photo.png"
    assert Input(digest=file.digest, name=file.name).recipe is None


@pytest.mark.parametrize("name", ["a\x1b[31m\n.png", "\udcff.png", "é" * 300, "..", ""])
def test_whatever_a_file_is_called_its_recipe_reads_back(name, home, image):
    file = tasks.File.keep(image_io.encode_png(image), "image", name)
    recipe = recipes.make("fake.paint", paint.PaintSettings(), {"content": [file]})
    assert recipes.read(image_io.encode_png(image, recipe)) == recipe


def test_a_chain_of_any_length_reads_back(image, home):
    data = image_io.encode_png(image)
    for number in range(40):
        inputs = {
            "content": [tasks.File.keep(data, "image", f"{number}.png")],
            "style": [tasks.File.keep(image_io.encode_png(255 - image), "image", "painting.png")],
        }
        recipe = recipes.make("style.transfer", TransferSettings(seed=number), inputs)
        data = image_io.encode_png(image, recipe)
        assert recipes.read(data) == recipe
    assert recipe.inputs["content"][0].name == "39.png"


def test_while_keras_is_imported_elsewhere_a_recipe_does_without_it(home, image, monkeypatch):
    half = type(sys)("keras")  # as another thread that reads too early sees it
    monkeypatch.setitem(sys.modules, "keras", half)
    content = {"content": [File.keep(image_io.encode_png(image), "image", "mine.png")]}
    assert recipes.make("style.transfer", TransferSettings(), content, {}).machine["backend"] == "none"
