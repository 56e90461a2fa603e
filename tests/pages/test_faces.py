"""The Faces page: grid, sliders, neighbors, interpolation, photos, video and charts."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny_faces
from streamlit.testing.v1 import AppTest
from waiting import wait_until

from pages.faces import grid_view, models, sliders, under_the_hood
from pages.jobs import commands
from pages.widgets import image_grid
from studio.cli import flags, make
from studio.core import paths, recipes
from studio.core.errors import InsufficientSpace
from studio.core.models import model_folder
from studio.core.training.stages import Stages
from studio.core.weights import index
from studio.faces.draw import render_sheet
from studio.faces.settings import FacesSettings
from studio.run import outputs

from .elements import (
    find_button,
    join_texts,
    list_button_labels,
    list_image_viewers,
    press_button,
    require_success,
)

pytestmark = pytest.mark.usefixtures("hide_shipped_models")


@pytest.fixture
def tiny(registered_task):
    """Two stored generators, "tiny" and "blind"; the workers know their task."""
    tiny_faces.make(paths.ensure_folder("presets") / "tiny")
    yield "tiny"
    shutil.rmtree(paths.ensure_folder("presets"))


@pytest.fixture(scope="module")
def registered_task(engine):
    """Makes the workers of both lanes know the task of the generators."""
    engine.run_live("tiny.hello", tiny_faces.TinySettings(), {}, "greeting")
    job = engine.submit("tiny.hello", tiny_faces.TinySettings(), {})
    wait_until(lambda: engine.find_job(job.id).finished)
    engine.find_job(job.id).folder.remove()


@pytest.fixture
def open_grid(visit, tiny):
    """Opens the page with a small grid."""

    def open_grid(**params):
        return require_success(visit("faces", **({"n": "16"} | params)))

    return open_grid


@pytest.fixture
def tiny_with_stages(tiny):
    """The model "tiny" with three stages."""
    stages = Stages(100)
    for step in (4, 25, 100):
        metrics = {"generator": 1.0, "discriminator": 0.5, "mark": step / 200, "real": 0.9}
        stages.add(step, np.full((16, 16, 16, 3), 2 * step, "uint8"), metrics)
    folder = paths.ensure_folder("presets") / tiny
    (folder / model_folder.STAGES).write_bytes(stages.encode_sheet())
    _change_data(tiny, stages=stages.metrics)
    return tiny


def _change_data(name, **data):
    """Changes the data of a model that describe its training."""
    path = paths.ensure_folder("presets") / name / model_folder.SETTINGS
    record = json.loads(path.read_bytes())
    record["data"] |= data
    path.write_text(json.dumps(record))


def _find_stage_caption(page):
    captions = [image.caption for element in page.get("image") for image in element.proto.imgs]
    return next((caption for caption in captions if caption.startswith("Step")), "")


@pytest.mark.slow
def test_stages_of_a_model_have_a_slider(tiny_with_stages, open_grid):
    page = open_grid(explain="true")
    slider = next(element for element in page.select_slider if element.label == "Training step")
    assert slider.options == ["4", "25", "100"] and slider.value == 100
    assert "gives generated images 50%, to real ones 90%" in _find_stage_caption(page)
    assert "Step 25\\:" in _find_stage_caption(require_success(slider.set_value(25).run()))
    assert "no images from its training" not in join_texts(page.caption)
    assert "standard normal prior" not in join_texts(page.caption)
    _change_data(tiny_with_stages, figures={"density_parts": 3})
    assert "standard normal prior. The page draws from a mixture of normals" in join_texts(page.run().caption)


@pytest.mark.slow
def test_stages_of_live_weights_are_labeled(tiny_with_stages, open_grid, monkeypatch):
    assert "recorded with the live weights" not in join_texts(open_grid(explain="true").caption)
    monkeypatch.setattr("pages.faces.training_stages._LIVE_WEIGHT_STAGES", (tiny_with_stages,))
    assert "recorded with the live weights" in join_texts(open_grid(explain="true").caption)


@pytest.mark.slow
def test_model_without_stages_names_one_with_stages(open_grid):
    page = open_grid(explain="true")
    assert not [element for element in page.select_slider if element.label == "Training step"]
    assert "every model that you train on **Train a generator**" in join_texts(page.caption)


def list_settings(page) -> list[dict]:
    """Returns the settings of each image, from the recipes on the page."""
    requests = [json.loads(code.value) for code in page.code if code.value.startswith("{")]
    return [request["settings"] for request in requests]


def get_current_settings(page) -> dict:
    [settings] = list_settings(page)
    return settings


def find_large_image(page):
    """Returns the options of the viewer of the selected face."""
    [match] = [viewer for viewer in list_image_viewers(page) if "Image" in viewer["caption"]]
    return match


def pick_face(page, number):
    return require_success(page.button_group(key="picked").set_value(number).run())


def test_grid_is_shown_immediately_with_its_training_data(open_grid):
    page = open_grid()
    assert page.button_group(key="picked").options == [str(n) for n in range(1, 17)]
    assert "Trained on waves" in join_texts(page.caption)
    assert (
        get_current_settings(page)["n"],
        get_current_settings(page)["face"],
        get_current_settings(page)["preset"],
    ) == (16, 0, "tiny")
    assert [link.proto.label for link in page.get("download_button")] == ["Download"]


def test_click_opens_a_face_and_sliders_change_it(open_grid):
    page = pick_face(open_grid(), 5)
    assert (
        get_current_settings(page)["face"],
        get_current_settings(page)["n"],
        get_current_settings(page)["moves"],
    ) == (
        5,
        1,
        [],
    )
    first = find_large_image(page)["url"]
    unlabeled = page.slider(key="move_direction-1")
    assert unlabeled.label == "Direction 1"
    assert "found without labels" in unlabeled.proto.help and "It explains 40%" in unlabeled.proto.help
    page.slider(key="move_older").set_value(1.5).run()
    assert get_current_settings(require_success(page))["moves"] == ["older=1.5"]
    assert find_large_image(page)["url"] != first
    press_button(page, "Undo changes")
    assert get_current_settings(require_success(page))["moves"] == []
    assert find_large_image(page)["url"] == first


@pytest.mark.slow
def test_another_face_starts_unchanged(open_grid):
    page = pick_face(open_grid(), 5)
    page.slider(key="move_older").set_value(1.5).run()
    assert get_current_settings(pick_face(page, 7))["moves"] == []
    press_button(page, "Close")
    assert get_current_settings(require_success(page))["face"] == 0


@pytest.mark.slow
def test_link_opens_a_face_with_its_changes(open_grid):
    page = open_grid(face="3", move_older="2")
    assert (get_current_settings(page)["face"], get_current_settings(page)["moves"]) == (3, ["older=2"])
    assert page.button_group(key="picked").value == 3
    assert "as labeled" in join_texts(page.caption).lower()


@pytest.mark.slow
def test_variations_keep_the_changes_and_lead_back(open_grid):
    page = pick_face(open_grid(), 5)
    page.slider(key="move_older").set_value(1.5).run()
    press_button(page, "More like this")
    settings = get_current_settings(require_success(page))
    assert (settings["near"], settings["moves"], settings["face"]) == ([5], ["older=1.5"], 0)
    assert "like image 5" in join_texts(page.caption)
    page = pick_face(page, 2)
    assert (get_current_settings(page)["near"], get_current_settings(page)["moves"]) == ([5], ["older=1.5"])
    assert page.slider(key="move_older").value == 1.5
    press_button(page, "More like this")
    assert get_current_settings(require_success(page))["near"] == [5, 2]
    press_button(page, "Previous grid")
    assert get_current_settings(require_success(page))["near"] == [5]
    press_button(page, "Previous grid")
    assert (get_current_settings(require_success(page))["near"], get_current_settings(page)["moves"]) == (
        [],
        [],
    )


@pytest.mark.slow
def test_face_is_morphed_into_another(open_grid):
    page = pick_face(open_grid(), 5)
    page.toggle(key="morph").set_value(True).run()
    page = pick_face(page, 9)
    settings = get_current_settings(page)
    assert (settings["face"], settings["to"], settings["n"]) == (5, 9, grid_view.INTERPOLATION_IMAGES)
    assert "morphing into image 9" in find_large_image(page)["caption"]
    page.toggle(key="morph").set_value(False).run()
    assert get_current_settings(require_success(page))["to"] == 0
    assert get_current_settings(page)["face"] == 5


def test_smaller_grid_deselects_a_missing_face(open_grid):
    page = pick_face(open_grid(n="64"), 50)
    assert get_current_settings(page)["face"] == 50
    page.select_slider(key="n").set_value(16).run()
    assert get_current_settings(require_success(page))["face"] == 0


@pytest.mark.slow
def test_photo_becomes_the_first_face(open_grid):
    page = pick_face(open_grid(), 5)
    page.slider(key="move_older").set_value(1.5).run()
    page.toggle(key="photo.on").set_value(True).run()
    assert (get_current_settings(require_success(page))["face"], get_current_settings(page)["moves"]) == (
        1,
        [],
    )
    assert any("Your photo" in viewer["caption"] for viewer in list_image_viewers(page))
    [request] = [json.loads(code.value) for code in page.code if code.value.startswith("{")]
    assert request["inputs"]["photo"][0]["name"] == "astronaut.png"
    assert any("--photo sample:astronaut" in code.value for code in page.code)
    page.toggle(key="photo.on").set_value(False).run()
    assert get_current_settings(require_success(page))["face"] == 0


def test_another_model_resets_the_form(open_grid, monkeypatch):
    tiny_faces.make(paths.ensure_folder("presets") / "other", seed=4)
    page = pick_face(open_grid(what="tiny", moves="older=1"), 5)
    page.slider(key="move_older").set_value(2.0).run()
    page.button_group(key="what").set_value("other").run()
    settings = get_current_settings(require_success(page))
    assert (settings["preset"], settings["face"], settings["moves"]) == ("other", 0, [])


def test_video_is_a_job_of_the_selection(open_grid, monkeypatch):
    calls = []
    monkeypatch.setattr("pages.parts.start", lambda *started: calls.append(started))
    page = open_grid(
        **{"interpolate.on": "true"},
        interpolate="24",
        fps="12",
        video="GIF",
        face="3",
        to="5",
        move_older="2",
    )
    press_button(page, "Make the video")
    [(task, settings, _)] = calls
    assert (task, settings.interpolate, settings.fps, settings.video) == ("faces.draw", 24, 12, "gif")
    assert (settings.face, settings.to, settings.moves) == (3, 5, ("older=2",))
    assert "Make the video" not in list_button_labels(open_grid())


def test_video_button_is_disabled_with_the_reason_for_invalid_settings(visit, tiny):
    page = visit("faces", **{"interpolate.on": "true"}, moves="older")
    assert find_button(page, "Make the video").disabled
    assert any("NAME=AMOUNT" in caption.value for caption in page.caption)


@pytest.mark.slow
def test_video_is_made_shown_and_closed(open_grid, until):
    page = open_grid(**{"interpolate.on": "true"}, interpolate="6", video="GIF", face="3")
    press_button(page, "Make the video")
    until(lambda: page.run() and "Make again" in list_button_labels(page))
    assert not page.exception
    command = next(code.value for code in page.code if code.value.startswith("studio faces"))
    assert "--interpolate 6" in command and "-o out.gif" in command
    press_button(page, "Close")
    assert get_current_settings(require_success(page))["face"] == 3


def test_keep_saves_the_grid(open_grid, engine):
    page = pick_face(open_grid(), 5)
    before = len(engine.list_jobs(limit=1000))
    press_button(page, "Keep")
    job = engine.list_jobs()[0]
    assert len(engine.list_jobs(limit=1000)) == before + 1
    assert (job.task, job.settings["face"]) == ("faces.draw", 5)
    assert recipes.read(job.result.files[0].read()).settings["face"] == 5
    assert find_button(page, "Kept").disabled
    engine.find_job(job.id).folder.remove()
    assert not find_button(page.run(), "Keep").disabled


def test_failed_keep_shows_an_error(open_grid, engine, monkeypatch):
    def full(*_):
        raise InsufficientSpace("The disk is full. Free some space.")

    page = pick_face(open_grid(), 5)
    monkeypatch.setattr(type(engine), "store_live", full)
    press_button(page, "Keep")
    assert not page.exception
    assert "disk is full" in page.toast[0].value
    assert not find_button(page, "Keep").disabled


@pytest.mark.parametrize("moves, reason", [("younger=1", "older, direction-1"), ("older", "NAME=AMOUNT")])
def test_invalid_settings_show_an_error(visit, tiny, moves, reason):
    page = visit("faces", moves=moves)
    assert not page.exception
    assert len(page.error) == 1 and reason in join_texts(page.error)


def test_page_without_models_explains_training(visit):
    page = visit("faces")
    assert not page.exception
    assert "Train one" in join_texts(page.info)
    assert any(code.value.startswith("studio train dcgan") for code in page.code)


@pytest.mark.slow
def test_every_setting_has_one_widget(open_grid):
    page = open_grid(**{"interpolate.on": "true", "photo.on": "true"})
    kinds = ("slider", "select_slider", "number_input", "text_input", "button_group", "toggle")
    there = [element.key for kind in kinds for element in getattr(page, kind)]
    only_for_diffusion = {"steps", "guidance", "class_name"}
    for name in set(FacesSettings.describe()) - {"preset", "model", "form"} - only_for_diffusion:
        assert there.count(name) == 1, name


@pytest.mark.parametrize(
    "settings",
    [
        FacesSettings(preset="tiny", n=16, seed=3, truncation=0.7),
        FacesSettings(preset="tiny", face=5, to=9, n=7, moves=("older=-1.5", "direction-1=2")),
        FacesSettings(preset="tiny", near=(5, 2), spread=0.25, form="npz"),
        FacesSettings(preset="tiny", interpolate=24, fps=12, video="gif", face=3),
    ],
    ids=lambda settings: " ".join(sorted(settings.model_fields_set)),
)
def test_shown_command_has_the_same_settings(settings):
    line = commands.format_command("faces.draw", settings, {})
    parser = flags.Parser("studio")
    make.add(parser.add_subparsers())
    arguments = parser.parse_args(shlex.split(line)[1:])
    settings_again = FacesSettings.parse(flags.given_settings(arguments))
    assert outputs.match_ending(Path(arguments.out), settings_again) == settings


def test_kinds_of_one_subject_are_one_choice():
    assert models._group_by_subject(["faces-dcgan", "faces-vae", "digits-vae", "my-own"]) == {
        "faces": {"dcgan": "faces-dcgan", "vae": "faces-vae"},
        "digits": {"vae": "digits-vae"},
        "my-own": {"": "my-own"},
    }


def _choose_model():
    from pages.faces import models

    models.choose(["faces-dcgan", "faces-vae", "digits-vae", "digits-dcgan"])


def test_each_subject_begins_with_its_first_model_type():
    page = AppTest.from_function(_choose_model).run(timeout=60)
    assert page.button_group(key="model").value == "dcgan"
    page.button_group(key="what").set_value("digits").run()
    assert page.button_group(key="model").value == "vae", "as a reload of the address opens"
    page.button_group(key="model").set_value("dcgan").run()
    assert page.button_group(key="model").value == "dcgan"


@pytest.mark.parametrize("own_name", ["digits", "digits-vae"])
def test_own_model_is_listed_next_to_a_subject_of_the_same_name(own_name):
    names = [f"{own_name}-dcgan", f"{own_name}-vae", own_name]
    for order in (names, names[::-1]):
        groups = models._group_by_subject(order)
        assert sorted(name for kinds in groups.values() for name in kinds.values()) == sorted(names)
        assert all("" not in kinds or len(kinds) == 1 for kinds in groups.values())


def test_research_license_is_shown(open_grid, monkeypatch):
    entry = index.ShippedModel(
        task=tiny_faces.TASK,
        folder="tiny",
        sha256="0" * 64,
        license="research-only",
        trained_on="faces of other people",
        command="",
        figures={},
    )
    monkeypatch.setattr(models, "_find_shipped_model", lambda name: entry)
    page = open_grid()
    assert "Trained on faces of other people" in join_texts(page.caption)
    assert "Research only" in join_texts(page.markdown)


@pytest.mark.parametrize("count, columns", [(1, 1), (5, 3), (16, 4), (36, 6), (36, 10)])
def test_each_button_shows_its_own_image(count, columns):
    images = np.zeros((count, 20, 20, 3), "uint8")
    images += np.arange(count, dtype="uint8")[:, None, None, None] * 5
    whole = render_sheet(images, columns)
    height, width = whole.shape[:2]
    places = list(image_grid.background_positions(width, height, count, columns))
    side = image_grid.tile_side(width, columns)
    for number, (across, down) in enumerate(places):
        left, top = across / 100 * (width - side), down / 100 * (height - side)
        window = whole[round(top) : round(top + side), round(left) : round(left + side)]
        assert np.all(window == 5 * number)
    assert len(places) == count


def test_latent_map_and_training_are_drawn_from_the_figures(draw):
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
    assert [row["share"] for row in under_the_hood._list_distance_rows(figures["distances"])] == [
        0.25,
        0.75,
        0.5,
        0.5,
    ]
    assert "**9.3**" in join_texts(view.markdown) and "**9.0**" in join_texts(view.markdown)
    assert "among all 17,742" in join_texts(view.markdown) and "near 0" in join_texts(view.markdown)
    assert not draw(page, figures={}).get("vega_lite_chart")


def test_model_tested_on_a_sample_says_so():
    before = {"nearest": 9.3, "nearest_held_out": 9, "real_n": 5000, "images": 19_713, "held_out": 1971}
    text = under_the_hood._describe_copies(before)
    assert "image of 5,000 of the 17,742, a held-out" in text and "would not show" in text


def test_grid_is_on_the_latent_map(open_grid):
    page = open_grid(explain="true")
    [chart] = page.get("vega_lite_chart")
    assert "direction 1" in json.dumps(chart.proto.spec).lower()
    rows = under_the_hood._build_map([[0.0, 1.0], [2.0, 3.0]], ["a", "b"], 2).to_dict()["data"]["values"]
    assert [row["which"] for row in rows] == ["others", "chosen"]


@pytest.mark.parametrize(
    "changes, expected",
    [((), {}), (("older=1.5", "age=-2"), {"older": 1.5, "age": -2.0}), (("older", "age=x"), {})],
)
def test_changes_are_parsed_leniently(changes, expected):
    assert sliders.parse_changes(changes) == expected
