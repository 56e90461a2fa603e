"""The Style page: the live preview, and what needs Start."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import tiny_styles

from pages.form import mask_input, samples
from pages.jobs import commands, live, results, use_again
from pages.style import input_form, matches
from studio.core import paths, recipes, tasks
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.engine.jobs import store
from studio.engine.jobs.records import Request
from studio.style.settings import TransferSettings

from .elements import choose_in_menu, list_button_labels, press_button

make_live_result = live.make_result  # the real one


@pytest.fixture(autouse=True)
def no_live_result(no_live_work):
    """Tests of a live result set `show_live` themselves."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "params, starts, live_size",
    [
        ({"size": "1024"}, False, 1024),
        ({"size": "1088"}, True, 512),
        ({"mode": "Fine", "size": "2048"}, True, 512),
        ({"mode": "Draft", "size": "128"}, True, 128),
    ],
)
def test_slow_settings_need_start_and_their_live_result_is_small(
    visit, monkeypatch, params, starts, live_size
):
    calls = []
    monkeypatch.setattr("pages.parts.show_live", lambda task, settings, *rest, **more: calls.append(settings))
    page = visit("style", **params)
    assert not page.exception
    assert ("Start" in list_button_labels(page)) == starts
    assert (calls[-1].mode, calls[-1].size) == ("instant", live_size)


def test_page_shows_the_duration_before_start(visit, monkeypatch):
    notes = []
    monkeypatch.setattr("pages.parts.show_live", lambda *args, note, **more: notes.append(note))
    page = visit("style", mode="Finest")
    assert "for printing" in notes[-1] and "which takes" in notes[-1] and "minutes" in notes[-1]
    labels = [widget.label for kind in ("selectbox", "number_input") for widget in page.get(kind)]
    assert not {"Painter", "Step limit"} & set(labels)


@pytest.mark.slow
@pytest.mark.parametrize(
    "params, house, needs",
    [
        ({"style": ["Mosaic", "Wash"]}, ("mosaic", "wash"), ()),
        ({"style": ["Mosaic"], "mode": "Fine"}, ("mosaic",), ()),
    ],
)
def test_known_paintings_need_no_download(visit, monkeypatch, params, house, needs):
    calls = []
    monkeypatch.setattr(
        "pages.parts.show_live",
        lambda task, settings, ask, *rest, **more: calls.append((settings, ask(), more["needs"])),
    )
    page = visit("style", **params)
    assert not page.exception
    settings, inputs, needed = calls[-1]
    assert (settings.house, needed) == (house, needs)
    assert inputs["style"] == []


def test_unknown_painting_needs_the_network_for_any_style(visit, monkeypatch):
    monkeypatch.setattr("studio.style.house.known_styles.list_styles", lambda *network: ("mosaic",))
    calls = []
    monkeypatch.setattr(
        "pages.parts.show_live",
        lambda *args, **more: calls.append(
            (args[1].house, more["needs"], "AdaIN mixes them" in more["note"])
        ),
    )
    visit("style", style=["Mosaic", "Dots"])
    assert calls[-1] == ((), ("adain",), True)
    visit("style", style=["Mosaic"])
    assert calls[-1] == (("mosaic",), (), False)


def test_size_and_matches_are_those_of_the_turned_photo(rotated_photo):
    photo = samples.Sample("Photo", "", b"", lambda: rotated_photo)
    request = input_form.Request(photo, ())
    assert request._size_note(TransferSettings(size=128)).endswith("so the result has 8 x 160 px.")
    data = base64.b64decode(matches._encode_image(rotated_photo).partition(",")[2])
    height, width = image_io.read_size(data)
    assert height > width


def test_own_styles_are_offered_and_painted_by_their_network(visit, monkeypatch):
    painting = tasks.File.store(image_io.encode_png(np.full((40, 40, 3), 9, "uint8")), "image", "Rain.png")
    missing = tasks.File("0" * 64, "image", "sand.png")
    tiny_styles.make("mine", learned_from=[painting, missing])
    sea = tasks.File.store(painting.read(), "image", "sea.png")
    tiny_styles.make(
        "more", ("mosaic", "wash", "sea"), [sea], added_to="house", trained_styles=("wash", "sea")
    )
    calls = []
    monkeypatch.setattr(
        "pages.parts.show_live", lambda task, settings, ask, *rest, **more: calls.append((settings, ask()))
    )
    for styles, house, network in (
        (["Rain (mine)", "Sand (mine)"], ("rain", "sand"), "mine"),
        (["Rain (mine)", "Mosaic"], (), "house"),  # of two networks
        (["Mosaic"], ("mosaic",), "house"),
        (["Sea (more)", "Mosaic"], ("sea", "mosaic"), "more"),
        (["Sea (more)", "Wash"], (), "house"),  # Wash was trained again
    ):
        page = visit("style", style=styles)
        assert not page.exception
        settings, inputs = calls[-1]
        assert (settings.house, settings.network) == (house, network), styles
        assert [file.digest for file in inputs["style"]][:1] == ([] if house else [painting.digest]), styles


