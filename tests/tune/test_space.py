"""The search space, parsed from a user's words."""

from __future__ import annotations

import pytest
from tiny_search import BowlSettings

from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.tune.settings import TuneSettings
from studio.tune.space import Range, parse_fixed, parse_space, to_json
from studio.tune.task import parse_search_space
from tests.wording import says_what_to_do


@pytest.mark.parametrize(
    "word, expected",
    [
        ("x", Range(-10.0, 10.0)),
        ("x=-2:4.5", Range(-2.0, 4.5)),
        ("rate", Range(0.0025, 0.04, log=True)),
        ("rate=0.001:0.1", Range(0.001, 0.1, log=True)),
        ("units", Range(2.0, 32.0, whole=True, log=True)),
        ("units = 4 : 16", Range(4.0, 16.0, whole=True, log=True)),
        ("penalty", Range(0.0001, 100.0, log=True)),  # 0 turns it off and has no logarithm
        ("shape", Range(choices=("round", "square", "flat"))),
        ("shape=flat|round", Range(choices=("flat", "round"))),
        ("flip", Range(choices=(False, True))),
        ("--rate=0.5:1", Range(0.5, 1.0, log=True)),
    ],
)
def test_ranges_are_parsed_or_default(word, expected):
    [values] = parse_space(BowlSettings, [word]).values()
    assert values == expected


@pytest.mark.parametrize(
    "words, says",
    [
        ([], "Name the settings to vary"),
        (["unit"], "units"),
        (["x", "x=1:2"], "twice"),
        (["note"], "text"),
        (["x=4:1"], "start is below its end"),
        (["x=1:1"], "start is below its end"),
        (["x=1"], "LOW:HIGH"),
        (["x=a:b"], "LOW:HIGH"),
        (["x=1:2:3"], "LOW:HIGH"),
        (["x=-11:3"], "-10 to 10"),
        (["x=nan:3"], "numbers"),
        (["x=1:inf"], "numbers"),
        (["units=1.5:4"], "whole numbers"),
        (["shape=round"], "at least two"),
        (["shape=round|oval"], "oval"),
        (["=1:2"], "setting"),
    ],
)
def test_settings_that_cannot_vary_are_refused(words, says):
    with pytest.raises(InvalidInput) as error:
        parse_space(BowlSettings, words)
    assert says in str(error.value) and says_what_to_do(str(error.value))


@pytest.mark.parametrize("training", ["text", "classify", "dcgan", "vae", "diffusion"])
def test_a_search_without_a_space_varies_the_settings_of_its_goal(training):
    settings = TuneSettings(train=training)
    names = tasks.get(f"{training}.train").goal.search_settings
    assert names and set(parse_search_space(settings)) == set(names)
    one = TuneSettings(train=training, vary=[names[0]])
    assert list(parse_search_space(one)) == [names[0]]


def test_a_default_that_depends_on_other_settings_gives_a_range():
    [units] = parse_space(tasks.get("text.train").settings, ["units"]).values()
    assert units == Range(128.0, 2048.0, whole=True, log=True)


def test_shared_settings_are_checked_too():
    varied = parse_space(BowlSettings, ["x"])
    assert parse_fixed(BowlSettings, ["epochs=4", "flip=false", "shape=flat"], varied) == {
        "epochs": 4,
        "flip": False,
        "shape": "flat",
    }
    for word, says in {"epochs": "VALUE", "epoch=4": "epochs", "x=4": "both", "epochs=0": "epochs"}.items():
        with pytest.raises(InvalidInput, match=says):
            parse_fixed(BowlSettings, [word], varied)


def test_the_order_of_a_space_does_not_matter():
    one, other = (to_json(parse_space(BowlSettings, words)) for words in (["x", "rate"], ["rate", "x"]))
    assert list(one) == list(other) and one == other


def test_log_settings_are_sampled_on_a_log_scale():
    """Uniform samples between 1e-6 and 1 would nearly all be above 0.01."""
    linear = [
        f"{name} {field}"
        for name in tasks.TASKS
        if tasks.get(name).goal
        for field, described in tasks.get(name).settings.describe().items()
        if field in ("learning_rate", "strength", "weight_decay", "gradient_penalty")
        and described.scale != "log"
    ]
    assert not linear
    [strength] = parse_space(tasks.get("classify.train").settings, ["strength"]).values()
    assert strength == Range(1e-6, 1.0, log=True)
