"""The Boltzmann machine against enumeration of all states, its training, and clamped pixels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from studio.lab import network_file
from studio.lab.boltzmann import Boltzmann, BoltzmannTrainer, sample
from studio.lab.chain import GibbsChains, make_mask
from studio.lab.settings import BoltzmannSettings


@pytest.fixture(scope="module")
def trained_network(lab_digits):
    teacher = BoltzmannTrainer(lab_digits.train, BoltzmannSettings(steps=250, units=64))
    while teacher.steps < 250:
        teacher.step()
    return teacher.network


def small() -> Boltzmann:
    """Returns a machine of four pixels and three units."""
    model, rng = Boltzmann(BoltzmannSettings(units=8)), np.random.default_rng(0)
    model.kernel, model.visible_bias, model.hidden_bias = (
        rng.normal(size=(4, 3)),
        rng.normal(size=4),
        rng.normal(size=3),
    )
    return model


def test_the_free_energy_matches_enumeration():
    model = small()
    units = np.array(list(itertools.product((0, 1), repeat=3)), "float64")
    for pixels in itertools.product((0, 1), repeat=4):
        pixels_float = np.array(pixels, "float64")
        each = (
            pixels_float @ model.kernel @ units.T
            + pixels_float @ model.visible_bias
            + units @ model.hidden_bias
        )
        assert model.compute_free_energy(pixels_float[None])[0] == pytest.approx(-np.log(np.exp(each).sum()))


def test_the_pseudo_likelihood_matches_enumeration():
    """log p(pixel | other pixels), summed over pixels, from the joint probabilities of all 2^7 states."""
    model = small()
    states = np.array(list(itertools.product((0, 1), repeat=4 + 3)), "float64")
    pixels, units = states[:, :4], states[:, 4:]
    energies = (
        ((pixels @ model.kernel) * units).sum(axis=1)
        + pixels @ model.visible_bias
        + units @ model.hidden_bias
    )
    joint = (np.exp(energies) / np.exp(energies).sum()).reshape((2,) * 4 + (-1,)).sum(axis=-1)
    for entry in itertools.product((0, 1), repeat=4):
        exact = 0.0
        for number in range(4):
            either = joint[(*entry[:number], slice(None), *entry[number + 1 :])]
            exact += np.log(either[entry[number]] / either.sum())
        assert model.compute_pseudo_likelihood(np.array([entry], "float64")) == pytest.approx(exact)
    everything = np.unique(pixels, axis=0)
    each = [model.compute_pseudo_likelihood(pixels[None]) for pixels in everything]
    assert model.compute_pseudo_likelihood(everything) == pytest.approx(np.mean(each))


def test_gibbs_samples_follow_the_energy():
    model, rng = small(), np.random.default_rng(1)
    pixels = sample(np.full((4000, 4), 0.5), rng)
    for _ in range(40):
        pixels = sample(
            model.compute_pixel_probabilities(sample(model.compute_unit_probabilities(pixels), rng)), rng
        )
    all_pixels = np.array(list(itertools.product((0, 1), repeat=4)), "float64")
    chances = np.exp(-model.compute_free_energy(all_pixels))
    visits = np.array([(pixels == image).all(axis=1).mean() for image in all_pixels])
    np.testing.assert_allclose(visits, chances / chances.sum(), atol=0.03)


@pytest.mark.slow
def test_training_makes_test_digits_likelier(lab_digits, trained_network):
    test_digits = (lab_digits.test >= 0.5).astype("float32")
    untrained = Boltzmann(trained_network.settings)
    untrained.initialize(lab_digits.train, np.random.default_rng(0))
    assert (
        trained_network.compute_pseudo_likelihood(test_digits)
        > untrained.compute_pseudo_likelihood(test_digits) + 50
    )
    noise = sample(np.full(test_digits.shape, test_digits.mean()), np.random.default_rng(0))
    assert (
        trained_network.compute_free_energy(test_digits).mean()
        < trained_network.compute_free_energy(noise).mean() - 50
    )


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["top", "left"])
def test_clamped_pixels_stay_and_the_rest_is_sampled(lab_digits, trained_network, keep):
    drawing, mask = lab_digits.test[2], make_mask(keep)
    chain = GibbsChains(trained_network, drawing, mask, 4, 1.0, seed=0)
    first = chain.energy
    for _ in range(30):
        chain.step()
    np.testing.assert_array_equal(chain.probabilities[:, mask], np.tile(drawing[mask] >= 0.5, (4, 1)))
    assert chain.energy < first and chain.probabilities[:, ~mask].any(axis=1).all()


def test_a_high_temperature_raises_the_energy(trained_network):
    energies = []
    for temperature in (0.3, 3.0):
        chain = GibbsChains(
            trained_network, np.zeros(784, "float32"), make_mask("nothing"), 8, temperature, seed=0
        )
        for _ in range(40):
            chain.step()
        energies.append(chain.energy)
    assert energies[0] < energies[1] - 20


def test_a_machine_can_be_saved(lab_digits, trained_network):
    again, test_digits = network_file.unpack_network(
        network_file.pack_network(trained_network, lab_digits.test)
    )
    np.testing.assert_allclose(test_digits, lab_digits.test, atol=0.002)
    assert again.settings == trained_network.settings
    np.testing.assert_array_equal(again.kernel, trained_network.kernel)
