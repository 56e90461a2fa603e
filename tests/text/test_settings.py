"""Settings of training: defaults of each architecture, and the limits of a Transformer."""

from __future__ import annotations

import pytest

from studio.core.errors import InvalidInput
from studio.core.models import cards
from studio.text.settings import TrainTextSettings


@pytest.mark.parametrize(
    "architecture, expected",
    [("lstm", (512, 2, 0.4)), ("gru", (512, 2, 0.4)), ("transformer", (192, 6, 0.2))],
)
def test_empty_settings_depend_on_the_architecture(architecture, expected):
    settings = TrainTextSettings.parse({"architecture": architecture, "units": None})
    assert (settings.units, settings.layers, settings.dropout) == expected
    assert TrainTextSettings.from_plain(settings.model_dump(mode="json")) == settings


def test_a_command_leaves_out_the_defaults_of_its_architecture():
    settings = TrainTextSettings(architecture="transformer", layers=2)
    command = cards.format_command("train_text", "book.txt", settings)
    assert command.endswith("book.txt -o DIR --architecture transformer --layers 2")
    assert TrainTextSettings.parse({"architecture": "transformer", "layers": "2"}) == settings


@pytest.mark.parametrize("units, heads, width", [(192, 4, 192), (137, 4, 136), (8, 32, 64), (100, 3, 96)])
def test_heads_share_the_units_evenly(units, heads, width):
    assert TrainTextSettings(architecture="transformer", units=units, heads=heads).width == width


def test_a_huge_transformer_is_refused():
    with pytest.raises(InvalidInput, match="12 layers x 2,048 units x 1,024 characters"):
        TrainTextSettings.from_plain(
            {"architecture": "transformer", "units": 2048, "layers": 12, "sequence": 1024}
        )


def test_ineffective_settings_name_what_an_architecture_ignores():
    ignored = {
        name: TrainTextSettings(architecture=name).ineffective_settings for name in ("lstm", "transformer")
    }
    assert "heads" in ignored["lstm"] and "weight_dropout" not in ignored["lstm"]
    assert {"tied", "embedding", "weight_dropout"} <= ignored["transformer"]
