"""Layer terms are parsed, or rejected with the accepted syntax."""

import pytest

from studio.core.errors import InvalidInput
from studio.dream.layer_terms import Term, parse_target
from studio.dream.presets import DEFAULT_LAYERS, DREAM_PRESETS
from studio.dream.settings import DreamSettings, check


def test_layers_channels_and_weights_are_parsed():
    spec = parse_target("eyes", ("mixed4", "mixed5:7=0.25", "mixed3=-1"), "auto")
    assert spec.backbone == "inceptionv3"
    assert spec.terms == (Term("mixed4"), Term("mixed5", 7, 0.25), Term("mixed3", None, -1.0))
    assert [str(term) for term in spec.terms] == ["mixed4", "mixed5:7=0.25", "mixed3=-1"]


@pytest.mark.parametrize("look", DREAM_PRESETS)
def test_every_preset_has_layers_of_one_backbone(look):
    assert parse_target(look, (), "auto").terms
    assert DREAM_PRESETS[look].description


@pytest.mark.parametrize("backbone", DEFAULT_LAYERS)
def test_every_backbone_has_default_layers(backbone):
    for look in DREAM_PRESETS:
        assert parse_target(look, (), backbone).backbone == backbone


def test_a_preset_keeps_its_layers_on_its_backbone():
    home = parse_target("eyes", (), "auto")
    assert parse_target("eyes", (), home.backbone) == home


@pytest.mark.parametrize(
    "layers, backbone, says",
    [
        (("block5_con1",), "auto", "block5_conv1"),
        (("mixed44",), "inceptionv3", "mixed4"),
        (("mixed4",), "vgg16", "block"),
        (("mixed4", "block4_conv1"), "auto", "block4_conv1"),
        (("block4_conv2:512",), "auto", "0 to 511"),
        (("block4_conv2:-1",), "auto", "0 to 511"),
        (("block4_conv2=much",), "auto", "=WEIGHT"),
        (("block4_conv2=nan",), "auto", "=WEIGHT"),
        (("block4_conv2=1e9",), "auto", "-1000 to 1000"),
        (("block4_conv2=0",), "auto", "other than 0"),
        (("../../etc",), "auto", "=WEIGHT"),
        (("",), "auto", "=WEIGHT"),
    ],
)
def test_invalid_terms_are_rejected_with_valid_ones(layers, backbone, says):
    with pytest.raises(InvalidInput, match=says):
        parse_target("eyes", layers, backbone)


def test_a_guide_requires_layers_without_channels():
    check(DreamSettings(layers=("mixed4",)), {"content": ["a"], "guide": ["b"]})
    check(DreamSettings(layers=("mixed4:3",)), {"content": ["a"], "guide": []})
    with pytest.raises(InvalidInput, match="mixed4:3"):
        check(DreamSettings(layers=("mixed4:3",)), {"content": ["a"], "guide": ["b"]})


@pytest.mark.parametrize("wrong", [{"octaves": 0}, {"steps": 0}, {"look": "cats"}, {"size": 20}])
def test_settings_out_of_range_are_rejected(wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        DreamSettings.parse(wrong)
