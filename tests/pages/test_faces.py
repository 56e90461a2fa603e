"""The Faces page: grid, sliders, neighbors, interpolation, photos, video and charts."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import tiny_faces

from pages.faces import grid_view, models, sliders, under_the_hood
from pages.jobs import commands
from pages.widgets import image_grid
from studio.cli import flags, make
from studio.core import paths, recipes
from studio.core.errors import InsufficientSpace
from studio.core.models import model_folder
from studio.core.training.stages import Stages
from studio.core.weights import index
from studio.faces.draw import sheet
from studio.faces.settings import FacesSettings
from studio.run import outputs


@pytest.fixture(autouse=True)
def none_shipped(monkeypatch):
    """Hides shipped models, so that tests know which model comes first."""
    catalog = index.load().model_copy(update={"presets": {}})
    monkeypatch.setattr(index, "load", lambda: catalog)


@pytest.fixture
def tiny(engine):
    """Two stored generators, "tiny" and "blind"; the workers know their task."""
    tiny_faces.make(paths.folder("presets") / "tiny")
    for lane in ("live", "job"):
        _greet(engine, lane)
    yield "tiny"
    shutil.rmtree(paths.folder("presets"))


def _greet(engine, lane):
    if lane == "live":
        engine.live("tiny.hello", tiny_faces.TinySettings(), {}, "greeting")
        return
    job = engine.submit("tiny.hello", tiny_faces.TinySettings(), {})
    while not engine.job(job.id).finished:
        time.sleep(0.05)
    engine.job(job.id).folder.remove()


@pytest.fixture
def grid(visit, tiny):
    """Opens the page with a small grid."""

    def grid(**params):
        return done(visit("faces", **({"n": "16"} | params)))

    return grid


def done(page):
    assert not page.exception and not page.error, [*page.exception, *page.error]
    return page


@pytest.fixture
def grown(tiny):
    """The model "tiny" with three stages."""
    stages = Stages(100)
    for step in (4, 25, 100):
        metrics = {"generator": 1.0, "discriminator": 0.5, "mark": step / 200, "real": 0.9}
        stages.add(step, np.full((16, 16, 16, 3), 2 * step, "uint8"), metrics)
    folder = paths.folder("presets") / tiny
    (folder / model_folder.STAGES).write_bytes(stages.sheet())
    record = json.loads((folder / model_folder.SETTINGS).read_bytes())
    record["data"]["stages"] = stages.metrics
    (folder / model_folder.SETTINGS).write_text(json.dumps(record))
    return tiny


def _stage(page):
    captions = [image.caption for element in page.get("image") for image in element.proto.imgs]
    return next((caption for caption in captions if caption.startswith("Step")), "")


@pytest.mark.slow
def test_the_stages_of_a_model_are_slid_over(grown, grid):
    page = grid(explain="true")
    slider = next(element for element in page.select_slider if element.label == "Training step")
    assert slider.options == ["4", "25", "100"] and slider.value == 100
    assert "gives generated images 50%, to real ones 90%" in _stage(page)
    assert "Step 25\\:" in _stage(done(slider.set_value(25).run()))
    assert "no images from its training" not in text_of(page.caption)


@pytest.mark.slow
def test_a_model_without_stages_says_where_there_are_some(grid):
    page = grid(explain="true")
    assert not [element for element in page.select_slider if element.label == "Training step"]
    assert "every model that you train on **Train a generator**" in text_of(page.caption)


def labels(page):
    return [element.label for element in page.button]


def text_of(elements) -> str:
    return " ".join(str(element.value) for element in elements).replace("\\", "")


def button(page, label):
    return next(element for element in page.button if element.label == label)


def settings_of(page) -> list[dict]:
    """Returns the settings of each image, from the recipes on the page."""
    requests = [json.loads(code.value) for code in page.code if code.value.startswith("{")]
    return [request["settings"] for request in requests]


def current_settings(page) -> dict:
    [settings] = settings_of(page)
    return settings


def large(page):
    """Returns the image of the selected face."""
    [match] = [
        image for element in page.get("image") for image in element.proto.imgs if "Face" in image.caption
    ]
    return match


def pick(page, number):
    return done(page.button_group(key="picked").set_value(number).run())


def test_a_grid_comes_at_once_with_what_it_learned_from(grid):
    page = grid()
    assert page.button_group(key="picked").options == [str(n) for n in range(1, 17)]
    assert "Trained on waves" in text_of(page.caption)
    assert (
        current_settings(page)["n"],
        current_settings(page)["face"],
        current_settings(page)["preset"],
    ) == (16, 0, "tiny")
    assert [link.proto.label for link in page.get("download_button")] == ["Download"]


def test_a_click_opens_a_face_and_its_sliders_change_it(grid):
    page = pick(grid(), 5)
    assert (current_settings(page)["face"], current_settings(page)["n"], current_settings(page)["moves"]) == (
        5,
        1,
        [],
    )
    first = large(page).url
    page.slider(key="move_older").set_value(1.5).run()
    assert current_settings(done(page))["moves"] == ["older=1.5"]
    assert large(page).url != first
    button(page, "Undo changes").click().run()
    assert current_settings(done(page))["moves"] == []
    assert large(page).url == first


@pytest.mark.slow
def test_another_face_begins_as_it_is_on_the_grid(grid):
    page = pick(grid(), 5)
    page.slider(key="move_older").set_value(1.5).run()
    assert current_settings(pick(page, 7))["moves"] == []
    button(page, "Close").click().run()
    assert current_settings(done(page))["face"] == 0


@pytest.mark.slow
def test_a_link_opens_a_face_with_its_changes(grid):
    page = grid(face="3", move_older="2")
    assert (current_settings(page)["face"], current_settings(page)["moves"]) == (3, ["older=2"])
    assert page.button_group(key="picked").value == 3
    assert "as labeled" in text_of(page.caption).lower()


@pytest.mark.slow
def test_more_like_this_keeps_the_changes_and_leads_back(grid):
    page = pick(grid(), 5)
    page.slider(key="move_older").set_value(1.5).run()
    button(page, "More like this").click().run()
    settings = current_settings(done(page))
    assert (settings["near"], settings["moves"], settings["face"]) == ([5], ["older=1.5"], 0)
    assert "like face 5" in text_of(page.caption)
    page = pick(page, 2)
    assert (current_settings(page)["near"], current_settings(page)["moves"]) == ([5], ["older=1.5"])
    assert page.slider(key="move_older").value == 1.5
    button(page, "More like this").click().run()
    assert current_settings(done(page))["near"] == [5, 2]
    button(page, "Previous grid").click().run()
    assert current_settings(done(page))["near"] == [5]
    button(page, "Previous grid").click().run()
    assert (current_settings(done(page))["near"], current_settings(page)["moves"]) == ([], [])


@pytest.mark.slow
def test_a_face_becomes_another_one(grid):
    page = pick(grid(), 5)
    page.toggle(key="morph").set_value(True).run()
    page = pick(page, 9)
    settings = current_settings(page)
    assert (settings["face"], settings["to"], settings["n"]) == (5, 9, grid_view.STEPS)
    assert "morphing into face 9" in large(page).caption
    page.toggle(key="morph").set_value(False).run()
    assert current_settings(done(page))["to"] == 0
    assert current_settings(page)["face"] == 5


def test_a_smaller_grid_lets_go_of_a_face_that_it_lacks(grid):
    page = pick(grid(n="64"), 50)
    assert current_settings(page)["face"] == 50
    page.select_slider(key="n").set_value(16).run()
    assert current_settings(done(page))["face"] == 0


@pytest.mark.slow
def test_a_photo_becomes_the_first_face(grid):
    page = pick(grid(), 5)
    page.slider(key="move_older").set_value(1.5).run()
    page.toggle(key="photo.on").set_value(True).run()
    assert (current_settings(done(page))["face"], current_settings(page)["moves"]) == (1, [])
    assert any("Your photo" in image.caption for element in page.get("image") for image in element.proto.imgs)
    [request] = [json.loads(code.value) for code in page.code if code.value.startswith("{")]
    assert request["inputs"]["photo"][0]["name"] == "astronaut.png"
    assert any("--photo sample:astronaut" in code.value for code in page.code)
    page.toggle(key="photo.on").set_value(False).run()
    assert current_settings(done(page))["face"] == 0


def test_another_model_starts_again(grid, monkeypatch):
    tiny_faces.make(paths.folder("presets") / "other", seed=4)
    page = pick(grid(what="tiny", moves="older=1"), 5)
    page.slider(key="move_older").set_value(2.0).run()
    page.button_group(key="what").set_value("other").run()
    settings = current_settings(done(page))
    assert (settings["preset"], settings["face"], settings["moves"]) == ("other", 0, [])


def test_a_video_is_a_job_of_what_is_chosen(grid, monkeypatch):
    calls = []
    monkeypatch.setattr("pages.parts.start", lambda *started: calls.append(started))
    page = grid(
        **{"interpolate.on": "true"},
        interpolate="24",
        fps="12",
        video="GIF",
        face="3",
        to="5",
        move_older="2",
    )
    button(page, "Make the video").click().run()
    [(task, settings, _)] = calls
    assert (task, settings.interpolate, settings.fps, settings.video) == ("faces.draw", 24, 12, "gif")
    assert (settings.face, settings.to, settings.moves) == (3, 5, ("older=2",))
    assert "Make the video" not in labels(grid())


@pytest.mark.slow
def test_a_video_is_made_shown_and_gives_way(grid, until):
    page = grid(**{"interpolate.on": "true"}, interpolate="6", video="GIF", face="3")
    button(page, "Make the video").click().run()
    until(lambda: page.run() and "Make again" in labels(page))
    assert not page.exception
    command = next(code.value for code in page.code if code.value.startswith("studio faces"))
    assert "--interpolate 6" in command and "-o out.gif" in command
    button(page, "Close").click().run()
    assert current_settings(done(page))["face"] == 3


def test_keep_puts_it_among_the_results(grid, engine):
    page = pick(grid(), 5)
    before = len(engine.jobs(limit=1000))
    button(page, "Keep").click().run()
    job = engine.jobs()[0]
    assert len(engine.jobs(limit=1000)) == before + 1
    assert (job.task, job.settings["face"]) == ("faces.draw", 5)
    assert recipes.read(job.result.files[0].read()).settings["face"] == 5
    assert button(page, "Kept").disabled
    engine.job(job.id).folder.remove()
    assert not button(page.run(), "Keep").disabled


def test_what_cannot_be_kept_says_so_and_stays(grid, engine, monkeypatch):
    def full(*_):
        raise InsufficientSpace("The disk is full. Free some space.")

    page = pick(grid(), 5)
    monkeypatch.setattr(type(engine), "keep", full)
    button(page, "Keep").click().run()
    assert not page.exception
    assert "disk is full" in page.toast[0].value
    assert not button(page, "Keep").disabled


@pytest.mark.parametrize("moves, reason", [("younger=1", "older, change-1"), ("older", "NAME=AMOUNT")])
def test_what_cannot_be_drawn_is_one_sentence(visit, tiny, moves, reason):
    page = visit("faces", moves=moves)
    assert not page.exception
    assert len(page.error) == 1 and reason in text_of(page.error)


def test_without_a_model_one_sentence_says_how_to_train_one(visit):
    page = visit("faces")
    assert not page.exception
    assert "Train one" in text_of(page.info)
    assert any(code.value.startswith("studio train dcgan") for code in page.code)


@pytest.mark.slow
def test_every_setting_is_asked_for_once(grid):
    page = grid(**{"interpolate.on": "true", "photo.on": "true"})
    kinds = ("slider", "select_slider", "number_input", "text_input", "button_group", "toggle")
    there = [element.key for kind in kinds for element in getattr(page, kind)]
    for name in set(FacesSettings.describe()) - {"preset", "model", "form"}:
        assert there.count(name) == 1, name


@pytest.mark.parametrize(
    "settings",
    [
        FacesSettings(preset="tiny", n=16, seed=3, truncation=0.7),
        FacesSettings(preset="tiny", face=5, to=9, n=7, moves=("older=-1.5", "change-1=2")),
        FacesSettings(preset="tiny", near=(5, 2), spread=0.25, form="npz"),
        FacesSettings(preset="tiny", interpolate=24, fps=12, video="gif", face=3),
    ],
    ids=lambda settings: " ".join(sorted(settings.model_fields_set)),
)
def test_the_command_that_is_shown_asks_for_the_same(settings):
    line = commands.line("faces.draw", settings, {})
    parser = flags.Parser("studio")
    make.add(parser.add_subparsers())
    arguments = parser.parse_args(shlex.split(line)[1:])
    again = FacesSettings.parse(flags.given_settings(arguments))
    assert outputs.apply_ending(Path(arguments.out), again) == settings


def test_kinds_of_one_subject_are_one_choice():
    assert models._by_subject(["faces-dcgan", "faces-vae", "digits-vae", "my-own"]) == {
        "faces": {"dcgan": "faces-dcgan", "vae": "faces-vae"},
        "digits": {"vae": "digits-vae"},
        "my-own": {"": "my-own"},
    }


@pytest.mark.parametrize("own", ["digits", "digits-vae"])
def test_a_model_with_the_name_of_a_subject_stands_beside_those_of_the_subject(own):
    names = [f"{own}-dcgan", f"{own}-vae", own]
    for order in (names, names[::-1]):
        groups = models._by_subject(order)
        assert sorted(name for kinds in groups.values() for name in kinds.values()) == sorted(names)
        assert all("" not in kinds or len(kinds) == 1 for kinds in groups.values())


def test_a_model_for_research_only_says_so(grid, monkeypatch):
    entry = index.ShippedModel(
        task=tiny_faces.TASK,
        folder="tiny",
        sha256="0" * 64,
        license="research-only",
        trained_on="faces of other people",
        command="",
        figures={},
    )
    monkeypatch.setattr(models, "_shipped_entry", lambda name: entry)
    page = grid()
    assert "Trained on faces of other people" in text_of(page.caption)
    assert "Research only" in text_of(page.markdown)


@pytest.mark.parametrize("count", [1, 5, 16, 36])
def test_each_button_shows_its_own_image(count):
    images = np.zeros((count, 20, 20, 3), "uint8")
    images += np.arange(count, dtype="uint8")[:, None, None, None] * 5
    whole = sheet(images)
    height, width = whole.shape[:2]
    places = list(image_grid.positions(width, height, count))
    side = image_grid.side(width, count)
    for number, (across, down) in enumerate(places):
        left, top = across / 100 * (width - side), down / 100 * (height - side)
        window = whole[round(top) : round(top + side), round(left) : round(left + side)]
        assert np.all(window == 5 * number)
    assert len(places) == count


def test_the_map_and_the_training_are_drawn_from_what_is_known(draw):
    figures = {
        "curve": {"steps": [1, 2], "generator": [1.0, 2.0], "discriminator": [1.0, 0.5]},
        "kl": [0.1, 2.0],
        "nearest": 9.31,
        "nearest_held_out": 9.02,
        "learned_n": 17742,
        "distances": {"edges": [8.0, 9.0, 10.0], "made": [0.25, 0.75], "held out": [0.5, 0.5]},
    }

    def page(figures):
        from pages.faces import under_the_hood

        under_the_hood.draw_training(figures)

    view = draw(page, figures=figures)
    assert len(view.get("vega_lite_chart")) == 3
    assert [row["share"] for row in under_the_hood._shares(figures["distances"])] == [0.25, 0.75, 0.5, 0.5]
    assert "**9.3**" in text_of(view.markdown) and "**9.0**" in text_of(view.markdown)
    assert "among all 17,742" in text_of(view.markdown) and "near 0" in text_of(view.markdown)
    assert not draw(page, figures={}).get("vega_lite_chart")


def test_a_model_that_looked_at_a_part_of_what_it_learned_from_says_so():
    before = {"nearest": 9.3, "nearest_held_out": 9, "real_n": 5000, "images": 19_713, "held_out": 1971}
    text = under_the_hood._copies(before)
    assert "image of 5,000 of the 17,742, a held-out" in text and "would not show" in text


def test_the_grid_is_on_the_map(grid):
    page = grid(explain="true")
    [chart] = page.get("vega_lite_chart")
    assert "change" in json.dumps(chart.proto.spec).lower()
    rows = under_the_hood._map([[0.0, 1.0], [2.0, 3.0]], ["a", "b"], 2).to_dict()["data"]["values"]
    assert [row["which"] for row in rows] == ["others", "chosen"]


@pytest.mark.parametrize(
    "changes, expected",
    [((), {}), (("older=1.5", "age=-2"), {"older": 1.5, "age": -2.0}), (("older", "age=x"), {})],
)
def test_changes_are_read_leniently(changes, expected):
    assert sliders.amounts(changes) == expected
