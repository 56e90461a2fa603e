"""The Dream page: presets, layers, video, estimates and charts."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from pages.dream import channel_sheet, targets, under_the_hood
from pages.form import forms, layer_terms, samples
from pages.jobs import results
from pages.widgets import words
from studio.core import paths, tasks
from studio.core.imaging import image_io
from studio.core.objectives import backbones
from studio.core.tasks import File
from studio.dream.channels import sheet
from studio.dream.presets import DREAM_PRESETS
from studio.dream.settings import DreamSettings
from studio.engine.jobs import store
from studio.engine.jobs.parts import Request


def labels(page):
    return [button.label for button in page.button]


def texts(elements) -> str:
    return " ".join(str(element.value) for element in elements)


def button(page, label):
    return next(element for element in page.button if element.label == label)


@pytest.fixture
def submitted(monkeypatch):
    """Records what the page starts, instead of running it."""
    calls = []
    monkeypatch.setattr(
        "pages.parts.start", lambda task, settings, inputs: calls.append((task, settings, inputs))
    )
    return calls


@pytest.mark.slow
def test_the_first_look_has_a_photo_a_look_and_a_start_that_says_how_long_it_takes(visit, submitted):
    page = visit("dream")
    assert not page.exception
    assert "**Start** runs DeepDream on this image, which takes" in texts(page.markdown)
    [image] = [image.proto.imgs[0] for image in page.main.get("image")]
    assert image.caption == "The content, before the first step"
    button(page, "Start").click().run()
    [(task, settings, inputs)] = submitted
    assert (task, settings) == ("dream.ascend", DreamSettings())
    assert [len(inputs[slot]) for slot in ("content", "guide")] == [1, 0]


@pytest.mark.slow
def test_only_what_matters_is_in_sight(visit):
    page = visit("dream")
    sight = {slider.key for slider in page.slider} - {slider.key for slider in page.expander[0].slider}
    assert sight == {"steps", "octaves", "size"}
    folded = {"octave_scale", "step_size", "jitter", "smoothness", "hold_colors", "backbone", "seed"}
    kinds = ("slider", "select_slider", "number_input", "button_group", "selectbox")
    assert folded <= {element.key for kind in kinds for element in getattr(page.expander[0], kind)}


def test_every_setting_is_asked_for_once(visit):
    page = visit("dream", **{"zoom.on": "true"})
    page.button_group(key="see").set_value("channels").run()
    kinds = ("slider", "select_slider", "number_input", "text_input", "button_group", "selectbox")
    there = [element.key for kind in kinds for element in getattr(page, kind)]
    for name in set(DreamSettings.describe()) - {"look", "precision"}:  # these are for recipes
        assert there.count(name) == 1, name


def test_a_look_says_what_it_shows_and_has_its_small_image(visit, submitted):
    name = list(DREAM_PRESETS)[-1]
    page = visit("dream", look=name.capitalize())
    assert DREAM_PRESETS[name].description in texts(page.caption)
    button(page, "Start").click().run()
    assert submitted[0][1].look == name
    assert set(samples.preset_thumbnails()) == set(DREAM_PRESETS)


def test_a_link_with_layers_opens_the_layers(visit, submitted):
    page = visit("dream", layers="mixed4:71=0.5, mixed4=-0.25")
    assert page.button_group(key="see").value == "channels"
    assert page.button_group(key="network").value == "inceptionv3"
    assert page.selectbox(key="inceptionv3.layer").value == "mixed4"
    assert page.slider(key="weight_mixed4_71").value == 0.5
    assert page.slider(key="weight_mixed4").value == -0.25
    button(page, "Start").click().run()
    assert [str(term) for term in submitted[0][1].target.terms] == ["mixed4:71=0.5", "mixed4=-0.25"]


def test_a_weight_is_a_slider_and_writes_the_text(visit):
    page = visit("dream", layers="mixed4:71, mixed5")
    page.slider(key="weight_mixed4_71").set_value(-0.5).run()
    assert page.text_input(key="layers").value == "mixed4:71=-0.5, mixed5"


def test_a_whole_layer_and_a_numbered_channel_are_chosen_from_the_sheet(visit, submitted):
    page = visit("dream", see="Layers and channels", **{"vgg16.layer": "block3_conv1, 256 channels"})
    layer = page.selectbox(key="vgg16.layer").value
    page.toggle(key=f"whole_{layer}").set_value(True).run()
    assert page.text_input(key="layers").value == layer
    page.number_input(key=f"channel_{layer}").set_value(7).run()
    button(page, "Add").click().run()
    assert page.text_input(key="layers").value == f"{layer}, {layer}:7"
    page.toggle(key=f"whole_{layer}").set_value(False).run()
    assert page.text_input(key="layers").value == f"{layer}:7"
    button(page, "Start").click().run()
    assert submitted[0][1].layers == (f"{layer}:7",)


@pytest.mark.parametrize("network", backbones.BACKBONES)
def test_channels_are_chosen_by_their_images(visit, submitted, network):
    page = visit("dream", see="Layers and channels", network=words.choice(network))
    layer = page.selectbox(key=f"{network}.layer").value
    there = [tile.channel for tile in sheet.tiles(network) if tile.layer == layer]
    images = page.button_group(key=f"sheet_{layer}")
    assert sorted(there) == [int(option) for option in images.options]
    images.set_value(there[:2]).run()
    assert page.text_input(key="layers").value == ", ".join(
        f"{layer}:{channel}" for channel in sorted(there[:2])
    )
    page.button_group(key=f"sheet_{layer}").set_value(there[1:2]).run()
    button(page, "Start").click().run()
    assert submitted[0][1].layers == (f"{layer}:{there[1]}",)
    assert submitted[0][1].target.backbone == network


def test_what_was_chosen_outlives_a_look_at_the_looks(visit, submitted):
    page = visit("dream", layers="mixed4:71")
    page.button_group(key="see").set_value("look").run()
    button(page, "Start").click().run()
    assert submitted[-1][1].layers == ()
    page.button_group(key="see").set_value("channels").run()
    assert page.text_input(key="layers").value == "mixed4:71"


@pytest.mark.parametrize(
    "params, message",
    [
        ({"layers": "mixed_4"}, "mixed4"),
        ({"layers": "mixed4:99999"}, "from 0 to 767"),
        ({"layers": "mixed4, block5_conv1"}, "layer of inceptionv3"),
        ({"layers": "mixed4:71", "guide.on": "true"}, "whole layers when there is a guide"),
    ],
)
def test_what_cannot_be_dreamed_is_one_sentence_and_nothing_starts(visit, params, message):
    page = visit("dream", **params)
    assert not page.exception
    assert len(page.error) == 1
    assert message in page.error[0].value.replace("\\", "")
    assert "Start" not in labels(page)


def test_a_guide_is_chosen_when_wanted(visit, submitted):
    page = visit("dream", **{"guide.on": "true"})
    button(page, "Start").click().run()
    content, guide = (submitted[0][2][slot][0] for slot in ("content", "guide"))
    assert content != guide


def test_a_video_says_its_length_and_its_time_before_it_starts(visit, submitted):
    page = visit("dream", **{"zoom.on": "true"}, zoom="30", fps="10", video="GIF")
    text = texts(page.markdown)
    assert "video of 30 frames, 3 s long" in text
    assert "which takes" in text
    button(page, "Start").click().run()
    settings = submitted[0][1]
    assert (settings.zoom, settings.fps, settings.video) == (30, 10, "gif")


def test_layers_of_a_result_come_back_into_the_form(visit, engine, until, submitted, image):
    file, id = File.keep(image_io.encode_png(image), "image", "made.png"), store.new_id(1)
    layers = ("mixed4:71=0.5", "mixed5")
    changes = {"layers": layers, "backbone": "inceptionv3", "steps": 7}
    inputs = {"content": [samples.photos()[0].file()]}
    request = Request.of(
        tasks.get("dream.ascend"), DreamSettings.parse(changes).model_dump(), inputs, "local"
    )
    store.write_finished(paths.folder("jobs") / id, request, tasks.Result((file,)), 1, 2)
    until(lambda: id in {job.id for job in engine.jobs(limit=1000)})
    page = visit("dream", job=id)
    button(page, "Change").click().run()
    assert not page.exception
    assert page.button_group(key="network").value == "inceptionv3"
    assert page.selectbox(key="inceptionv3.layer").value == "mixed4"
    button(page, "Start").click().run()
    settings = submitted[0][1]
    assert (settings.layers, settings.backbone, settings.steps) == (layers, "inceptionv3", 7)
    engine.job(id).folder.remove()


@pytest.mark.parametrize("zoom", [0, 90])
def test_a_video_and_an_image_come_back_into_the_form_as_what_they_were(draw, zoom):
    def page(zoom):
        import streamlit as st

        from pages.form import forms
        from studio.dream.settings import DreamSettings

        st.button("Change", on_click=forms.prefill, args=(DreamSettings(zoom=zoom),))
        st.session_state["asked"] = forms.form(DreamSettings, skip=("layers",))

    form = draw(page, zoom=zoom)
    form.button[0].click().run()
    assert (form.toggle(key="zoom.on").value, form.session_state["asked"].zoom) == (zoom > 0, zoom)
    form.toggle(key="zoom.on").set_value(True).run()
    assert not form.exception
    assert form.session_state["asked"].zoom == (zoom or forms.FRAMES)


def test_without_the_switch_there_is_no_video(visit, submitted):
    page = visit("dream", zoom="30")
    button(page, "Start").click().run()
    assert submitted[0][1].zoom == 0


@pytest.mark.parametrize("layers", ["mixed4, mixed4=0.5", "mixed4:7, mixed4_7, mixed5"])
def test_the_same_layer_twice_has_one_slider(visit, layers):
    page = visit("dream", layers=layers)
    assert not page.exception
    keys = [slider.key for slider in page.slider]
    assert len(keys) == len(set(keys))


BOTH = ["mixed4:1", "mixed4:2"]


@pytest.mark.parametrize(
    "text, options, selection, result",
    [
        ("", ["mixed4:1"], ["mixed4:1"], "mixed4:1"),
        ("mixed4:1=2, mixed4", BOTH, BOTH, "mixed4:1=2, mixed4, mixed4:2"),
        ("mixed4:1=0.5, mixed4", BOTH, [], "mixed4"),
        ("mixed4:1, block5_conv1", ["block1_conv1"], ["block1_conv1"], "block5_conv1, block1_conv1"),
        ("mixd4=x, mixed4", ["mixed4:2"], ["mixed4:2"], "mixd4=x, mixed4, mixed4:2"),
    ],
)
def test_a_choice_changes_only_what_it_offers_and_one_network_stays(text, options, selection, result):
    assert layer_terms.with_selection(text, options, selection) == result


@pytest.mark.parametrize("value, result", [(0.5, "a:1=0.5, b"), (1.0, "a:1, b"), (-0.25, "a:1=-0.25, b")])
def test_a_new_weight_is_written_as_the_settings_write_it(value, result):
    assert layer_terms.with_weight("a:1=2, b", "a:1=2", value) == result


@pytest.mark.parametrize("term, weight", [("a", 1), ("a:3=-0.5", -0.5), ("a=many", 1), ("a=", 1)])
def test_a_weight_is_read_leniently(term, weight):
    assert layer_terms.weight(term) == weight


def test_what_the_page_asks_for_itself_are_settings():
    assert {*targets.ASKED_HERE} <= set(DreamSettings.describe())


def page_of_climb():
    from types import SimpleNamespace

    import streamlit as st

    from pages.dream import under_the_hood

    state = st.session_state
    result = SimpleNamespace(figures={"octaves": state["octaves"]}, files=(state["file"],))
    history = [{"step": step, "activation": 1.0 + step} for step in range(state["steps"])]
    run = SimpleNamespace(result=result, history=history, settings={})
    under_the_hood.explain(run if state["steps"] else None)


@pytest.fixture
def climb(home, image):
    def climb(octaves, steps=4, kind="image"):
        page = AppTest.from_function(page_of_climb, default_timeout=60)
        page.session_state["octaves"] = octaves
        page.session_state["steps"] = steps
        page.session_state["file"] = File.keep(image_io.encode_png(image), kind, "sky-dream.png")
        page.session_state["explain"] = True
        page.run()
        assert not page.exception
        return page

    return climb


@pytest.mark.parametrize("sign", [1, -1])
def test_the_octaves_are_drawn_from_the_runs_own_numbers(climb, sign):
    octaves = [{"height": 40 * n, "width": 60 * n, "before": sign * 1.0, "after": 5.0} for n in (1, 2)]
    page = climb(octaves)
    assert len(page.get("vega_lite_chart")) == 2
    assert "recorded" not in texts(page.caption)
    boxes = under_the_hood._boxes(octaves, b"")
    assert "width:50.00%" in boxes
    assert "60 px" in boxes


def test_without_a_dream_a_recorded_one_is_drawn_and_a_video_has_no_octaves(climb):
    page = climb([], steps=0)
    assert "A recorded run" in texts(page.caption)
    assert len(page.get("vega_lite_chart")) == 2
    page = climb([], kind="animation")
    assert len(page.get("vega_lite_chart")) == 1
    assert "at every frame" in texts(page.caption)


def test_the_tile_of_a_dream_leads_to_its_look(visit):
    links = [link.proto for link in visit("").get("page_link")]
    [tile] = [link for link in links if "look=" in link.query_string]
    params = dict(parse_qsl(tile.query_string))
    page = visit(tile.page, **params)
    assert page.title[0].value == "Dream"
    assert page.button_group(key="look").value == params["look"].lower()


def test_a_network_that_has_no_such_look_is_told_and_looks_are_not_varied_then(visit, submitted):
    assert "default layer" not in texts(visit("dream", look="Dogs").info)
    text = texts(visit("dream", look="Dogs", backbone="ResNet50").info)
    assert "Backbone is set to ResNet50" in text and "Its default layer is used" in text
    assert any("Preset" in label for label in results.variants(DreamSettings()))
    assert not any("Preset" in label for label in results.variants(DreamSettings(backbone="resnet50")))


def test_reset_all_puts_the_video_and_the_look_back_too(visit, submitted):
    page = visit("dream", **{"zoom.on": "true"}, fps="30", zoom="120", look="Spirals", steps="20")
    button(page, "Start").click().run()
    assert submitted[-1][1].zoom == 120 and submitted[-1][1].look == "spirals"
    button(page, "Reset all").click().run()
    assert not page.exception
    button(page, "Start").click().run()
    assert submitted[-1][1] == DreamSettings()


def test_any_channel_can_be_painted_from_its_number(visit, monkeypatch):
    calls = []
    monkeypatch.setattr("pages.jobs.jobs.start", lambda *args: calls.append(args))
    page = visit("dream", see="Layers and channels")
    layer = page.selectbox(key="vgg16.layer").value
    page.number_input(key=f"channel_{layer}").set_value(5).run()
    button(page, "Visualize").click().run()
    [(task, settings, inputs)] = calls
    assert (task, settings.backbone, settings.layer, settings.channel) == (
        channel_sheet.PAINT,
        "vgg16",
        layer,
        5,
    )
    assert not inputs
