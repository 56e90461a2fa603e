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
from studio.core.tasks import File
from studio.dream.channels import sheet
from studio.dream.presets import DEFAULT_LAYERS, DREAM_PRESETS
from studio.dream.settings import DreamSettings
from studio.engine.jobs import store
from studio.engine.jobs.records import Request

from .elements import find_button, join_raw_texts, press_button


@pytest.mark.slow
def test_first_visit_has_a_photo_a_preset_and_a_start_with_its_duration(visit, started_jobs):
    page = visit("dream")
    assert not page.exception
    assert "**Start** runs DeepDream on this image, which takes" in join_raw_texts(page.markdown)
    [image] = [image.proto.imgs[0] for image in page.main.get("image")]
    assert image.caption == "The content, before the first step"
    press_button(page, "Start")
    [(task, settings, inputs)] = started_jobs
    assert (task, settings) == ("dream.ascend", DreamSettings(seed=settings.seed))
    assert [len(inputs[slot]) for slot in ("content", "guide")] == [1, 0]


@pytest.mark.slow
def test_only_important_settings_are_outside_more(visit):
    page = visit("dream")
    sight = {slider.key for slider in page.slider} - {slider.key for slider in page.expander[0].slider}
    assert sight == {"steps", "octaves", "size"}
    folded = {"octave_scale", "step_size", "jitter", "total_variation", "color_penalty", "backbone", "seed"}
    kinds = ("slider", "select_slider", "number_input", "button_group", "selectbox")
    assert folded <= {element.key for kind in kinds for element in getattr(page.expander[0], kind)}


def test_every_setting_has_one_widget(visit):
    page = visit("dream", **{"zoom.on": "true"})
    page.button_group(key="see").set_value("channels").run()
    kinds = ("slider", "select_slider", "number_input", "text_input", "button_group", "selectbox")
    widget_keys = [element.key for kind in kinds for element in getattr(page, kind)]
    fields = {name for name, field in DreamSettings.describe().items() if field.tier != "hidden"}
    for name in fields - {"look"}:  # the others are for recipes
        assert widget_keys.count(name) == 1, name


def test_preset_has_a_description_and_a_thumbnail(visit, started_jobs):
    name = list(DREAM_PRESETS)[-1]
    page = visit("dream", look=name.capitalize())
    assert DREAM_PRESETS[name].description in join_raw_texts(page.caption)
    press_button(page, "Start")
    assert started_jobs[0][1].look == name
    assert set(samples.load_preset_thumbnails()) == set(DREAM_PRESETS)


def test_link_with_layers_opens_the_layers(visit, started_jobs):
    page = visit("dream", layers="mixed4:71=0.5, mixed4=-0.25")
    assert page.button_group(key="see").value == "channels"
    assert page.button_group(key="network").value == "inceptionv3"
    assert page.selectbox(key="inceptionv3.layer").value == "mixed4"
    assert page.slider(key="weight_mixed4_71").value == 0.5
    assert page.slider(key="weight_mixed4").value == -0.25
    press_button(page, "Start")
    assert [str(term) for term in started_jobs[0][1].target.terms] == ["mixed4:71=0.5", "mixed4=-0.25"]


def test_weight_slider_changes_the_text(visit):
    page = visit("dream", layers="mixed4:71, mixed5")
    page.slider(key="weight_mixed4_71").set_value(-0.5).run()
    assert page.text_input(key="layers").value == "mixed4:71=-0.5, mixed5"


def test_layer_and_channel_are_selected_from_the_sheet(visit, started_jobs):
    page = visit("dream", see="Layers and channels", **{"vgg16.layer": "block3_conv1, 256 channels"})
    layer = page.selectbox(key="vgg16.layer").value
    page.toggle(key=f"whole_{layer}").set_value(True).run()
    assert page.text_input(key="layers").value == layer
    page.number_input(key=f"channel_{layer}").set_value(7).run()
    press_button(page, "Add")
    assert page.text_input(key="layers").value == f"{layer}, {layer}:7"
    page.toggle(key=f"whole_{layer}").set_value(False).run()
    assert page.text_input(key="layers").value == f"{layer}:7"
    press_button(page, "Start")
    assert started_jobs[0][1].layers == (f"{layer}:7",)


@pytest.mark.parametrize("network", DEFAULT_LAYERS)
def test_channels_are_selected_by_their_images(visit, started_jobs, network):
    page = visit("dream", see="Layers and channels", network=words.choice_label(network))
    layer = page.selectbox(key=f"{network}.layer").value
    widget_keys = [tile.channel for tile in sheet.load_tiles(network) if tile.layer == layer]
    images = page.button_group(key=f"sheet_{layer}")
    assert sorted(widget_keys) == [int(option) for option in images.options]
    images.set_value(widget_keys[:2]).run()
    assert page.text_input(key="layers").value == ", ".join(
        f"{layer}:{channel}" for channel in sorted(widget_keys[:2])
    )
    page.button_group(key=f"sheet_{layer}").set_value(widget_keys[1:2]).run()
    press_button(page, "Start")
    assert started_jobs[0][1].layers == (f"{layer}:{widget_keys[1]}",)
    assert started_jobs[0][1].target.backbone == network