def test_live_camera_paints_with_own_styles_and_makes_way_for_a_result(visit, monkeypatch, add_finished_job):
    painting = tasks.File.store(image_io.encode_png(np.full((40, 40, 3), 9, "uint8")), "image", "rain.png")
    tiny_styles.make("mine", learned_from=[painting])
    built = []

    def build(preset):
        built.append(preset.name)
        if preset.name == "mine":
            raise StudioError("There is no page.")
        return b"page"

    monkeypatch.setattr("studio.core.share.child.build", build)
    page = visit("style", what="Live camera", camera_style="Rain (mine)")
    assert not page.exception and "There is no page" in page.error[0].value
    page.button_group(key="camera_style").set_value("Mosaic").run()
    page.button_group(key="camera_style").set_value("Woodcut").run()
    assert not page.exception and not page.error
    assert built == ["mine", "house"], "the page of a network is kept"

    job = add_finished_job({}, {"content": [painting], "style": [painting]})
    page.query_params["job"] = job
    page.run()
    assert page.button_group(key="what").value == "photo"
    assert "Make again" in list_button_labels(page)


def test_damaged_own_network_breaks_no_page(visit, monkeypatch):
    file = tasks.File.store(image_io.encode_png(np.full((40, 40, 3), 9, "uint8")), "image", "Rain.png")
    (tiny_styles.make("broken", learned_from=[file]).folder / "recipe.json").write_text("{")
    monkeypatch.setattr("pages.parts.show_live", lambda *args, **more: None)
    page = visit("style")
    assert not page.exception and not page.error
    assert "Rain (broken)" not in str([group.options for group in page.button_group])


def test_command_names_a_house_style(home):
    content = tasks.File.store(image_io.encode_png(np.zeros((40, 40, 3), "uint8")), "image", "me.png")
    settings = TransferSettings(house=("rain",), size=256)
    line = commands.format_command("style.transfer", settings, {"content": [content]})
    assert line == "studio style me.png house:rain -o out.png --size 256"


def page_of_live():
    import streamlit as st

    from pages.jobs import live

    for label in ("Download", "Download again"):
        st.button(label, on_click=lambda: live.save(st.session_state["made"]))


def test_result_downloaded_twice_is_saved_once(engine, chores, draw):
    page = draw(page_of_live)
    page.session_state["made"] = engine.run_live("chores.do", chores.ChoreSettings(shade=41), {}, "test")
    before = {job.id for job in engine.list_jobs()}
    for button in page.button:
        button.click().run()
    assert not page.exception
    [job_id] = {job.id for job in engine.list_jobs()} - before
    engine.find_job(job_id).folder.remove()
    page.button[0].click().run()
    assert len({job.id for job in engine.list_jobs()} - before) == 1


def test_result_is_used_here_and_on_other_pages(visit, monkeypatch, image):
    file = tasks.File.store(image_io.encode_png(image), "image", "made.png")
    monkeypatch.setattr(
        "pages.parts.show_live", lambda *args, **more: use_again.show_menu(lambda: file, key="it")
    )
    page = visit("style", what="A video")
    choose_in_menu(page, "Use as", "Style: content")
    assert (page.title[0].value, page.button_group(key="content").value) == ("Style", "made")
    choose_in_menu(page, "Use as", "Dream: guide")
    assert not page.exception
    assert (page.title[0].value, page.button_group(key="guide").value) == ("Dream", "made")


