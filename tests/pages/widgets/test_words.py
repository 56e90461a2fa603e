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
def test_durations(seconds, text):
    assert amounts.duration(seconds) == text


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
def test_sizes_are_told_in_thousands_of_a_thousand(count, text):
    assert amounts.size(count) == text


@pytest.mark.parametrize(
    "text, expected",
    [
        ("MNIST, handwritten digits (mnist.npz)", "MNIST, handwritten digits"),
        ("Alice (alice_latin1.txt), on from shakespeare", "Alice, on from shakespeare"),
        ("2,998 flower photos (CC BY)", "2,998 flower photos (CC BY)"),
    ],
)
def test_what_a_model_learned_from_is_told_without_names_of_files(text, expected):
    assert words.data_set_name(text) == expected


def test_a_file_name_is_never_markdown():
    assert words.plain("*a*_b_[c](d)<e>") == r"\*a\*\_b\_\[c\](d)\<e\>"
    assert words.plain("1) a (b)") == r"1\) a (b)", "a list"
    assert words.plain("a\n===") == "a\n" + r"\=\=\=", "a heading"
    assert words.plain("    a\n\tb") == "a\nb", "code"
    for icon in (":material/face:", ":streamlit:"):  # they are searched after Markdown is parsed
        assert icon not in words.plain(icon).replace("\\", "")


PLACES = (
    "The disk of {home} is full, so result.png was not saved. Free some space there.",
    "Dream met a fault of the studio itself (OSError). Run it again; {home}/logs/engine.log says more.",
    "Invalid model folder {home}/cache/models/abc: none. Use a whole one. ",
    "Another studio is already running on {home}. Use that one.",
    "Looked in /usr/lib/site-packages/keras/x.py, then ~/studio/home, (/opt/my/models) and '/a/b c'.",
)


@pytest.mark.parametrize("sentence", PLACES)
@pytest.mark.parametrize("home", ["/srv/studio/home", "/srv/my studio", "relative home"])
def test_a_visitor_is_not_told_where_things_are_on_the_server(monkeypatch, sentence, home):
    monkeypatch.setenv("STUDIO_HOME", home)
    message = sentence.format(home=home)
    assert words.plain(message).replace("\\", "") == message
    monkeypatch.setattr(words, "owner", lambda: "visitor-a")
    text = words.plain(message).replace("\\", "")
    for part in (home, "srv", "logs", "cache", "site-packages", "~", "/opt", "/a"):
        assert part not in text
    assert "a place on the server" in text


def test_the_home_of_who_runs_the_studio_may_have_a_name_of_two_words(monkeypatch, tmp_path):
    home = tmp_path / "Jane Doe"
    monkeypatch.delenv("STUDIO_HOME")
    monkeypatch.setenv("HOME", str(home)), monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(words, "owner", lambda: "visitor-a")
    for message in (
        f"Invalid model folder {paths.home()}/cache/models/abc.",
        f"No {home}/venv/lib/x.py here.",
    ):
        text = words.plain(message).replace("\\", "")
        assert "Doe" not in text and "cache" not in text and "venv" not in text


@pytest.mark.parametrize(
    "text", ["either/or", "a 1/2 b", "https://example.org/a/b", "day/night.png", "seed=7", "/"]
)
def test_what_is_no_place_is_told_to_visitors_too(monkeypatch, text):
    monkeypatch.setattr(words, "owner", lambda: "visitor-a")
    assert words.plain(text).replace("\\", "") == text


