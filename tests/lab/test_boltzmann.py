"""The Boltzmann machine against all states of a small one, what it learns, and what it keeps as it is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from studio.lab import network_file
from studio.lab.boltzmann import Boltzmann, BoltzmannTeacher, on
from studio.lab.chain import Chain, half
from studio.lab.settings import BoltzmannSettings


@pytest.fixture(scope="module")
def taught(known):
    teacher = BoltzmannTeacher(known.learned, BoltzmannSettings(steps=250, units=64))
    while teacher.steps < 250:
        teacher.step()
    return teacher.network


def small() -> Boltzmann:
    """One of four pixels and three units."""
    made, rng = Boltzmann(BoltzmannSettings(units=8)), np.random.default_rng(0)
    made.kernel, made.visible, made.hidden = rng.normal(size=(4, 3)), rng.normal(size=4), rng.normal(size=3)
    return made


def test_the_free_energy_sums_over_all_units():
    made = small()
    units = np.array(list(itertools.product((0, 1), repeat=3)), "float64")
    for pixels in itertools.product((0, 1), repeat=4):
        given = np.array(pixels, "float64")
        each = given @ made.kernel @ units.T + given @ made.visible + units @ made.hidden
        assert made.energy(given[None])[0] == pytest.approx(-np.log(np.exp(each).sum()))


def test_the_pseudo_likelihood_is_that_of_all_states():
    """log p(pixel | other pixels), summed over pixels, from the joint probabilities of all 2^7 states."""
    made = small()
    states = np.array(list(itertools.product((0, 1), repeat=4 + 3)), "float64")
    pixels, units = states[:, :4], states[:, 4:]
    energies = ((pixels @ made.kernel) * units).sum(axis=1) + pixels @ made.visible + units @ made.hidden
    joint = (np.exp(energies) / np.exp(energies).sum()).reshape((2,) * 4 + (-1,)).sum(axis=-1)
    for one in itertools.product((0, 1), repeat=4):
        exact = 0.0
        for number in range(4):
            either = joint[(*one[:number], slice(None), *one[number + 1 :])]
            exact += np.log(either[one[number]] / either.sum())
        assert made.pseudo_likelihood(np.array([one], "float64")) == pytest.approx(exact)
    everything = np.unique(pixels, axis=0)
    each = [made.pseudo_likelihood(one[None]) for one in everything]
    assert made.pseudo_likelihood(everything) == pytest.approx(np.mean(each))


def test_a_chain_visits_images_as_often_as_their_energy_says():
    made, rng = small(), np.random.default_rng(1)
    pixels = on(np.full((4000, 4), 0.5), rng)
    for _ in range(40):
        pixels = on(made.of_units(on(made.of_pixels(pixels), rng)), rng)
    all_pixels = np.array(list(itertools.product((0, 1), repeat=4)), "float64")
    chances = np.exp(-made.energy(all_pixels))
    visits = np.array([(pixels == one).all(axis=1).mean() for one in all_pixels])
    np.testing.assert_allclose(visits, chances / chances.sum(), atol=0.03)


@pytest.mark.slow
def test_teaching_makes_other_digits_likelier(known, taught):
    others = (known.others >= 0.5).astype("float32")
    untaught = Boltzmann(taught.settings)
    untaught.initialize(known.learned, np.random.default_rng(0))
    assert taught.pseudo_likelihood(others) > untaught.pseudo_likelihood(others) + 50
    noise = on(np.full(others.shape, others.mean()), np.random.default_rng(0))
    assert taught.energy(others).mean() < taught.energy(noise).mean() - 50


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["top", "left"])
def test_what_is_kept_stays_and_the_rest_is_filled(known, taught, keep):
    drawing, kept = known.others[2], half(keep)
    chain = Chain(taught, drawing, kept, 4, 1.0, seed=0)
    first = chain.energy
    for _ in range(30):
        chain.step()
    np.testing.assert_array_equal(chain.chances[:, kept], np.tile(drawing[kept] >= 0.5, (4, 1)))
    assert chain.energy < first and chain.chances[:, ~kept].any(axis=1).all()


def test_heat_makes_it_wild(taught):
    energies = []
    for temperature in (0.3, 3.0):
        chain = Chain(taught, np.zeros(784, "float32"), half("nothing"), 8, temperature, seed=0)
        for _ in range(40):
            chain.step()
        energies.append(chain.energy)
    assert energies[0] < energies[1] - 20


def test_a_machine_is_read_back(known, taught):
    again, others = network_file.unpack(network_file.pack(taught, known.others))
    np.testing.assert_allclose(others, known.others, atol=0.002)
    assert again.settings == taught.settings
    np.testing.assert_array_equal(again.kernel, taught.kernel)
