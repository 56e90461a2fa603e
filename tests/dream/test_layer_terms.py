"""Layer terms are parsed, or rejected with the accepted syntax."""

import pytest

from studio.core.errors import InvalidInput
from studio.dream.layer_terms import Term, read
from studio.dream.presets import DEFAULT_LAYERS, DREAM_PRESETS
from studio.dream.settings import DreamSettings, check


def test_a_layer_a_channel_and_weights_are_read():
    spec = read("eyes", ("mixed4", "mixed5:7=0.25", "mixed3=-1"), "auto")
    assert spec.backbone == "inceptionv3"
    assert spec.terms == (Term("mixed4"), Term("mixed5", 7, 0.25), Term("mixed3", None, -1.0))
    assert [str(term) for term in spec.terms] == ["mixed4", "mixed5:7=0.25", "mixed3=-1"]


@pytest.mark.parametrize("look", DREAM_PRESETS)
def test_every_look_has_layers_of_one_backbone(look):
    assert read(look, (), "auto").terms
    assert DREAM_PRESETS[look].description


@pytest.mark.parametrize("backbone", DEFAULT_LAYERS)
def test_every_backbone_dreams_without_a_look_of_its_own(backbone):
    for look in DREAM_PRESETS:
        assert read(look, (), backbone).backbone == backbone


def test_a_look_stays_itself_on_its_own_backbone():
    home = read("eyes", (), "auto")
    assert read("eyes", (), home.backbone) == home


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
def test_what_cannot_be_dreamed_is_refused_with_what_can(layers, backbone, says):
    with pytest.raises(InvalidInput, match=says):
        read("eyes", layers, backbone)


def test_a_guide_goes_with_whole_layers_only():
    check(DreamSettings(layers=("mixed4",)), {"content": ["a"], "guide": ["b"]})
    check(DreamSettings(layers=("mixed4:3",)), {"content": ["a"], "guide": []})
    with pytest.raises(InvalidInput, match="mixed4:3"):
        check(DreamSettings(layers=("mixed4:3",)), {"content": ["a"], "guide": ["b"]})


@pytest.mark.parametrize("wrong", [{"octaves": 0}, {"steps": 0}, {"look": "cats"}, {"size": 20}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        DreamSettings.parse(wrong)
