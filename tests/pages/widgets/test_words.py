"""Wording, variants, and the command line and Python of a result."""

from __future__ import annotations

import ast
import runpy
import shlex
from pathlib import Path

import numpy as np
import pytest

from pages.form import video_input
from pages.jobs import commands, results
from pages.widgets import words
from studio.classify.settings import ExplainSettings, ExportSettings
from studio.cli import flags, make
from studio.core import amounts, paths, recipes, tasks
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.dream.settings import DreamSettings
from studio.faces.settings import FacesSettings
from studio.run import input_files, outputs, request
from studio.style.settings import TransferSettings
from studio.text.settings import WriteSettings
from studio.video.settings import VideoSettings


@pytest.mark.parametrize(
    "seconds, text", [(None, ""), (0.4, "0 s"), (59, "59 s"), (75, "1 min 15 s"), (7260, "2 h 1 min")]
)
def test_durations_are_formatted(seconds, text):
    assert amounts.format_duration(seconds) == text


@pytest.mark.parametrize(
    "count, text",
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (78e6, "78 MB"),
        (999_600, "1 MB"),
        (2**30, "1.1 GB"),
        (2e12, "2000.0 GB"),
    ],
)
def test_sizes_are_formatted_in_decimal_units(count, text):
    assert amounts.format_bytes(count) == text


@pytest.mark.parametrize(
    "text, expected",
    [
        ("MNIST, handwritten digits (mnist.npz)", "MNIST, handwritten digits"),
        ("Alice (alice_latin1.txt), on from shakespeare", "Alice, on from shakespeare"),
        ("2,998 flower photos (CC BY)", "2,998 flower photos (CC BY)"),
    ],
)
def test_data_set_name_has_no_file_names(text, expected):
    assert words.data_set_name(text) == expected


def test_file_name_is_no_markdown():
    for text in ("my-face_2 (1)", "*a*_b_[c](d)<e>", ":material/close: 1) b"):
        assert words.unescape(words.escape(text)) == text
    assert words.escape("*a*_b_[c](d)<e>") == r"\*a\*\_b\_\[c\](d)\<e\>"
    assert words.escape("1) a (b)") == r"1\) a (b)", "a list"
    assert words.escape("a\n===") == "a\n" + r"\=\=\=", "a heading"
    assert words.escape("    a\n\tb") == "a\nb", "code"
    for icon in (":material/face:", ":streamlit:"):  # they are searched after Markdown is parsed
        assert icon not in words.escape(icon).replace("\\", "")


SERVER_PATHS = (
    "The disk of {home} is full, so result.png was not saved. Free some space there.",
    "Dream met a fault of the studio itself (OSError). Run it again; {home}/logs/engine.log says more.",
    "Invalid model folder {home}/cache/models/abc: none. Use a whole one. ",
    "Another studio is already running on {home}. Use that one.",
    "Looked in /usr/lib/site-packages/keras/x.py, then ~/studio/home, (/opt/my/models) and '/a/b c'.",
)


@pytest.mark.parametrize("sentence", SERVER_PATHS)
@pytest.mark.parametrize("home", ["/srv/studio/home", "/srv/my studio", "relative home"])
def test_visitor_sees_no_server_paths(monkeypatch, sentence, home):
    monkeypatch.setenv("STUDIO_HOME", home)
    message = sentence.format(home=home)
    assert words.escape(message).replace("\\", "") == message
    monkeypatch.setattr(words, "get_owner", lambda: "visitor-a")
    text = words.escape(message).replace("\\", "")
    for part in (home, "srv", "logs", "cache", "site-packages", "~", "/opt", "/a"):
        assert part not in text
    assert "a place on the server" in text


def test_home_path_with_a_space_is_redacted(monkeypatch, tmp_path):
    home = tmp_path / "Jane Doe"
    monkeypatch.delenv("STUDIO_HOME")
    monkeypatch.setenv("HOME", str(home)), monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(words, "get_owner", lambda: "visitor-a")
    for message in (
        f"Invalid model folder {paths.ensure_home()}/cache/models/abc.",
        f"No {home}/venv/lib/x.py here.",
    ):
        text = words.escape(message).replace("\\", "")
        assert "Doe" not in text and "cache" not in text and "venv" not in text