@pytest.fixture
def add_finished_job(engine, until, image):
    """Adds a finished job: `painted(settings, inputs)` -> its id."""
    ids = []

    def add_finished_job(settings, inputs):
        file, id = tasks.File.store(image_io.encode_png(image), "image", "made.png"), store.new_id(1)
        request = Request.of(tasks.get("style.transfer"), settings, inputs, "local")
        store.write_finished(paths.ensure_folder("jobs") / id, request, tasks.Result((file,)), 1, 2)
        until(lambda: id in {job.id for job in engine.list_jobs(limit=1000)})
        ids.append(id)
        return id

    yield add_finished_job
    for id in ids:
        engine.find_job(id).folder.remove()


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings, names",
    [
        ({"mode": "draft", "size": 256}, ["Mosaic"]),
        ({"house": ["wash", "dots"], "style_weights": [1, 0.25]}, ["Wash", "Dots"]),
        (
            {"house": ["sand", "rain"], "network": "mine", "style_weights": [1, 0.25]},
            ["Sand (mine)", "Rain (mine)"],
        ),
    ],
    ids=["paintings", "house styles", "styles of one's own network"],
)
def test_settings_and_images_of_a_result_fill_the_form(visit, add_finished_job, settings, names):
    learned_from = [tasks.File("0" * 64, "image", name) for name in ("rain.png", "sand.png")]
    for network in ("mine", "yours") if "network" in settings else ():  # with styles of the same names
        tiny_styles.make(network, learned_from=learned_from)
    house = settings.get("house", [])
    files = {sample.title: sample.get_file for sample in (*samples.list_photos(), *samples.list_paintings())}
    inputs = {"content": [files["Coffee"]()], "style": [] if house else [files[name]() for name in names]}
    page = visit("style", job=add_finished_job(settings, inputs))
    press_button(page, "Change")
    assert not page.exception
    values = {key: page.button_group(key=key).value for key in ("content", "style", "mode")}
    assert values == {"content": "Coffee", "style": names, "mode": settings.get("mode", "instant")}
    assert page.session_state["size"] == settings.get("size", 512)
    assert not house or [page.session_state[f"weight_{n}"] for n in (1, 2)] == [1, 0.25]
    assert "Change" in list_button_labels(page), "the result stays in sight until something else is asked for"
    page.button_group(key="content").set_value("Rocket").run()
    assert "Change" not in list_button_labels(page)


def test_link_to_a_result_fills_the_form(visit, add_finished_job):
    files = {sample.title: sample.get_file for sample in (*samples.list_photos(), *samples.list_paintings())}
    inputs = {"content": [files["Coffee"]()], "style": [files["Mosaic"]()]}
    job = add_finished_job({"mode": "draft", "size": 256, "strength": 0.25}, inputs)
    page = visit("style", job=job)
    assert not page.exception and "Make again" in list_button_labels(page)
    values = {key: page.button_group(key=key).value for key in ("content", "style", "mode")}
    assert values == {"content": "Coffee", "style": ["Mosaic"], "mode": "draft"}
    assert (page.session_state["size"], page.session_state["strength"]) == (256, 0.25)

    changed = visit("style", job=job, strength="0.75")
    assert changed.session_state["strength"] == 0.75, "a reload keeps what the user has changed since"


@pytest.fixture
def half_mask():
    """A mask whose left half is white."""
    return image_io.encode_png(
        np.repeat([[[255], [0]]], 40, axis=0).repeat(32, axis=1).repeat(3, axis=2).astype("uint8")
    )


@pytest.mark.slow
@pytest.mark.parametrize("house", [[], ["mosaic", "wash"]], ids=["images", "house styles"])
def test_painted_masks_are_restored_in_the_brush(visit, add_finished_job, monkeypatch, half_mask, house):
    files = {sample.title: sample.get_file for sample in (*samples.list_photos(), *samples.list_paintings())}
    masks = [mask_input.store_painted(half_mask, number) for number in (1, 2)]
    images = [] if house else [files[title]() for title in ("Mosaic", "Wash")]
    inputs = {"content": [files["Coffee"]()], "style": images, "mask": masks}
    page = visit("style", job=add_finished_job({"house": house}, inputs))
    press_button(page, "Change")
    assert not page.exception and page.toggle(key="brush").value
    calls = []
    monkeypatch.setattr("pages.parts.show_live", lambda *args, **more: calls.append(args[2]()))
    page.slider(key="strength").set_value(0.5).run()
    assert [file.digest for file in calls[-1]["mask"]] == [mask.digest for mask in masks]