def test_selected_layers_survive_a_switch_to_the_presets(visit, started_jobs):
    page = visit("dream", layers="mixed4:71")
    page.button_group(key="see").set_value("look").run()
    press_button(page, "Start")
    assert started_jobs[-1][1].layers == ()
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
def test_invalid_objective_shows_an_error_and_starts_nothing(visit, params, message):
    page = visit("dream", **params)
    assert not page.exception
    assert len(page.error) == 1
    assert message in page.error[0].value.replace("\\", "")
    assert find_button(page, "Start").disabled
    assert message in join_raw_texts(page.caption).replace("\\", ""), "next to the start button"


def test_guide_image_is_optional(visit, started_jobs):
    page = visit("dream", **{"guide.on": "true"})
    press_button(page, "Start")
    content, guide = (started_jobs[0][2][slot][0] for slot in ("content", "guide"))
    assert content != guide


def test_video_shows_its_length_and_duration_before_start(visit, started_jobs):
    page = visit("dream", **{"zoom.on": "true"}, zoom="30", fps="10", video="GIF")
    text = join_raw_texts(page.markdown)
    assert "video of 30 frames, 3 s long" in text
    assert "which takes" in text
    press_button(page, "Start")
    settings = started_jobs[0][1]
    assert (settings.zoom, settings.fps, settings.video) == (30, 10, "gif")


def test_layers_of_a_result_fill_the_form(visit, engine, until, started_jobs, image):
    file, id = File.store(image_io.encode_png(image), "image", "made.png"), store.new_id(1)
    layers = ("mixed4:71=0.5", "mixed5")
    changes = {"layers": layers, "backbone": "inceptionv3", "steps": 7}
    inputs = {"content": [samples.list_photos()[0].get_file()]}
    request = Request.of(
        tasks.get("dream.ascend"), DreamSettings.parse(changes).model_dump(), inputs, "local"
    )
    store.write_finished(paths.ensure_folder("jobs") / id, request, tasks.Result((file,)), 1, 2)
    until(lambda: id in {job.id for job in engine.list_jobs(limit=1000)})
    page = visit("dream", job=id)
    press_button(page, "Change")
    assert not page.exception
    assert page.button_group(key="network").value == "inceptionv3"
    assert page.selectbox(key="inceptionv3.layer").value == "mixed4"
    press_button(page, "Start")
    settings = started_jobs[0][1]
    assert (settings.layers, settings.backbone, settings.steps) == (layers, "inceptionv3", 7)
    engine.find_job(id).folder.remove()


@pytest.mark.parametrize("zoom", [0, 90])
def test_video_and_image_fill_the_form(draw, zoom):
    def page(zoom):
        import streamlit as st

        from pages.form import forms
        from studio.dream.settings import DreamSettings

        st.button("Change", on_click=forms.prefill, args=(DreamSettings(zoom=zoom),))
        st.session_state["asked"] = forms.ask_settings(DreamSettings, skip=("layers",))

    form = draw(page, zoom=zoom)
    form.button[0].click().run()
    assert (form.toggle(key="zoom.on").value, form.session_state["asked"].zoom) == (zoom > 0, zoom)
    form.toggle(key="zoom.on").set_value(True).run()
    assert not form.exception
    assert form.session_state["asked"].zoom == (zoom or forms.DEFAULT_FRAMES)


def test_video_needs_its_switch(visit, started_jobs):
    page = visit("dream", zoom="30")
    press_button(page, "Start")
    assert started_jobs[0][1].zoom == 0


@pytest.mark.parametrize("layers", ["mixed4, mixed4=0.5", "mixed4:7, mixed4_7, mixed5"])
def test_repeated_layer_has_one_slider(visit, layers):
    page = visit("dream", layers=layers)
    assert not page.exception
    keys = [slider.key for slider in page.slider]
    assert len(keys) == len(set(keys))


TWO_TERMS = ["mixed4:1", "mixed4:2"]


@pytest.mark.parametrize(
    "text, options, selection, result",
    [
        ("", ["mixed4:1"], ["mixed4:1"], "mixed4:1"),
        ("mixed4:1=2, mixed4", TWO_TERMS, TWO_TERMS, "mixed4:1=2, mixed4, mixed4:2"),
        ("mixed4:1=0.5, mixed4", TWO_TERMS, [], "mixed4"),
        ("mixed4:1, block5_conv1", ["block1_conv1"], ["block1_conv1"], "block5_conv1, block1_conv1"),
        ("mixd4=x, mixed4", ["mixed4:2"], ["mixed4:2"], "mixd4=x, mixed4, mixed4:2"),
    ],
)
def test_selection_changes_only_its_options_and_keeps_one_backbone(text, options, selection, result):
    assert layer_terms.update_selection(text, options, selection) == result