DREAMS = [
    DreamSettings(),
    DreamSettings(look="birds", steps=3, seed=9, hold_colors=2.5),
    DreamSettings(layers=("mixed4:71=0.5", "mixed4=-0.25"), backbone="inceptionv3", size=256),
    DreamSettings(zoom=30, video="gif", zoom_turn=-2.5, zoom_scale=1.1, fps=10),
]
SETTINGS = [
    TransferSettings(),
    TransferSettings(mode="fine", strength=0.35, keep_colors="matched", steps=7, seed=3),
    TransferSettings(style_weights=(1.0, 0.25), stroke_size=2.0, size=256),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_command_that_is_shown_asks_for_the_same(settings, home, image):
    file = File("0" * 64, "image", "my photo.png")
    inputs = {"content": [file], "style": [file, file], "mask": [file]}
    line = commands.line("style.transfer", settings, inputs)
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
def test_the_command_of_a_dream_asks_for_the_same(settings, guide, home):
    file = File("0" * 64, "image", "my photo.png")
    line = commands.line("dream.ascend", settings, {"content": [file], "guide": [file] * guide})
    parser = flags.Parser("studio")
    make.add(parser.add_subparsers())
    arguments = parser.parse_args(shlex.split(line)[1:])
    assert DreamSettings.parse(flags.given_settings(arguments)) == settings
    assert (arguments.content, arguments.guide) == (["my photo.png"], ["my photo.png"] if guide else None)
    ending = "." + settings.video if settings.zoom else ".png"
    assert arguments.out == f"out{ending}"
    outputs.resolve(arguments.out, tasks.get("dream.ascend").makes(settings))


def asked_in_python(program):
    """Parses a program's call of `studio.make`: the task, the settings and the file names."""
    call = ast.parse(program).body[1].value
    arguments = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    task = tasks.get(ast.literal_eval(call.args[0]))
    settings, inputs = request.resolve(task, *request.split_arguments(task, arguments))
    names = {slot: [file.name for file in files] for slot, files in inputs.items()}
    return task.name, settings, names


@pytest.mark.parametrize("settings", [*SETTINGS, *DREAMS], ids=str)
def test_the_python_that_is_shown_asks_for_the_same(settings, home, image, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my photo.png").write_bytes(image_io.encode_png(image))
    file = File.keep(Path("my photo.png").read_bytes(), "image", "my photo.png")
    dream = isinstance(settings, DreamSettings)
    task = "dream.ascend" if dream else "style.transfer"
    inputs = {"content": [file], "guide": [file]} if dream else {"content": [file], "style": [file] * 2}
    program = commands.python(task, settings, inputs)
    names = {slot: [file.name for file in files] for slot, files in inputs.items()}
    assert asked_in_python(program) == (task, settings, names)


def test_the_python_that_is_shown_tells_a_model_from_the_setting_of_that_name(home):
    settings = FacesSettings(model="vae", n=9)
    assert asked_in_python(commands.python("faces.draw", settings, {})) == ("faces.draw", settings, {})
    file = input_files.read(tasks.get("faces.draw").inputs[1], "digits-vae")
    program = commands.python("faces.draw", FacesSettings(), {"model": [file]})
    assert 'preset="digits-vae' in program


def test_the_python_that_is_shown_makes_the_same(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = TransferSettings(house=("mosaic", "wash"), style_weights=(1.0, 3.0), size=64)
    content = input_files.read(tasks.get("style.transfer").inputs[0], "sample:coffee")
    Path("shown.py").write_text(commands.python("style.transfer", settings, {"content": [content]}))
    runpy.run_path("shown.py")
    again = tasks.run("style.transfer", settings, {"content": [content]})
    assert np.array_equal(image_io.read(Path("out.png")), image_io.read(again.files[0].read()))
    assert recipes.read(Path("out.png").read_bytes()) == again.recipe


def test_python_prints_what_is_text_and_leaves_out_what_no_program_can_name(home):
    settings = WriteSettings(prompt="O, what", temperature=0.5)
    program = commands.python("text.write", settings, {})
    assert program.endswith(
        '\nmade = studio.make("text.write", temperature=0.5, prompt="O, what")\nprint(made)'
    )
    assert (
        commands.python(
            "video.repaint", VideoSettings(task="style.transfer"), {"video": [video_input.sample()]}
        )
        == ""
    )


ASKED = [
    ExplainSettings(),
    ExplainSettings(preset="mine", label="- cat", view="over"),
    ExportSettings(form="onnx"),
]


@pytest.mark.parametrize("settings", ASKED, ids=str)
@pytest.mark.parametrize("own", [0, 1])
def test_the_command_that_asks_a_classifier_asks_for_the_same(settings, own, home):
    name = "classify.explain" if isinstance(settings, ExplainSettings) else "classify.export"
    inputs = {"model": [File("1" * 64, "model", "mine.zip")] * own}
    inputs |= {"image": [File("0" * 64, "image", "my photo.png")]} if name == "classify.explain" else {}
    settings = settings.model_copy(update={"preset": type(settings)().preset}) if own else settings
    line = commands.line(name, settings, inputs)
    parser = flags.Parser("studio")
    make.add(parser.add_subparsers())
    arguments = parser.parse_args(shlex.split(line)[1:])
    values = flags.given_settings(arguments)
    assert values.pop("preset") == ("mine.zip" if own else settings.preset)
    restored = type(settings).parse({**values, "preset": settings.preset})
    assert restored.for_ending(arguments.out.rpartition(".")[2]) == settings
    outputs.resolve(arguments.out, tasks.get(name).makes(settings))


def test_choices_and_labels_are_in_a_persons_words():
    assert [words.choice(name) for name in ("vgg16", "auto", "stained_glass", "webp")] == [
        "VGG16",
        "Auto",
        "Stained glass",
        "WebP",
    ]
    fields = DreamSettings.describe()
    assert fields["fps"].title == "Frames per second"
    assert fields["size"].title == "Size (px)"
    assert DreamSettings.term("size") == "size"
    assert DreamSettings.term("what_was_once") == "what was once"


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
def test_a_guess_is_no_finer_than_it_is(seconds, text):
    assert amounts.about(seconds) == text


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
def test_the_time_left_is_calm(seconds, text):
    assert amounts.left(seconds) == text


def test_names_are_listed_as_a_person_would():
    assert [words.join(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_variants_differ_and_stay_within_the_bounds(strength):
    settings = TransferSettings(strength=strength)
    variants = [
        settings.parse(settings.model_dump() | change) for change in results.variants(settings).values()
    ]
    assert len(variants) >= 2
    assert settings not in variants


def test_variants_of_a_house_style_stay_one_and_need_no_seed():
    settings = TransferSettings(house=("mosaic",))
    variants = results.variants(settings)
    assert variants and not {"seed", "mode"} & {name for change in variants.values() for name in change}
    assert "Another seed" in results.variants(TransferSettings(mode="fine"))


@pytest.mark.parametrize("settings", DREAMS, ids=str)
def test_variants_of_a_dream_are_other_dreams(settings):
    variants = [
        settings.parse(settings.model_dump() | change) for change in results.variants(settings).values()
    ]
    assert len({variant.model_dump_json() for variant in (*variants, settings)}) == len(variants) + 1
    looks = {variant.look for variant in variants} - {settings.look}
    assert bool(looks) == (not settings.layers)  # layers replace the preset
