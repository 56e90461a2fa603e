"""The fixed grammar of flags, on which scripts rely."""

from __future__ import annotations

import argparse
import itertools

import paint  # adds the command `invert`  # noqa: F401
import pytest

from studio import cli
from studio.cli import flags, synonyms
from studio.core import tasks
from studio.core.errors import InvalidInput

PARSER = cli._build_parser()


def parse(*argv):
    return flags.given_settings(PARSER.parse_args(argv))


def test_style_command_is_parsed():
    argv = "style a.jpg b.jpg c.jpg -o o.png --mode fine --size 512 --steps 9 --seed 3 --style-weights 1,2"
    argv += " --strength 0.5 --keep-colors --mask m.png n.png"
    arguments = PARSER.parse_args(argv.split())
    assert (arguments.content, arguments.style, arguments.mask) == (
        ["a.jpg"],
        ["b.jpg", "c.jpg"],
        ["m.png", "n.png"],
    )
    assert flags.given_settings(arguments) == {
        "mode": "fine",
        "size": "512",
        "steps": "9",
        "seed": "3",
        "style_weights": ["1", "2"],
        "strength": "0.5",
        "keep_colors": "luminance",
    }


def test_keep_colors_without_a_value_takes_no_image():
    arguments = PARSER.parse_args(["style", "--keep-colors", "a.jpg", "b.jpg", "-o", "o.png"])
    assert arguments.content == ["a.jpg"]
    assert flags.given_settings(arguments) == {"keep_colors": "luminance"}
    assert parse("style", "a.jpg", "b.jpg", "-o", "o.png", "--keep-colors", "matched") == {
        "keep_colors": "matched"
    }
    assert parse("style", "a.jpg", "b.jpg", "-o", "o.png", "--keep-colors=off") == {"keep_colors": "off"}


def test_repeated_list_flags_are_joined():
    values = parse("tune", "text", "t.txt", "-o", "o", "--vary", "units,layers", "--vary", "dropout")
    assert values["vary"] == ["units", "layers", "dropout"]
    argv = ["style", "a.jpg", "b.jpg", "-o", "o.png", "--mask", "m.png", "--mask", "n.png"]
    assert PARSER.parse_args(argv).mask == ["m.png", "n.png"]
    argv = ["train", "style", "photos", "-o", "o", "--style", "a.jpg", "--style", "b.jpg"]
    assert PARSER.parse_args(argv).style == ["a.jpg", "b.jpg"]


def test_omitted_settings_are_not_parsed():
    assert parse("style", "a.jpg", "b.jpg", "-o", "o.png") == {}
    assert parse("invert", "a.jpg", "-o", "o.png", "--mirror") == {"mirror": True}
    assert parse("invert", "a.jpg", "-o", "o.png", "--no-mirror") == {"mirror": False}


def test_write_train_and_score_commands_are_parsed():
    values = parse(
        "write", "ROMEO:", "--chars", "500", "--temperature", "0.8", "--top-k", "5", "--top-p", "0.9"
    )
    assert values == {"prompt": "ROMEO:", "chars": "500", "temperature": "0.8", "top_k": "5", "top_p": "0.9"}
    argv = ["train", "text", "t.txt", "-o", "dir", "--epochs", "2", "--resume", "--start-from", "alice"]
    arguments = PARSER.parse_args(argv)
    assert (arguments.text, arguments.out, arguments.resume) == ("t.txt", "dir", True)
    assert arguments.start == "alice"
    assert flags.given_settings(arguments) == {"epochs": "2"}
    arguments = PARSER.parse_args(["score", "shakespeare", "t.txt"])
    # The default part depends on the model.
    assert (arguments.preset, arguments.data, arguments.part) == ("shakespeare", "t.txt", None)


def test_classify_commands_are_parsed():
    arguments = PARSER.parse_args(["classify", "predict", "mine", "a.png", "b.png", "--json"])
    assert flags.given_settings(arguments) == {"preset": "mine"}
    assert arguments.images == ["a.png", "b.png"] and arguments.json
    assert parse("classify", "explain", "mine", "a.png", "-o", "o.png") == {"preset": "mine"}
    assert parse("classify", "export", "mine", "-o", "o.onnx") == {"preset": "mine"}
    arguments = PARSER.parse_args(["classify", "predict", "a.png", "b.png", "--preset", "mine"])
    assert flags.given_settings(arguments) == {"preset": "mine"} and arguments.images == ["a.png", "b.png"]
    arguments = PARSER.parse_args(["classify", "predict", "--top", "3", "a.png"])
    assert flags.given_settings(arguments) == {"top": "3"} and arguments.images == ["a.png"], (
        "it has a usual one"
    )


