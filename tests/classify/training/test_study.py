"""What learning needs: each of the five questions, on features of which the answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from studio.classify.training import head, plain_features, study, study_words
from studio.classify.training.study import Seen
from studio.classify.training.training_set import TrainingSet
from studio.core.data import sample_sets
from studio.core.data.cache import ImageDataset
from studio.core.objectives.backbones import Backbone

CLASSES, WIDE = 4, 60


def drawn(count: int, apart: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features `(n, d)` around a place for each class, and the classes."""
    rng = np.random.default_rng(seed)
    places = np.random.default_rng(99).normal(size=(CLASSES, WIDE)) * apart
    labels = np.arange(count) % CLASSES
    return (places[labels] + rng.normal(size=(count, WIDE))).astype("float32"), labels


@pytest.fixture(scope="module")
def seen() -> Seen:
    known, labels = drawn(160, 0.35)
    tested, truth = drawn(200, 0.35, seed=1)
    return Seen(known, tested, labels, truth, np.arange(160) // CLASSES % 5, CLASSES)


@pytest.fixture(scope="module")
def space(seen) -> head.Space:
    return head.Space(seen.known, head.RANK, 0)


def test_better_features_make_the_same_head_better(seen):
    chance = np.random.default_rng(5).normal(size=(360, WIDE)).astype("float32")
    blind = Seen(chance[:160], chance[160:], seen.labels, seen.truth, seen.parts, CLASSES)
    good, bad = study.accuracy(seen, 0), study.accuracy(blind, 0)
    assert good["accuracy"] > 0.7 and bad["accuracy"] < 0.4
    assert good["interval"][0] < good["accuracy"] < good["interval"][1] and good["width"] == WIDE


def test_weights_held_loosely_know_their_own_by_heart_and_are_worse_on_others(seen):
    found = study.strengths(seen, 0)
    learned = [one["learned"] for one in found]
    assert learned == sorted(learned, reverse=True) and learned[-1] < 0.02
    best = min(found, key=lambda one: one["left_out"])
    assert best not in (found[0], found[-1])
    assert found[-1]["left_out"] > 1.5 * best["left_out"] > learned[-1]
    said = study_words._of_strengths(found)
    assert f"lowest validation loss, {best['left_out']:.2f}" in said


def test_more_images_and_more_votes_make_it_more_right(seen, space):
    grows = study.amounts(seen, space, 1e-3, 0)
    assert [one["images"] for one in grows] == [1, 2, 3, 5, 8, 12, 20, 40]
    assert grows[-1]["accuracy"] > grows[0]["accuracy"] + 0.2
    assert all(one["low"] <= one["accuracy"] <= one["high"] for one in grows)
    assert grows[-1]["low"] == grows[-1]["high"]  # there is one way to take all
    heads = study.votes(seen, space, 1e-3, 0)["heads"]
    assert heads[-1]["accuracy"] > heads[0]["accuracy"] + 0.05
    assert study.votes(seen, space, 1e-3, 0)["heads"] == heads


def test_labels_that_were_hidden_are_found_again(seen):
    names = tuple(f"{n}.png" for n in range(160))
    dataset = ImageDataset(np.zeros((160, 2, 2, 3), "uint8"), names, seen.labels, tuple("abcd"))
    rows = np.arange(160)
    whole = TrainingSet(dataset, Backbone(None, None, ""), seen.known, rows, rows[:0], seen.parts)
    lost = study.hidden(whole, seen, rows, 0)
    assert (lost["images"], lost["wrong"]) == (160, 16)
    hits = sum(lost["list"])
    assert hits >= 12 and sum(lost["list"][:10]) >= 7  # the surest come first
    assert all(one["told"] != one["looks_like"] for one in lost["examples"])
    assert (dataset.labels == seen.labels).all()


def test_wrong_labels_of_the_most_similar_class_are_harder_to_find():
    """Two pairs of classes of which the two are alike: people confuse those, uniform errors seldom do."""
    rng = np.random.default_rng(0)
    labels = np.arange(160) % CLASSES
    places = np.random.default_rng(9).normal(size=(CLASSES, WIDE)) * 0.6
    places[1], places[3] = places[0] + 0.15, places[2] + 0.15
    known = (places[labels] + rng.normal(size=(160, WIDE))).astype("float32")
    alike = Seen(known, known, labels, labels, np.arange(160) // CLASSES % 5, CLASSES)
    assert study._most_similar(alike).tolist() == [1, 0, 3, 2]
    names = tuple(f"{n}.png" for n in range(160))
    dataset = ImageDataset(np.zeros((160, 2, 2, 3), "uint8"), names, labels, tuple("abcd"))
    rows = np.arange(160)
    whole = TrainingSet(dataset, Backbone(None, None, ""), known, rows, rows[:0], alike.parts)
    lost = study.hidden(whole, alike, rows, 0)
    precision = {name: sum(lost[name]) / len(lost[name]) for name in ("list", "list_similar")}
    assert precision["list_similar"] < precision["list"]


def test_pixels_edges_and_a_network_of_chance_see_something_of_their_own():
    rng = np.random.default_rng(0)
    images = np.zeros((6, 96, 96, 3), "uint8")
    images[::2, :, 40:] = 200  # an edge that runs down; the others have one that runs across
    images[1::2, 40:] = 200
    images += rng.integers(0, 20, images.shape, "uint8")
    assert plain_features.pixels(images).shape == (6, 32 * 32 * 3)
    edges = plain_features.edges(images)
    apart = np.linalg.norm(edges[:, None] - edges[None], axis=2)
    assert apart[0, 1] > 2 * apart[0, 2]


@pytest.mark.slow
def test_the_task_answers_all_five_on_real_images(resnet50_home):
    from studio.classify.settings import StudySettings
    from studio.core import tasks

    result = tasks.run(
        "classify.study", StudySettings(size=64), {"data": [sample_sets.reference("sample:hair")]}
    )
    told = json.loads(result.files[0].read())
    kinds = {one["kind"]: one["accuracy"] for one in told["features"]}
    assert {"pixels", "hog", "untrained", "vgg16", "resnet50"} == set(kinds)
    assert kinds["vgg16"] > kinds["untrained"]
    assert set(result.recipe.weights) == {"resnet50", "vgg16"}
    said = study_words.readable(told)
    assert f"{kinds['vgg16']:.0%}" in said and "most similar class" in said