@pytest.mark.parametrize("value, result", [(0.5, "a:1=0.5, b"), (1.0, "a:1, b"), (-0.25, "a:1=-0.25, b")])
def test_new_weight_is_formatted_like_the_settings(value, result):
    assert layer_terms.set_weight("a:1=2, b", "a:1=2", value) == result


@pytest.mark.parametrize("term, weight", [("a", 1), ("a:3=-0.5", -0.5), ("a=many", 1), ("a=", 1)])
def test_weight_is_parsed_leniently(term, weight):
    assert layer_terms.weight_of(term) == weight


def test_settings_outside_the_form_exist():
    assert {*targets.SETTINGS_OUTSIDE_FORM} <= set(DreamSettings.describe())


def page_of_ascent():
    from types import SimpleNamespace

    import streamlit as st

    from pages.dream import under_the_hood

    state = st.session_state
    result = SimpleNamespace(figures={"octaves": state["octaves"]}, files=(state["file"],))
    history = [{"step": step, "activation": 1.0 + step} for step in range(state["steps"])]
    run = SimpleNamespace(result=result, history=history, settings={})
    under_the_hood.explain(run if state["steps"] else None)


@pytest.fixture
def open_ascent(home, image):
    def open_ascent(octaves, steps=4, kind="image"):
        page = AppTest.from_function(page_of_ascent, default_timeout=60)
        page.session_state["octaves"] = octaves
        page.session_state["steps"] = steps
        page.session_state["file"] = File.store(image_io.encode_png(image), kind, "sky-dream.png")
        page.session_state["explain"] = True
        page.run()
        assert not page.exception
        return page

    return open_ascent


@pytest.mark.parametrize("sign", [1, -1])
def test_octaves_are_drawn_from_the_figures_of_the_run(open_ascent, sign):
    octaves = [{"height": 40 * n, "width": 60 * n, "before": sign * 1.0, "after": 5.0} for n in (1, 2)]
    page = open_ascent(octaves)
    assert len(page.get("vega_lite_chart")) == 2
    assert "recorded" not in join_raw_texts(page.caption)
    boxes = under_the_hood._build_octave_html(octaves, b"")
    assert "width:50.00%" in boxes
    assert "60 px" in boxes


def test_recorded_dream_is_drawn_first_and_a_video_has_no_octaves(open_ascent):
    page = open_ascent([], steps=0)
    assert "A recorded run" in join_raw_texts(page.caption)
    assert len(page.get("vega_lite_chart")) == 2
    page = open_ascent([], kind="animation")
    assert len(page.get("vega_lite_chart")) == 1
    assert "at every frame" in join_raw_texts(page.caption)


def test_tile_of_a_dream_links_its_preset(visit):
    links = [link.proto for link in visit("").get("page_link")]
    [tile] = [link for link in links if "look=" in link.query_string]
    params = dict(parse_qsl(tile.query_string))
    page = visit(tile.page, **params)
    assert page.title[0].value == "Dream"
    assert page.button_group(key="look").value == params["look"].lower()


def test_preset_of_another_network_is_reported_and_not_varied(visit, started_jobs):
    assert "default layer" not in join_raw_texts(visit("dream", look="Dogs").info)
    text = join_raw_texts(visit("dream", look="Dogs", backbone="ResNet50").info)
    assert "Backbone is set to ResNet50" in text and "Its default layer is used" in text
    assert any("Preset" in label for label in results.list_variants(DreamSettings()))
    assert not any("Preset" in label for label in results.list_variants(DreamSettings(backbone="resnet50")))


def test_reset_all_resets_video_and_preset(visit, started_jobs):
    page = visit("dream", **{"zoom.on": "true"}, fps="30", zoom="120", look="Spirals", steps="20")
    press_button(page, "Start")
    assert started_jobs[-1][1].zoom == 120 and started_jobs[-1][1].look == "spirals"
    press_button(page, "Reset all")
    assert not page.exception
    press_button(page, "Start")
    settings = started_jobs[-1][1]
    assert settings == DreamSettings(seed=settings.seed) and settings.seed, "only the seed is drawn"


def test_any_channel_can_be_visualized_by_number(visit, monkeypatch):
    calls = []
    monkeypatch.setattr("pages.jobs.jobs.start", lambda *args: calls.append(args))
    page = visit("dream", see="Layers and channels")
    layer = page.selectbox(key="vgg16.layer").value
    page.number_input(key=f"channel_{layer}").set_value(5).run()
    press_button(page, "Visualize")
    [(task, settings, inputs)] = calls
    assert (task, settings.backbone, settings.layer, settings.channel) == (
        channel_sheet.TASK,
        "vgg16",
        layer,
        5,
    )
    assert not inputs


def test_a_zoom_video_with_a_mask_is_refused_before_the_start(visit):
    page = visit("dream", **{"zoom.on": "true", "masked": "true", "area": "Background"})
    assert any("no mask for a zoom video" in error.value for error in page.error)