def test_own_masks_are_restored(visit, add_finished_job, monkeypatch, half_mask):
    files = {sample.title: sample.get_file for sample in (*samples.list_photos(), *samples.list_paintings())}
    own_mask = tasks.File.store(half_mask, "image", "left.png")
    inputs = {"content": [files["Coffee"]()], "style": [files["Mosaic"]()], "mask": [own_mask]}
    page = visit("style", job=add_finished_job({}, inputs))
    press_button(page, "Change")
    assert not page.exception and not page.toggle(key="brush").value
    calls = []
    monkeypatch.setattr("pages.parts.show_live", lambda *args, **more: calls.append(args[2]()))
    page.slider(key="strength").set_value(0.5).run()
    assert calls[-1]["mask"] == [own_mask]


def test_deleted_masks_prevent_changes(visit, add_finished_job):
    files = {sample.title: sample.get_file for sample in (*samples.list_photos(), *samples.list_paintings())}
    missing = tasks.File("0" * 64, "image", "mask.png")
    inputs = {"content": [files["Coffee"]()], "style": [files["Mosaic"]()], "mask": [missing]}
    page = visit("style", job=add_finished_job({}, inputs))
    assert (
        not page.exception
        and "Make again" in list_button_labels(page)
        and "Change" not in list_button_labels(page)
    )


@pytest.mark.parametrize("before", [{"what": "A video"}, {"brush": "true", "weight_1": "0.25"}])
def test_opened_result_clears_other_inputs(visit, add_finished_job, before):
    files = {sample.title: sample.get_file for sample in (*samples.list_photos(), *samples.list_paintings())}
    inputs = {"content": [files["Coffee"]()], "style": [files["Mosaic"](), files["Wash"]()]}
    page = visit("style", job=add_finished_job({"mode": "draft"}, inputs), style=["Dots", "Wash"], **before)
    press_button(page, "Change")
    assert not page.exception
    assert page.button_group(key="what").value == "photo"
    assert page.button_group(key="content").value == "Coffee"
    assert not page.toggle(key="brush").value
    assert [page.slider(key=f"weight_{number}").value for number in (1, 2)] == [1.0, 1.0]


def test_other_images_are_added_as_own_images(visit, add_finished_job):
    files = {sample.title: sample.get_file for sample in (*samples.list_photos(), *samples.list_paintings())}
    page = visit(
        "style", job=add_finished_job({}, {"content": [files["Mosaic"]()], "style": [files["Coffee"]()]})
    )
    press_button(page, "Change")
    assert not page.exception
    values = [page.button_group(key=key).value for key in ("content", "style")]
    assert values == ["mosaic", ["coffee"]]


@pytest.mark.parametrize(
    "inputs", [{"network": "mine.zip"}, {}], ids=["a network from a file", "styles that are gone"]
)
def test_unknown_network_prevents_changes(visit, add_finished_job, inputs):
    photo = samples.list_photos()[0].get_file()
    files = {slot: [tasks.File.store(b"", "model", name)] for slot, name in inputs.items()}
    page = visit("style", job=add_finished_job({"house": ["mine"]}, {"content": [photo], **files}))
    assert "Make again" in list_button_labels(page) and "Change" not in list_button_labels(page)


@pytest.mark.slow
def test_reset_all_resets_the_weights(visit):
    page = visit("style", style=["Mosaic", "Wash"], weight_1="0.25", strength="0.4")
    assert page.slider(key="weight_1").value == 0.25
    press_button(page, "Reset all")
    assert not page.exception
    assert (page.slider(key="weight_1").value, page.slider(key="strength").value) == (1.0, 0.8)


def test_actual_settings_are_those_of_the_recipe():
    request, actual = TransferSettings(mode="fine"), TransferSettings(mode="fine", steps=7)
    recipe = recipes.make("style.transfer", actual, {}, {})
    assert results.actual_settings(request, recipe) == actual.resolve()
    assert results.actual_settings(request, None) == request
    outdated = recipe.model_copy(update={"settings": {"nothing": 1}})
    assert results.actual_settings(request, outdated) == request


@pytest.mark.slow
def test_style_keeps_its_weight_when_an_earlier_one_is_removed(visit):
    names = ["Stained glass", "Mosaic", "Wash"]
    page = visit("style", style=names, weight_1="0.2", weight_3="0.5")
    assert [page.slider(key=f"weight_{n}").value for n in (1, 2, 3)] == [0.2, 1.0, 0.5]
    page.button_group(key="style").set_value(names[1:]).run()
    assert not page.exception
    assert [page.slider(key=f"weight_{n}").value for n in (1, 2)] == [1.0, 0.5]


