"""The page of a shared classifier: its network, and classifiers that are too large for a page."""

from __future__ import annotations

import numpy as np
import pytest
import toy_classifier

from studio.classify.export import shared_page
from studio.classify.models import trained
from studio.core.errors import InvalidInput
from studio.core.imaging import crops, sample_photos
from studio.core.litert.network import Network
from studio.core.share import page
from tests.wording import says_what_to_do

pytestmark = pytest.mark.slow


def test_network_of_the_page_agrees_with_the_classifier(lite0_home, tmp_path, monkeypatch):
    evaluation = {"accuracy": 0.875, "n": 40}
    data = {"evaluation": evaluation, "none_of_these": {"threshold": 0.75}}
    preset = toy_classifier.save(tmp_path / "toy", backbone="efficientnet-lite0", size=96, **data)
    content = shared_page.build_content(preset)
    assert content.data == {"classes": ("cat", "coffee"), "threshold": 0.75, "independent": False}
    assert "87.5%, on 40 images" in content.description
    images = [crops.crop_and_resize(sample_photos.read_photo(name), 96) for name in ("chelsea", "coffee")]
    network = Network(content.networks["network"])
    received = np.concatenate([network(image[None].astype("float32"))[0] for image in images])
    expected = trained.load(preset).predict(images)
    assert received == pytest.approx(expected, abs=0.02)
    assert np.ptp(expected, axis=0).min() > 0.05, "the photos differ"
    monkeypatch.setattr(shared_page, "build_content", lambda preset: content)
    assert len(page.build(preset)) < page.MAX_BYTES


def test_classifier_on_a_large_backbone_is_refused_at_once(weights_home, tmp_path, monkeypatch):
    monkeypatch.setattr("studio.core.litert.network.read_file", None)
    preset = toy_classifier.save(tmp_path / "toy", backbone="vgg16")
    with pytest.raises(InvalidInput, match=r"on VGG16 .* on EfficientNet-Lite0") as caught:
        page.build(preset)
    assert says_what_to_do(str(caught.value))
    assert "12 MB" in str(caught.value)
