"""Model cards contain commands that a shell accepts."""

from __future__ import annotations

import shlex

import pytest

from studio.core import data
from studio.core.models import cards, presets
from studio.core.tasks import File
from studio.core.weights import index
from studio.vae.settings import TrainVaeSettings


@pytest.mark.parametrize(
    "name", ["faces.zip", "my photos (2).zip", "it's; rm -rf $HOME.tar", "tfds:a/b:1.0.0"]
)
def test_a_shell_parses_the_command_of_a_card(name):
    settings = TrainVaeSettings(steps=7, flip=False)
    command = cards.format_command("train_vae", name, settings, "my model", ["--style", "a b.png"])
    arguments = ["python", "-m", "training.train_vae", name, "--style", "a b.png", "-o", "DIR"]
    assert shlex.split(command) == [*arguments, "--start-from", "my model", "--steps", "7", "--no-flip"]


def test_plain_words_are_not_quoted():
    command = cards.format_command("train_vae", "tfds:patch_camelyon/x", TrainVaeSettings(steps=7))
    assert command == "python -m training.train_vae tfds:patch_camelyon/x -o DIR --steps 7"


@pytest.mark.parametrize(
    "file, expected",
    [
        ("tfds:mnist", "tfds:mnist"),
        ("tfds:imagenet_resized 32x32:0.1.0", "tfds:imagenet_resized/32x32:0.1.0"),
        ("my photos", "my photos"),
        ("tfds:my own photos", "tfds:my own photos"),
    ],
)
def test_a_command_names_the_data_set_as_given(file, expected):
    assert data.command_name(File("0" * 64, "dataset", file)) == expected


def test_a_card_mentions_a_vgg16_discriminator_of_the_model_or_its_start():
    assert (
        cards.describe_vgg16_discriminator({}, has_discriminator=False)
        == cards.describe_vgg16_discriminator({"taught_by": []}, has_discriminator=False)
        == ""
    )
    assert "It was trained with a VGG16-feature discriminator" in cards.describe_vgg16_discriminator(
        {"taught_by": ["vgg16"]}, has_discriminator=True
    )
    assert (
        "started from was trained with a VGG16-feature discriminator"
        in cards.describe_vgg16_discriminator({"taught_by": ["vgg16"]}, has_discriminator=False)
    )


@pytest.mark.parametrize("has_discriminator", [True, False])
def test_a_card_warns_that_fid_favors_models_trained_with_vgg16(has_discriminator):
    assert "favor this model (arXiv:2203.06026" in cards.describe_vgg16_discriminator(
        {"taught_by": ["vgg16"]}, has_discriminator
    )


def test_shipped_cards_warn_that_fid_favors_vgg16_models():
    for name, entry in index.load().presets.items():
        preset = presets.find(name)
        measured = preset.read_data()["figures"]
        favored = "fid" in measured and "vgg16" in measured.get("taught_by", ())
        assert ("favor this model" in preset.read_card()) == favored, entry.folder
