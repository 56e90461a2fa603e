"""The layers of a classifier: the summary marks what was trained, and stages have all parameters."""

from __future__ import annotations

import numpy as np
import pytest
import toy_classifier

from studio.classify.inference import summary
from studio.classify.models import classifier, trained
from studio.core import tasks


@pytest.mark.slow
def test_the_summary_marks_the_trained_layers_and_restores_the_classifier(weights_home):
    classifier._CACHE.clear()
    preset = toy_classifier.save("toy")
    loaded = trained.load(preset)
    before = [layer.trainable for layer in loaded.network.layers]
    settings = tasks.get("classify.summarize").settings(preset="toy")
    result = tasks.run("classify.summarize", settings, {})
    text = result.files[0].read().decode()
    head_parameters = 512 * 2 + 2
    assert f"Trainable params: {head_parameters:,}" in text
    assert "preprocessed_images" in text and "(None, 32, 32, 3)" in text and "CLONE" not in text
    assert [layer.trainable for layer in loaded.network.layers] == before
    assert result.figures["parameters"] == 14_714_688 + head_parameters
    assert sum(stage["parameters"] for stage in result.figures["stages"]) == result.figures["parameters"]
    assert tasks.run("classify.summarize", settings, {}).files[0].read().decode() == text
    with summary._mark_trained_layers(loaded, loaded.body, "block4_pool"):
        names = {layer.name for layer in loaded.network.layers if layer.trainable and layer.weights}
    assert names == {"block5_conv1", "block5_conv2", "block5_conv3", "probabilities"}


def test_stages_are_the_sizes_of_maps():
    network = toy_classifier.make_color_classifier(32).body
    stages = summary.list_stages(network)
    assert [(stage["height"], stage["channels"]) for stage in stages] == [(32, 3), (4, 3), (1, 3)]
    assert [stage["parameters"] for stage in stages] == [0, 12, 12]
    assert sum(stage["layers"] for stage in stages) == len(network.layers)
    assert np.prod([stage["width"] for stage in stages]) == 32 * 4


def test_padding_joins_the_next_stage():
    import keras

    layers = keras.layers
    maps = images = keras.Input((16, 16, 3))
    for layer in (layers.Conv2D(4, 3, 2, "same"), layers.ZeroPadding2D(), layers.Conv2D(8, 3, 2)):
        maps = layer(maps)
    stages = summary.list_stages(keras.Model(images, maps))
    assert [(stage["height"], stage["layers"]) for stage in stages] == [(16, 1), (8, 1), (4, 2)]