def test_tune_command_is_parsed():
    arguments = PARSER.parse_args(["tune", "text", "book.txt", "-o", "best", "--trials", "2"])
    assert (
        flags.given_settings(arguments) == {"train": "text", "trials": "2"} and arguments.data == "book.txt"
    )
    arguments = PARSER.parse_args(["tune", "book.txt", "-o", "best"])
    assert flags.given_settings(arguments) == {} and arguments.data == "book.txt"


@pytest.mark.parametrize(
    "argv, flag, advice",
    [
        (["style", "a.jpg", "-o", "o.png", "--sise", "9"], "--sise", " Did you mean `--size`?"),
        (["style", "a.jpg", "-o", "o.png", "--qqqq"], "--qqqq", "."),
        (["write", "-n", "3", "to be"], "-n", "."),  # not "two prompts"
        # Not "-o is missing".
        (["dream", "a.jpg", "--output", "o.png"], "--output", " Did you mean `--out`?"),
        (["train", "text", "a.txt", "-o", "m", "--lr", "1"], "--lr", " Did you mean `--learning-rate`?"),
        (
            ["train", "text", "a.txt", "-o", "m", "--val-split", "1"],
            "--val-split",
            "Did you mean `--held-out`?",
        ),
        (["train", "text", "a.txt", "-o", "m", "--gpu"], "--gpu", "whenever Keras finds one"),
        (["train", "text", "a.txt", "-o", "m", "--optimizer", "sgd"], "--optimizer", "cannot be changed"),
        (
            ["train", "dcgan", "a.zip", "-o", "m", "--batch-size", "9"],
            "--batch-size",
            "Did you mean `--batch`?",
        ),
        (["train", "text", "a.txt", "-o", "m", "--steps", "1"], "--steps", " Did you mean `--epochs`?"),
        (
            ["train", "text", "a.txt", "-o", "m", "--hidden-size", "9"],
            "--hidden-size",
            " Did you mean `--units`?",
        ),
        (
            ["train", "text", "a.txt", "-o", "m", "--num-layers", "9"],
            "--num-layers",
            " Did you mean `--layers`?",
        ),
        (["playground", "a.jpg", "-o", "o.png", "--layers", "9"], "--layers", " Did you mean `--depth`?"),
        (["enhance", "a.jpg", "-o", "o.png", "--colors", "9"], "--colors", "has no --colors. See `"),
        (
            ["enhance", "a.jpg", "-o", "o.png", "--size", "9"],
            "--size",
            " Did you mean `--scale`, `--width` or `--height`?",
        ),
        (["train", "dcgan", "a.zip", "-o", "m", "--ema", "9"], "--ema", "Did you mean `--ema-steps`?"),
    ],
)
def test_unknown_flag_suggests_a_known_one(argv, flag, advice):
    with pytest.raises(InvalidInput) as error:
        PARSER.parse_args(argv)
    message = str(error.value)
    assert f" has no {flag}." in message and advice in message, message
    assert message.endswith(" --help`.") and message.count("Did you mean") == advice.count("Did you mean")


def test_every_synonym_suggests_an_existing_flag():
    names = {
        field.name for task in map(tasks.get, tasks.TASKS) for field in task.settings.describe().values()
    }
    names |= {"out", "overwrite", "start_from", "preset"}
    assert not [group for group in synonyms._GROUPS if not names & {*group}]


@pytest.mark.parametrize("group", ["weights", "models", "gallery"])
def test_group_without_a_command_lists(group):
    assert PARSER.parse_args([group]).run is PARSER.parse_args([group, "list"]).run
    assert PARSER.parse_args([group, "--json"]).json
    with pytest.raises(InvalidInput, match="There is no command `studio"):
        PARSER.parse_args([group, "lisst"])


def test_classifier_can_be_trained_by_either_command():
    argv = ["photos", "-o", "mine", "--seed", "3"]
    one, other = (PARSER.parse_args([*c.split(), *argv]) for c in ("classify train", "train classifier"))
    assert one.run.args == other.run.args and flags.given_settings(one) == flags.given_settings(other)


