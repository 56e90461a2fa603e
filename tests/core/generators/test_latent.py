"""Latent vectors: sampling, neighbors, edits, interpolation and densities."""

from __future__ import annotations

import json

import numpy as np
import pytest

from studio.core.errors import InvalidInput
from studio.core.generators import latent
from studio.core.generators.directions import MAX_DIRECTIONS
from studio.core.generators.latent import Direction, Generator, Mixture

DIM = 12


def make_generator(**fields) -> Generator:
    return Generator("tiny", "0" * 64, DIM, 8, lambda z: np.zeros((len(z), 8, 8, 3), "uint8"), **fields)


@pytest.fixture
def mixture() -> Mixture:
    """A mixture of two distant, narrow components; the second is three times as likely."""
    means = np.stack([np.full(DIM, -5.0), np.full(DIM, 5.0)])
    return Mixture(np.array([0.25, 0.75]), means, np.full((2, DIM), 0.04))


@pytest.fixture
def correlated_mixture(mixture) -> Mixture:
    """The same mixture, with correlated dimensions in the second component."""
    factors = np.stack([0.2 * np.eye(DIM), np.tril(np.random.default_rng(0).normal(0, 0.2, (DIM, DIM)))])
    return Mixture.of_factors(mixture.weights, mixture.means, factors)


@pytest.fixture(params=["mixture", "correlated", "normal"])
def any_generator(request, mixture, correlated_mixture) -> Generator:
    return make_generator(
        density={"mixture": mixture, "correlated": correlated_mixture, "normal": None}[request.param]
    )


def test_samples_depend_on_the_seed_but_not_on_their_number(any_generator):
    many = latent.sample(any_generator, 50, 3)
    assert many.shape == (50, DIM) and many.dtype == np.float32
    assert np.array_equal(latent.sample(any_generator, 7, 3), many[:7])
    assert not np.allclose(latent.sample(any_generator, 7, 4), many[:7])


def test_without_a_density_samples_are_normal():
    z = latent.sample(make_generator(), 4000, 0)
    assert np.abs(z.mean(0)).max() < 0.1
    assert np.abs(z.std(0) - 1).max() < 0.1


def test_samples_of_a_mixture_follow_its_components(mixture):
    z = latent.sample(make_generator(density=mixture), 4000, 0)
    high = z.mean(1) > 0
    assert high.mean() == pytest.approx(0.75, abs=0.03)
    assert z[high].mean() == pytest.approx(5, abs=0.05)
    assert z[high].std() == pytest.approx(0.2, abs=0.02)
    assert np.allclose(z.mean(0), mixture.mean, atol=0.3)
    assert np.allclose(z.std(0), mixture.deviation, atol=0.2)


def test_samples_have_the_covariance_of_their_component(correlated_mixture):
    z = latent.sample(make_generator(density=correlated_mixture), 20_000, 0).astype("float64")
    second = z[z.mean(1) > 0]
    covariance = correlated_mixture.factors[1] @ correlated_mixture.factors[1].T
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() > 0.1
    assert np.allclose(np.cov(second.T), covariance, atol=0.03)
    assert np.allclose(correlated_mixture.variances[1], np.diag(covariance))
    half = latent.sample(make_generator(density=correlated_mixture), 20_000, 0, 0.5)[z.mean(1) > 0]
    assert np.allclose(half - 5, (second - 5) / 2, atol=1e-5)


def test_truncation_moves_samples_to_the_mean(mixture):
    whole, half = (latent.sample(make_generator(), 20, 1, t) for t in (1, 0.5))
    assert np.allclose(half, whole / 2)
    at_mean = latent.sample(make_generator(density=mixture), 20, 1, 0)
    assert np.allclose(np.abs(at_mean), 5), "the mean of each place, not the emptiness between them"


def test_neighbors_start_with_the_point_and_have_its_distance_from_the_mean(any_generator):
    z = latent.sample(any_generator, 1, 0)[0]
    near = latent.sample_near(any_generator, z, 400, seed=5, spread=0.6)
    assert np.array_equal(near[0], z)
    assert np.array_equal(latent.sample_near(any_generator, z, 3, seed=5, spread=0.6), near[:3])
    density = any_generator.density
    mean, deviation = (density.mean, density.deviation) if density else (0, 1)
    squares = np.mean(np.square((near - mean) / deviation))
    assert squares == pytest.approx(0.64 * np.mean(np.square((z - mean) / deviation)) + 0.36, rel=0.1)
    neighbors = latent.sample_near(any_generator, z, 5, seed=5, spread=0)
    assert np.allclose(neighbors, z, atol=1e-5)