def test_result_can_be_classified(visit, monkeypatch, image):
    file = tasks.File.store(image_io.encode_png(image), "image", "made.png")
    monkeypatch.setattr(
        "pages.parts.show_live", lambda *args, **more: use_again.show_menu(lambda: file, key="it")
    )
    page = visit("style")
    choose_in_menu(page, "Use as", "Classify")
    assert not page.exception
    assert (page.title[0].value, page.button_group(key="image").value) == ("Classify", "made")


def test_instant_result_offers_the_fine_mode(visit, monkeypatch):
    monkeypatch.setattr(
        "pages.parts.show_live", lambda *args, show_buttons=None, **more: show_buttons and show_buttons()
    )
    page = visit("style")
    calls = []
    monkeypatch.setattr("pages.parts.start", lambda *job: calls.append(job))
    press_button(page, "Make a fine result")
    assert not page.exception
    assert page.button_group(key="mode").value == "fine"
    assert "Start" in list_button_labels(page) and "Make a fine result" not in list_button_labels(page)
    [(task, settings, _)] = calls
    assert (task, settings.mode) == ("style.transfer", "fine")
    page.run()
    assert len(calls) == 1


@pytest.mark.slow
def test_preview_is_saved_and_the_full_size_has_its_own_button(visit, monkeypatch):
    monkeypatch.setattr("pages.parts.show_live", live.show_live)
    monkeypatch.setattr(live, "make_result", make_live_result)
    page = visit("style", size="2048")
    assert not page.exception
    assert {"Make the result at 2,048 px", "Keep the preview"} <= set(list_button_labels(page))
    assert "Keep" not in list_button_labels(page)
    [download] = page.get("download_button")
    assert download.proto.label == "Download preview, 512 x 341 px"
    calls = []
    monkeypatch.setattr("pages.jobs.jobs.start", lambda *job: calls.append(job))
    next(button for button in page.button if button.label.startswith("Make the result")).click().run()
    [(task, settings, _)] = calls
    assert (task, settings.mode, settings.size) == ("style.transfer", "instant", 2048)
    page = visit("style", size="512")
    assert "Keep" in list_button_labels(page) and not any(
        "preview" in label for label in list_button_labels(page)
    )


def test_click_replaces_a_style_unless_blending(visit, monkeypatch):
    monkeypatch.setattr("pages.parts.show_live", lambda *args, **more: None)
    page = visit("style")
    first, second, third = page.button_group(key="style").options[:3]
    page.button_group(key="style").set_value([first, second]).run()  # a click on a second tile
    assert page.button_group(key="style").value == [second]
    page.button_group(key="style").set_value([]).run()  # a click on the tile that is chosen
    assert page.button_group(key="style").value == [second]
    page.toggle(key="style.blend").set_value(True).run()
    page.button_group(key="style").set_value([second, third]).run()
    assert page.button_group(key="style").value == [second, third]
    assert page.slider(key="weight_2").value == 1.0
    page.toggle(key="style.blend").set_value(False).run()
    assert page.button_group(key="style").value == [third] and not page.exception


def test_uploaded_style_replaces_the_selected_one(visit, monkeypatch, image):
    monkeypatch.setattr("pages.parts.show_live", lambda *args, **more: None)
    page = visit("style")
    uploader = next(box for box in page.file_uploader if box.key.startswith("style.upload"))
    uploader.set_value(("waves.png", image_io.encode_png(image), "image/png")).run()
    assert page.button_group(key="style").value == ["waves"] and not page.exception


def test_under_the_hood_offers_a_small_run(visit, monkeypatch):
    monkeypatch.setattr("pages.parts.show_live", lambda *args, **more: None)
    calls = []
    monkeypatch.setattr("pages.jobs.jobs.start", lambda *job: calls.append(job))
    page = visit("style", strength="0.5", explain="true")
    assert len(page.get("vega_lite_chart")) == 1, "the losses of a recorded run"
    watch = "Watch a small draft of your photo"
    press_button(page, watch)
    [(task, settings, inputs)] = calls
    assert (task, settings.mode, settings.size, settings.strength) == ("style.transfer", "draft", 256, 0.5)
    assert settings.house == () and len(inputs["style"]) == 1
