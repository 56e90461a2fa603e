"""The LiteRT encoder and decoder agree with the Keras networks."""

import numpy as np
import pytest
import random_weights
import saved_models

from studio.core import recipes
from studio.core.generators import latent
from studio.core.models import presets
from studio.core.progress import Progress
from studio.vae import encoding, generator
from studio.vae.model import Vae
from studio.vae.settings import TrainVaeSettings


def check_against_keras(preset, vae, channels):
    model = generator.load_generator(preset)
    z = latent.sample(model, 9, seed=1)
    images, expected = model.decode(z), encoding.decode(vae, z, generator.read_contrast(preset))
    difference = np.abs(images[..., :channels].astype(int) - expected)
    assert expected.std(0).mean() > 2 and difference.max() <= 1 and difference.mean() < 1e-3
    read, one_hot = np.split(model.encode(images, Progress()), [model.latent_dim - model.class_dim], axis=1)
    assert not model.class_dim or (one_hot.sum(1) == 1).all()
    labels = one_hot.argmax(1) if model.class_dim else None
    expected_latents, _ = encoding.encode(vae, np.ascontiguousarray(images[..., :channels]), labels=labels)
    assert np.abs(read - expected_latents).max() < 1e-4 * max(1, np.abs(expected_latents).max())


@pytest.mark.parametrize("name, channels", [("faces-vae", 3), ("digits-vae", 1)])
def test_shipped_models_match_keras(name, channels):
    preset = presets.find(name)
    check_against_keras(preset, generator.load_vae(preset), channels)


@pytest.mark.parametrize("shape", [{"size": 32}, {"size": 28, "colors": "gray"}, {"size": 128}])
@pytest.mark.parametrize("classes", [[], ["a", "b", "c"]])
def test_models_of_any_shape_match_keras(home, tmp_path, shape, classes):
    settings = TrainVaeSettings(width=4, latent_dim=6, **shape)
    vae = Vae(settings, len(classes))
    random_weights.assign(vae)
    recipe = recipes.Recipe(task="vae.train", settings=settings.model_dump(mode="json"))
    saved = {"contrast": 1.0, "classes": classes}
    preset = saved_models.save(tmp_path / "model", vae, "vae.train", settings, "", recipe, saved)
    check_against_keras(preset, vae, settings.channels)
