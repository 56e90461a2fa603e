"""The LiteRT generator agrees with the Keras generator."""

import numpy as np
import pytest
import random_weights
import saved_models

from studio.core import recipes
from studio.core.generators import latent
from studio.core.models import loading, presets
from studio.dcgan import generator, model
from studio.dcgan.settings import TrainDcganSettings


def compare_with_keras(preset, gan):
    """Returns the absolute differences to Keras' images, in levels, and the variation of those images."""
    reopened = generator.load_generator(preset)
    z = latent.sample(reopened, 9, seed=1)
    images, expected = reopened.decode(z).astype(int), generator.generate_images(gan.generator, z).astype(int)
    assert images.shape == expected.shape
    return np.abs(images - expected), expected.std(0).mean()


@pytest.mark.parametrize("name", ["faces-dcgan", "digits-dcgan", "avatars-dcgan"])
def test_shipped_models_match_keras_to_one_level(name):
    preset = presets.find(name)
    class_count = len(preset.read_data().get("classes", ()))
    gan = model.Gan(generator.settings_of(preset), class_count=class_count)
    loading.load_weights(gan, preset)
    difference, _ = compare_with_keras(preset, gan)
    assert difference.max() <= 1 and difference.mean() < 1e-3


@pytest.mark.parametrize(
    "shape",
    [
        {"size": 128, "bilateral": 10.0},
        {"size": 32, "blocks": 2, "palette": 5},
        {"size": 28, "palette": 3, "colors": "gray", "bilateral": 20.0},
        {"size": 28, "blocks": 1, "palette": 3, "colors": "gray", "modulated": False},
    ],
)
@pytest.mark.parametrize("classes", [[], ["a", "b", "c"]])
def test_models_of_any_shape_match_keras_to_one_level(home, tmp_path, shape, classes):
    settings = TrainDcganSettings(width=4, discriminator_width=4, latent_dim=8, **shape)
    gan = model.Gan(settings, class_count=len(classes))
    random_weights.assign(gan.generator)
    recipe = recipes.Recipe(task="dcgan.train", settings=settings.model_dump(mode="json"))
    difference, varied = compare_with_keras(
        saved_models.save(tmp_path / "model", gan, "dcgan.train", settings, "", recipe, {"classes": classes}),
        gan,
    )
    assert varied > 2 and difference.max() <= 1 and difference.mean() < 1e-3