def test_truncation_moves_neighbors_to_the_mean(any_generator):
    z = latent.sample(any_generator, 1, 0)[0]
    whole, half, none = (
        latent.sample_near(any_generator, z, 5, 5, 0.6, truncation) for truncation in (1, 0.5, 0)
    )
    assert np.array_equal(whole[0], half[0]) and np.array_equal(none[1:], none[[1] * 4])
    assert np.abs(whole[1:] - none[1:]).mean() > 0.3
    assert np.allclose(half[1:], (whole[1:] + none[1:]) / 2, atol=1e-5)


def test_move_along_adds_directions_and_lists_known_ones():
    older = Direction(np.eye(DIM, dtype="float32")[2], "as it is labeled")
    model = make_generator(directions={"older": older})
    z = latent.sample(model, 3, 0)
    moved = latent.move_along(model, z, {"older": -1.5})
    assert np.allclose(moved - z, -1.5 * np.eye(DIM)[2], atol=1e-6)
    assert np.array_equal(latent.move_along(model, z, {}), z)
    with pytest.raises(InvalidInput, match="older"):
        latent.move_along(model, z, {"younger": 1})
    with pytest.raises(InvalidInput, match="no direction here"):
        latent.move_along(make_generator(), z, {"older": 1})


def test_slerp_joins_its_ends_and_avoids_the_center():
    start, end = latent.sample(make_generator(), 2, 0)
    path = latent.slerp(start, end, np.linspace(0, 1, 9))
    assert np.allclose(path[0], start, atol=1e-6) and np.allclose(path[-1], end, atol=1e-6)
    lengths = np.linalg.norm(path, axis=1)
    assert np.all(np.diff(lengths) * np.sign(lengths[-1] - lengths[0]) >= -1e-4)
    middle = latent.lerp(start, end, 0.5)
    assert np.linalg.norm(middle) < 0.9 * lengths.min()
    assert latent.slerp(start, end, 0.5).shape == (DIM,)


@pytest.fixture
def conditional() -> Generator:
    """A generator whose latents end with one of three classes."""
    return make_generator(classes=("a", "b", "c"))


def test_samples_have_each_class_in_turn_and_keep_it(conditional):
    z = latent.sample(conditional, 7, 0, truncation=0.5)
    assert z.shape == (7, DIM) and z[:, -3:].argmax(1).tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert set(z[:, -3:].ravel().tolist()) == {0, 1}, "truncation changes no class"
    near = latent.sample_near(conditional, z[2], 5, 0, spread=0.5)
    assert np.array_equal(near[0], z[2]) and np.array_equal(near[:, -3:], z[[2] * 5, -3:])
    assert np.abs(np.diff(near[:, :-3], axis=0)).min() > 0


def test_samples_of_a_density_have_classes_too():
    density = latent.Mixture(np.ones(1), np.full((1, DIM - 2), 5.0), np.full((1, DIM - 2), 1e-6))
    z = latent.sample(make_generator(classes=("a", "b"), density=density), 3, 0)
    assert np.allclose(z[:, :-2], 5, atol=0.01) and z[:, -2:].tolist() == [[1, 0], [0, 1], [1, 0]]


def test_set_class_changes_only_the_class(conditional):
    z = latent.sample(conditional, 4, 0)
    changed = latent.set_class(conditional, z, "c")
    assert np.array_equal(changed[:, :-3], z[:, :-3]) and (changed[:, -3:] == [0, 0, 1]).all()
    assert np.array_equal(latent.set_class(conditional, z, ""), z)


def test_a_morph_mixes_classes_linearly_and_keeps_a_common_one(conditional):
    first, second, _, again = latent.sample(conditional, 4, 0)
    path = latent.morph(conditional, first, second, np.linspace(0, 1, 5))
    assert np.allclose(path[:, -3:], [[1 - t, t, 0] for t in np.linspace(0, 1, 5)])
    assert np.allclose(path[:, :-3], latent.slerp(first[:-3], second[:-3], np.linspace(0, 1, 5)))
    same = latent.interpolate(conditional, np.stack([first, again]), 8)
    assert np.allclose(same[:, -3:], [1, 0, 0])


@pytest.mark.parametrize("end", [np.zeros(DIM), np.ones(DIM), 2 * np.ones(DIM), -np.ones(DIM)])
def test_slerp_without_an_arc_is_linear(end):
    path = latent.slerp(np.ones(DIM), end, np.linspace(0, 1, 5))
    assert np.isfinite(path).all()
    assert np.allclose(path, latent.lerp(np.ones(DIM), end, np.linspace(0, 1, 5)), atol=1e-5)