@pytest.mark.parametrize(
    "text", ["either/or", "a 1/2 b", "https://example.org/a/b", "day/night.png", "seed=7", "/"]
)
def test_text_without_paths_is_unchanged_for_visitors(monkeypatch, text):
    monkeypatch.setattr(words, "get_owner", lambda: "visitor-a")
    assert words.escape(text).replace("\\", "") == text


DREAMS = [
    DreamSettings(),
    DreamSettings(look="birds", steps=3, seed=9, color_penalty=2.5),
    DreamSettings(layers=("mixed4:71=0.5", "mixed4=-0.25"), backbone="inceptionv3", size=256),
    DreamSettings(zoom=30, video="gif", zoom_turn=-2.5, zoom_scale=1.1, fps=10),
]
SETTINGS = [
    TransferSettings(),
    TransferSettings(mode="fine", strength=0.35, keep_colors="matched", steps=7, seed=3),
    TransferSettings(style_weights=(1.0, 0.25), stroke_size=2.0, size=256),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_shown_command_has_the_same_settings(settings, home, image):
    file = File("0" * 64, "image", "my photo.png")
    inputs = {"content": [file], "style": [file, file], "mask": [file]}
    line = commands.format_command("style.transfer", settings, inputs)
    parser = flags.Parser("studio")
    make.add(parser.add_subparsers())
    program, *rest = shlex.split(line)
    arguments = parser.parse_args(rest)
    assert program == "studio"
    assert TransferSettings.parse(flags.given_settings(arguments)) == settings
    assert (arguments.content, arguments.style, arguments.mask) == (
        ["my photo.png"],
        ["my photo.png"] * 2,
        ["my photo.png"],
    )


@pytest.mark.parametrize("settings", DREAMS, ids=str)
@pytest.mark.parametrize("guide", [0, 1])
def test_command_of_a_dream_has_the_same_settings(settings, guide, home):
    file = File("0" * 64, "image", "my photo.png")
    line = commands.format_command("dream.ascend", settings, {"content": [file], "guide": [file] * guide})
    parser = flags.Parser("studio")
    make.add(parser.add_subparsers())
    arguments = parser.parse_args(shlex.split(line)[1:])
    assert DreamSettings.parse(flags.given_settings(arguments)) == settings
    assert (arguments.content, arguments.guide) == (["my photo.png"], ["my photo.png"] if guide else None)
    ending = "." + settings.video if settings.zoom else ".png"
    assert arguments.out == f"out{ending}"
    outputs.resolve_output(arguments.out, tasks.get("dream.ascend").choose_kind(settings))


def parse_python(program):
    """Parses a program's call of `studio.make`: the task, the settings and the file names."""
    call = ast.parse(program).body[1].value
    arguments = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    task = tasks.get(ast.literal_eval(call.args[0]))
    settings, inputs = request.resolve(task, *request.split_arguments(task, arguments))
    names = {slot: [file.name for file in files] for slot, files in inputs.items()}
    return task.name, settings, names


@pytest.mark.parametrize("settings", [*SETTINGS, *DREAMS], ids=str)
def test_shown_python_has_the_same_settings(settings, home, image, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my photo.png").write_bytes(image_io.encode_png(image))
    file = File.store(Path("my photo.png").read_bytes(), "image", "my photo.png")
    dream = isinstance(settings, DreamSettings)
    task = "dream.ascend" if dream else "style.transfer"
    inputs = {"content": [file], "guide": [file]} if dream else {"content": [file], "style": [file] * 2}
    program = commands.format_python(task, settings, inputs)
    names = {slot: [file.name for file in files] for slot, files in inputs.items()}
    assert parse_python(program) == (task, settings, names)


def test_shown_python_distinguishes_model_input_and_setting(home):
    settings = FacesSettings(model="vae", n=9)
    assert parse_python(commands.format_python("faces.draw", settings, {})) == ("faces.draw", settings, {})
    file = input_files.read(tasks.get("faces.draw").inputs[1], "digits-vae")
    program = commands.format_python("faces.draw", FacesSettings(), {"model": [file]})
    assert 'preset="digits-vae' in program


def test_shown_python_makes_the_same_result(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = TransferSettings(house=("mosaic", "wash"), style_weights=(1.0, 3.0), size=64)
    content = input_files.read(tasks.get("style.transfer").inputs[0], "sample:coffee")
    Path("shown.py").write_text(commands.format_python("style.transfer", settings, {"content": [content]}))
    runpy.run_path("shown.py")
    again = tasks.run("style.transfer", settings, {"content": [content]})
    assert np.array_equal(image_io.read(Path("out.png")), image_io.read(again.files[0].read()))
    assert recipes.read(Path("out.png").read_bytes()) == again.recipe


def test_shown_python_prints_texts_and_is_empty_for_page_samples(home):
    settings = WriteSettings(prompt="O, what", temperature=0.5)
    program = commands.format_python("text.write", settings, {})
    assert program.endswith(
        '\nmade = studio.make("text.write", temperature=0.5, prompt="O, what")\nprint(made)'
    )
    assert (
        commands.format_python(
            "video.repaint", VideoSettings(task="style.transfer"), {"video": [video_input.store_sample()]}
        )
        == ""
    )


CLASSIFIER_REQUESTS = [
    ExplainSettings(),
    ExplainSettings(preset="mine", label="- cat", view="over"),
    ExportSettings(form="onnx"),
]


@pytest.mark.parametrize("settings", CLASSIFIER_REQUESTS, ids=str)
@pytest.mark.parametrize("own", [0, 1])
def test_command_of_a_classifier_has_the_same_settings(settings, own, home):
    name = "classify.explain" if isinstance(settings, ExplainSettings) else "classify.export"
    inputs = {"model": [File("1" * 64, "model", "mine.zip")] * own}
    inputs |= {"image": [File("0" * 64, "image", "my photo.png")]} if name == "classify.explain" else {}
    settings = settings.model_copy(update={"preset": type(settings)().preset}) if own else settings
    line = commands.format_command(name, settings, inputs)
    parser = flags.Parser("studio")
    make.add(parser.add_subparsers())
    arguments = parser.parse_args(shlex.split(line)[1:])
    values = flags.given_settings(arguments)
    assert values.pop("preset") == ("mine.zip" if own else settings.preset)
    restored = type(settings).parse({**values, "preset": settings.preset})
    assert restored.for_ending(arguments.out.rpartition(".")[2]) == settings
    outputs.resolve_output(arguments.out, tasks.get(name).choose_kind(settings))


def test_choices_have_readable_labels():
    assert [words.choice_label(name) for name in ("vgg16", "auto", "stained_glass", "webp")] == [
        "VGG16",
        "Auto",
        "Stained glass",
        "WebP",
    ]
    fields = DreamSettings.describe()
    assert fields["fps"].title == "Frames per second"
    assert fields["size"].title == "Size (px)"
    assert DreamSettings.inline_label("size") == "size"
    assert DreamSettings.inline_label("what_was_once") == "what was once"


@pytest.mark.parametrize(
    "seconds, text",
    [
        (3, "a few seconds"),
        (42, "about 40 seconds"),
        (103, "about 2 minutes"),
        (9000, "about 2.5 hours"),
        (7200, "about 2 hours"),
    ],
)
def test_estimate_is_rounded(seconds, text):
    assert amounts.format_estimate(seconds) == text


@pytest.mark.parametrize(
    "seconds, text",
    [
        (None, ""),
        (-1, ""),
        (0, ""),
        (0.2, "1 s left"),
        (7.4, "7 s left"),
        (47.2, "45 s left"),
        (62, "1 min 0 s left"),
        (140, "2 min 30 s left"),
    ],
)
def test_time_left_is_rounded(seconds, text):
    assert amounts.format_time_left(seconds) == text


def test_names_are_joined():
    assert [words.join(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_variants_differ_and_stay_within_bounds(strength):
    settings = TransferSettings(strength=strength)
    variants = [
        settings.parse(settings.model_dump() | change) for change in results.list_variants(settings).values()
    ]
    assert len(variants) >= 2
    assert settings not in variants


def test_variants_of_a_house_style_keep_it_and_the_seed():
    settings = TransferSettings(house=("mosaic",))
    variants = results.list_variants(settings)
    assert variants and not {"seed", "mode"} & {name for change in variants.values() for name in change}
    assert "Another seed" in results.list_variants(TransferSettings(mode="fine"))


@pytest.mark.parametrize("settings", DREAMS, ids=str)
def test_variants_of_a_dream_differ(settings):
    variants = [
        settings.parse(settings.model_dump() | change) for change in results.list_variants(settings).values()
    ]
    assert len({variant.model_dump_json() for variant in (*variants, settings)}) == len(variants) + 1
    looks = {variant.look for variant in variants} - {settings.look}
    assert bool(looks) == (not settings.layers)  # layers replace the preset