def test_unknown_command_is_one_line(capsys):
    assert cli.main(["paintings"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and "invalid choice" not in message and len(message) < 120


@pytest.mark.parametrize(
    "argv, message",
    [
        (["faces", "-n5"], "required: -o/--out"),
        (["train", "text", "-oruns"], "required: DATA"),
        (["write", "--", "-hello", "-there"], "quotation marks"),
    ],
)
def test_joined_flags_and_words_after_two_hyphens_are_known(argv, message):
    with pytest.raises(InvalidInput, match=message):
        PARSER.parse_args(argv)


def read_help(command, capsys):
    with pytest.raises(SystemExit):
        PARSER.parse_args([*command.split(), "--help"])
    return " ".join(capsys.readouterr().out.split())


def test_help_lists_positionals_in_order(capsys):
    assert "[TRAIN] DATA" in read_help("tune", capsys)
    assert "[PRESET] IMAGES [IMAGES ...]" in read_help("classify predict", capsys)
    assert "CONTENT [STYLE ...]" in read_help("style", capsys)


def test_help_has_limits_and_defaults_once(capsys):
    text = read_help("dream", capsys)
    assert text.count("palaces") == 2  # in the usage and in the flag's help
    assert "lower it for a subtler one. (more than 0, up to 0.1, default 0.008)" in text
    assert "(0 to 4 px, default 1)" in text


# Positional words in order, then flags with their values, for each command.
COMMANDS = {
    "style": (["a.jpg", "b.jpg", "c.jpg"], ["-o o.png", "--seed 3", "--keep-colors", "--mask=m.png"]),
    "playground": (["a.jpg"], ["-o o.png", "--seed 3", "--vary width=2,64"]),
    "xray": (["a.jpg"], ["-o o.png", "--show map", "--off=conv4_block3", "--vary size=96,128"]),
    "share": (["digits-vae"], ["-o page.html", "--verbose"]),
    "filter": (["a.jpg"], ["-o o.png", "--layer block1_conv2", "--stride=2"]),
    "lab repair": (["a.png"], ["-o o.png", "--kind dense", "--doodles=b.png", "--vary noise=0,1"]),
    "lab imagine": (["a.png"], ["-o o.png", "--keep left", "-n 4"]),
    "sketch": (["a.png"], ["-o b.png", "--night", "--json"]),
    "translate": (["a.png"], ["-o b.png", "--network mine", "--side=64"]),
    "colorize": (["a.png"], ["-o b.png", "--variant=3", "--like=c.png", "--color-hints d.png"]),
    "enhance": (["a.png"], ["-o b.png", "--scale=3", "--json"]),
    "restore": (["a.png"], ["-o b.png", "--no-colorize", "--damage-mask=c.png", "--scale 1"]),
    "chain": (["a.png"], ["-o b.png", "--like=c.png", "--json"]),
    "dream": (["a.jpg"], ["-o o.png", "--seed 3", "--guide g.png", "--vary steps=1,2"]),
    "classify train": (["data"], ["-o o", "--finetune", "--no-resume"]),
    "classify audit": (["data"], ["--seed 3", "--json", "--base my.keras"]),
    "classify augment": (["data"], ["-o o.png", "--flip=on", "--rotation 20"]),
    "classify find-rate": (["data"], ["--backbone vgg16", "--batch=8", "-o o.md"]),
    "classify study": (["data"], ["--backbone vgg16", "--held-out=0.4", "-o o.json"]),
    "classify predict": (["mine", "a.jpg", "b.jpg"], ["--top 3", "--json", "--quiet"]),
    "classify explain": (["mine", "a.jpg"], ["-o o.png", "--verbose"]),
    "classify summary": (["mine"], ["-o o.txt", "--json"]),
    "classify export": (["mine"], ["-o o.onnx", "--json"]),
    "write": (["to be"], ["--seed 3", "-o o.txt", "--json"]),
    "who": (["t.txt"], ["--first alice", "--second=mine", "-o o.txt", "--json"]),
    "train style": (["data"], ["-o o", "--style=a.jpg", "--steps 3", "--resume"]),
    "train text": (["t.txt"], ["-oo", "--seed 3", "--start-from alice", "--no-resume"]),
    "train vae": (["data"], ["-o o", "--steps=3", "--no-flip"]),
    "train diffusion": (["data"], ["-o o", "--steps=3", "--no-conditional"]),
    "train colorize": (["a"], ["-o m", "--steps=9", "--json"]),
    "train restore": (["a"], ["-o m", "--steps=9", "--json"]),
    "train translate": (["a"], ["-o m", "--edges", "--no-mirror", "--steps=9"]),
    "train enhance": (["a"], ["-o m", "--steps=9", "--drawings d.npz"]),
    "train sketch": (["a"], ["-o m", "--steps=9", "--json"]),
    "train dcgan": (["data"], ["-o o", "--steps 3", "--resume"]),
    "tune": (["text", "book.txt"], ["-o best", "--trials 2", "--vary=units,layers"]),
    "score": (["alice", "book.txt"], ["--part 0.9:1", "--verbose"]),
    "completion": (["bash"], ["--quiet"]),
    "replay": (["a.png"], ["-o o.png", "--verify", "--inputs=b.png"]),
    "gallery list": (["red", "cat"], ["-n 3", "--kind image", "--removed"]),
    "gallery show": (["1a"], ["--json", "--quiet"]),
    "gallery mark": (["1a", "2b"], ["--star", "--tag red", "--untag=blue", "--json"]),
    "gallery boards": (["red"], ["--rename blue", "--json"]),
    "gallery export": (["1a", "2b"], ["-o o.zip", "--words=red", "--json"]),
    "gallery remove": (["1a", "2b"], ["--undo", "--json"]),
    "models rename": (["rainy", "rainy-days"], ["--json", "--quiet"]),
    "models remove": (["rainy"], ["--undo", "--json"]),
    "weights pull": (["vgg16"], ["--from x", "--json"]),
    "weights verify": (["vgg16"], ["--json", "--quiet"]),
}


def list_commands(parser, argv=()):
    """Yields every command that runs something, by its words."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for name, child in ((name, child) for group in groups for name, child in group.choices.items()):
        yield from list_commands(child, (*argv, name))
    if not groups:
        yield " ".join(argv), parser


def test_every_command_with_positionals_is_tested():
    takes = {
        name
        for name, leaf in list_commands(PARSER)
        if leaf._get_positional_actions() and "fake" not in leaf.prog
    }
    assert takes - {"invert", "train classifier"} == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_positionals_and_flags_may_be_in_any_order(command):
    (argv, flagged), parser = COMMANDS[command], PARSER
    usual = vars(parser.parse_args([*command.split(), *argv, *" ".join(flagged).split()]))
    for order in set(itertools.permutations([None] * len(argv) + flagged)):
        rest = iter(argv)
        line = [word for part in order for word in ([next(rest)] if part is None else part.split())]
        values = vars(parser.parse_args([*command.split(), *line]))
        assert {**values, "run": 0} == {**usual, "run": 0}, line


def test_flag_with_many_values_ends_at_the_next_flag():
    argv = ["style", "--mask", "m.png", "n.png", "-o", "o.png", "a.jpg", "--seed", "3", "b.jpg"]
    arguments = PARSER.parse_args(argv)
    assert (arguments.mask, arguments.content, arguments.style) == (["m.png", "n.png"], ["a.jpg"], ["b.jpg"])
    arguments = PARSER.parse_args(["style", "-o", "o.png", "a.jpg", "--mask", "m.png", "--", "-b.jpg"])
    assert (arguments.mask, arguments.content, arguments.style) == (["m.png"], ["a.jpg"], ["-b.jpg"])


@pytest.mark.parametrize(
    "argv, message",
    [
        (["style", "a.jpg", "b.jpg", "-o"], "-o/--out: expected one argument"),
        (["style", "-o", "--seed", "3", "a.jpg", "b.jpg"], "-o/--out: expected one argument"),
        (["style", "a.jpg", "--mask", "-o", "o.png", "b.jpg"], "--mask: expected at least one argument"),
        (["dream", "a.jpg", "-o", "o.png", "b.jpg"], "one word too many for `studio dream`: b.jpg"),
        (["replay", "-o", "o.png"], "required: FILE"),
    ],
)
def test_missing_and_extra_words_are_reported(argv, message):
    with pytest.raises(InvalidInput, match=message):
        PARSER.parse_args(argv)


PROMPTS = {
    "first": (["a b", "--seed", "3"], "a b"),
    "last": (["--seed", "3", "a b"], "a b"),
    "after a bare flag": (["--seed=3", "--json", "a b"], "a b"),
    "after the mark": (["--seed", "3", "--", "-a"], "-a"),
    "with a dash and a space": (["--seed", "3", "- a"], "- a"),
    "with its flag": (["--seed", "3", "--prompt", "a"], "a"),
    "empty": (["--seed", "3", ""], ""),
}


@pytest.mark.parametrize("argv, prompt", PROMPTS.values(), ids=PROMPTS)
def test_prompt_may_be_anywhere(argv, prompt):
    assert parse("write", *argv) == {"seed": "3", "prompt": prompt}


@pytest.mark.parametrize("argv", [["a", "b"], ["--", "a", "b"], ["--seed", "3", "a", "b"]])
def test_unquoted_prompt_is_rejected(argv):
    with pytest.raises(InvalidInput, match="quotation marks"):
        parse("write", *argv)


@pytest.mark.parametrize(
    "argv, suggestion",
    [
        (["dreem"], "Did you mean `studio dream`?"),
        (["dream", "x.png", "--look", "palace", "-o", "y.png"], "palaces"),
    ],
)
def test_mistyped_word_gets_a_suggestion(argv, suggestion, capsys):
    assert cli.main(argv) == 2
    assert suggestion in capsys.readouterr().err
