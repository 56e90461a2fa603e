"""The X-ray page: feature maps, a filter step by step, ablation, and links."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pages.jobs import live
from pages.widgets import layer_strip
from pages.xray import filter_view, map_view
from studio.core.imaging import image_io
from studio.core.objectives import backbones
from studio.engine import Live

from .elements import join_raw_texts, list_button_labels

PREDICTIONS = [
    {"label": "tabby", "before": 0.6, "after": 0.2},
    {"label": "sieve", "before": 0.1, "after": 0.5},
]
STRONGEST = [*range(5, 16), 36]  # only channel 36 of block4_conv2 has a shipped visualization
PRODUCT = {"name": "map 3", "input": [[1.0] * 3] * 3, "weights": [[0.5] * 3] * 3, "sum": 4.5}


def fake_result(task, settings, inputs, cache_name, max_results=4):
    """Stands in for the X-ray task, without a network."""
    image = image_io.encode_png(np.full((60, 90, 3), 90, "uint8"))
    if task == filter_view.TASK:
        figures = {
            "input_shape": [8, 8, 64],
            "output_shape": [4, 4],
            "map_shape": [2, 2],
            "position": (2, 2),
            "parts": [PRODUCT],
        }
        figures |= {"others": -6.0, "other_maps": 63, "bias": 0.25, "sum": -1.25}
    else:
        layers = backbones.find_spec(settings.backbone).layers
        count = layers[settings.layer_name]
        channel = STRONGEST[0] if settings.channel is None else settings.channel
        figures = {
            "channel": channel,
            "inactive_share": 0.1,
            "position": (1, 1),
            "activation": 0.5,
            "max_activation": 2.0,
        }
        figures |= {"strongest": [{"channel": n, "strength": 1.0} for n in STRONGEST], "input_size": [60, 90]}
        figures |= {
            "strengths": [1.0] * count,
            "receptive_field": 76,
            "step": 8,
            "norm_ratios": {"conv4_block3": 0.8},
        }
        figures["layers"] = [
            {"name": name, "height": 8, "width": 8, "channels": n, "parameters": 9, "receptive_field": 3}
            for name, n in layers.items()
        ]
        figures["predictions"] = PREDICTIONS
    return Live(task, settings, inputs, image, "image", "out.png", figures, None, 0.1)


@pytest.fixture
def open_xray(visit, monkeypatch):
    monkeypatch.setattr(live, "check_ready", lambda *args, **more: True)
    monkeypatch.setattr(live, "make_result", fake_result)
    return lambda **params: visit("x-ray", **params)


@pytest.mark.slow
def test_channel_is_selected_by_visualization_or_activation(open_xray):
    page = open_xray()
    assert not page.exception
    channel = page.button_group(key="favorites").value
    assert f"Feature visualization of channel {channel}" in join_raw_texts(page.caption)
    page.button_group(key="strongest").set_value(7).run()
    assert page.session_state["channel"] == 7 and "activation of channel 7" in join_raw_texts(page.caption)


@pytest.mark.parametrize("strongest, expected", [([*range(5, 16), 36], 36), ([*range(5, 17)], 5)])
def test_default_channel_is_one_of_the_strongest(open_xray, monkeypatch, strongest, expected):
    monkeypatch.setattr("tests.pages.test_xray.STRONGEST", strongest)
    page = open_xray()
    assert not page.exception and page.button_group(key="strongest").value == expected


def test_another_layer_drops_a_missing_channel(open_xray):
    page = open_xray(channel="500")
    page.selectbox(key="layer").set_value("block1_conv1").run()
    assert not page.exception and not page.error and page.session_state["channel"] is None


def test_products_of_a_filter_are_shown(open_xray):
    page = open_xray(layer="block1_conv2", filter="true")
    assert "+4.5 (map 3) −6 (the other 63 channels) +0.25 (bias) = **−1.25**" in join_raw_texts(page.markdown)
    assert "outputs **0**" in join_raw_texts(page.markdown)
    other = open_xray(backbone="ResNet50", filter="true")
    assert "Choose VGG16" in join_raw_texts(other.info)


@pytest.mark.slow
def test_branches_are_switched_off_and_predictions_compared(open_xray):
    page = open_xray(backbone="ResNet50", branches="true")
    assert "*tabby*, 60%" in join_raw_texts(page.caption)
    page.button_group(key="off").set_value(["conv4_block3"]).run()
    assert "no longer *tabby*" in join_raw_texts(page.caption)
    assert "Choose ResNet50" in join_raw_texts(open_xray(branches="true").info)


@pytest.mark.slow
def test_feature_map_becomes_a_mask_of_the_brush(open_xray):
    page = open_xray(content="Coffee", channel="7")
    page.button(key="to_style").click().run()
    assert page.title[0].value == "Style" and not page.exception
    assert page.session_state["brush"] is True and page.session_state["content"] == "Coffee"


def test_feature_map_becomes_a_term_of_a_dream(open_xray):
    page = open_xray(content="Coffee", channel="7", layer="block5_conv1")
    page.button(key="to_dream").click().run()
    assert page.title[0].value == "Dream" and not page.exception
    assert page.text_input(key="layers").value == "block5_conv1:7"
    assert page.session_state["content"] == "Coffee"


def test_missing_weights_are_offered_for_download(visit):
    page = visit("x-ray")
    assert not page.exception and "downloads VGG16" in join_raw_texts(page.info)
    assert "Download and start" in list_button_labels(page)


@pytest.mark.slow
def test_receptive_fields_and_map_widths_are_drawn_separately(open_xray):
    page = open_xray(explain="true")
    fields, widths, _ = (json.loads(chart.proto.spec) for chart in page.get("vega_lite_chart"))
    assert not page.exception
    across, along = fields["layer"][1]["encoding"]["y"], fields["layer"][0]["encoding"]["y"]
    assert across["field"] == "px" and along["title"] == "receptive field, px"
    assert widths["encoding"]["y"]["title"] == "width of the map, positions"
    assert "wider than the photo, 90 px" in join_raw_texts(page.caption)


def test_numbers_are_formatted_for_readers():
    assert layer_strip.format_count(1_180_160) == "1.2 million"
    assert layer_strip.format_count(36_928) == "37 thousand"
    assert layer_strip.format_count(1_792) == "1,792"


def test_grid_is_cut_into_feature_maps():
    grid = np.full((2 * 100 + 4, 6 * 100 + 20, 3), 255, "uint8")
    for number in range(12):
        top, left = number // 6 * 104, number % 6 * 104
        grid[top : top + 100, left : left + 100] = number * 20
    tiles = map_view._cut_tiles(image_io.encode_png(grid), 12)
    levels = [int(image_io.read(tile).mean()) for tile in tiles]
    assert levels == pytest.approx([number * 20 for number in range(12)], abs=3)