@pytest.mark.parametrize("count, frames", [(1, 5), (2, 24), (3, 36), (5, 7), (4, 3)])
def test_interpolate_passes_its_points_and_closes(count, frames):
    points = latent.sample(make_generator(), count, 0)
    path = latent.interpolate(make_generator(), points, frames)
    assert path.shape == (frames, DIM) and np.isfinite(path).all()
    if frames % count == 0:
        assert np.allclose(path[:: frames // count], points, atol=1e-6)
    if frames >= 12 * count:
        steps = np.linalg.norm(np.diff(path, axis=0, append=path[:1]), axis=1)
        assert steps[-1] <= steps.max(), "the end joins the beginning"
        assert steps.max() < 3 * np.linalg.norm(points[0] - points[1]) * count / frames
        segments = steps.reshape(count, -1)
        assert (segments[:, [0, -1]].max(1) < segments.max(1) / 2).all(), (
            "slower as it leaves and as it arrives"
        )


def test_directions_and_densities_round_trip(mixture):
    vector = latent.sample(make_generator(), 1, 7)[0].astype("float64")
    older = Direction((vector / np.linalg.norm(vector)).astype("float32"), "as labeled")
    record = older.to_json()
    record["vector"] = [5 * value for value in record["vector"]]
    data = {"directions": {"older": record}, "density": mixture.to_json()}
    directions, density = latent.read(json.loads(json.dumps(data)), DIM)
    assert directions["older"].note == "as labeled"
    assert np.allclose(directions["older"].vector, older.vector, atol=1e-5)
    assert np.linalg.norm(directions["older"].vector) == pytest.approx(1, abs=1e-6)
    assert all(
        np.allclose(getattr(density, n), getattr(mixture, n)) for n in ("weights", "means", "variances")
    )
    assert density.factors is None
    assert latent.read({}, DIM) == ({}, None)


def test_a_density_with_covariances_round_trips(correlated_mixture):
    record = json.loads(json.dumps({"density": correlated_mixture.to_json()}))
    assert {len(row) for row in record["density"]["factors"]} == {DIM * (DIM + 1) // 2}
    _, density = latent.read(record, DIM)
    for name in ("weights", "means", "variances", "factors"):
        assert np.allclose(getattr(density, name), getattr(correlated_mixture, name), atol=1e-5), name


def test_directions_with_invalid_names_are_left_out():
    names = ["skin brightness", "a=1", "a,b", "a\tb", "", "x" * 41, *(f"d{n}" for n in range(100))]
    directions, _ = latent.read({"directions": dict.fromkeys(names, GOOD)}, DIM)
    assert list(directions) == [f"d{n}" for n in range(MAX_DIRECTIONS)]


GOOD = Direction(np.eye(DIM)[0]).to_json()
COMPONENT = {"weights": [1.0], "means": [[0.0] * DIM]}
TRIANGLE = DIM * (DIM + 1) // 2


@pytest.mark.parametrize(
    "data",
    [
        {"directions": [GOOD]},
        {"directions": {"older": {"vector": [1.0] * (DIM + 1)}}},
        {"directions": {"older": {"vector": [0.0] * DIM}}},
        {"directions": {"older": {"vector": ["1"] * DIM + [[]]}}},
        {"directions": {"older": {"vector": [float("nan")] * DIM}}},
        {"directions": {"older": GOOD | {"note": 3}}},
        {"density": {"weights": [1.0], "means": [[0.0] * DIM], "variances": [[-1.0] * DIM]}},
        {"density": {"weights": [0.0], "means": [[0.0] * DIM], "variances": [[1.0] * DIM]}},
        {"density": {"weights": [], "means": [], "variances": []}},
        {"density": {"weights": [1.0], "means": [[0.0] * 3], "variances": [[1.0] * 3]}},
        {"density": COMPONENT | {"factors": [[1.0] * (TRIANGLE - 1)]}},
        {"density": COMPONENT | {"factors": [[1.0] * TRIANGLE] * 2}},
        {"density": COMPONENT | {"factors": [[float("inf")] * TRIANGLE]}},
        {"density": COMPONENT | {"factors": "normal", "variances": [[1.0] * DIM]}},
        {"density": COMPONENT},
        {"density": "normal"},
    ],
)
def test_invalid_latent_data_are_refused(data):
    with pytest.raises(InvalidInput, match="Copy or train the model again"):
        latent.read(data, DIM)
