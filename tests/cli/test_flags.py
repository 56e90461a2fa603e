"""The fixed grammar: scripts rely on it."""

from __future__ import annotations

from studio.cli import _parser, flags


def parsed(*words):
    return flags.values(_parser().parse_args(words))


def test_the_fixed_grammar_of_style():
    words = "style a.jpg b.jpg c.jpg -o o.png --mode fine --size 512 --steps 9 --seed 3 --style-weights 1,2"
    words += " --strength 0.5 --keep-colors --masks m.png n.png"
    arguments = _parser().parse_args(words.split())
    assert (arguments.content, arguments.style, arguments.mask) == (
        ["a.jpg"],
        ["b.jpg", "c.jpg"],
        ["m.png", "n.png"],
    )
    assert flags.values(arguments) == {
        "mode": "fine",
        "size": "512",
        "steps": "9",
        "seed": "3",
        "style_weights": ["1", "2"],
        "strength": "0.5",
        "keep_colors": "luminance",
    }


def test_keep_colors_alone_swallows_no_picture():
    found = _parser().parse_args(["style", "--keep-colors", "a.jpg", "b.jpg", "-o", "o.png"])
    assert found.content == ["a.jpg"]
    assert flags.values(found) == {"keep_colors": "luminance"}
    assert parsed("style", "a.jpg", "b.jpg", "-o", "o.png", "--keep-colors", "matched") == {
        "keep_colors": "matched"
    }
    assert parsed("style", "a.jpg", "b.jpg", "-o", "o.png", "--keep-colors=off") == {"keep_colors": "off"}


def test_settings_not_given_are_left_to_the_task():
    assert parsed("style", "a.jpg", "b.jpg", "-o", "o.png") == {}
    assert parsed("paint", "a.jpg", "-o", "o.png", "--mirror") == {"mirror": True}
    assert parsed("paint", "a.jpg", "-o", "o.png", "--no-mirror") == {"mirror": False}
