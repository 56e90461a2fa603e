"""Classification of points: what the network learns, its diagram, and the task."""

from __future__ import annotations

import json

import numpy as np
import pytest

from studio.cli import main
from studio.core.imaging import image_io
from studio.playground.classifier import Classifier, train_classifier
from studio.playground.data_sets import format_points, make_points
from studio.playground.settings import ClassificationSettings


def train(**change):
    settings = ClassificationSettings.parse(
        {"points": 200, "steps": 600, "noise": 0.02, "size": 240, **change}
    )
    points = make_points(settings.data, settings.points, settings.noise, settings.seed)
    return train_classifier(points, settings)


def test_a_hidden_layer_separates_circles_and_a_line_does_not():
    hidden, line = train(depth=1, width=6, steps=1500).last, train(depth=0).last
    assert hidden.accuracy_training > 0.97 and hidden.accuracy_held_out > 0.95
    assert line.accuracy_training < 0.75
    assert train(depth=0, features="polynomial").last.accuracy_held_out > 0.95
    assert train(depth=3, activation="none").last.accuracy_training < 0.75


def test_few_noisy_points_are_memorized():
    result = train(data="xor", noise=0.3, points=60, depth=4, width=8, steps=3000)
    validation = [point["validation"] for point in result.history]
    assert result.last.accuracy_training > 0.9 and result.last.held_out_loss > 2 * min(validation)


def test_the_diagram_shows_the_boundary_and_every_unit():
    settings = ClassificationSettings.parse({"data": "blobs", "depth": 0, "points": 10, "noise": 0.02})
    classifier = Classifier((np.array([[0.9, 0.9], [-0.9, -0.9]], "float32"), np.array([1, 0])), settings)
    classifier.network.layers[0].kernel[:] = [[4.0], [4.0]]
    image = classifier.render(240).astype(int)
    plane = image[:, -240:]
    assert image.shape[0] == 240 and image.shape[1] > 240
    upper_right, lower_left = plane[40, 150], plane[200, 90]
    assert upper_right[0] > upper_right[2] + 40, "class 1 is orange"
    assert lower_left[2] > lower_left[0] + 40, "class 0 is blue"
    deeper = Classifier(
        (np.eye(2, dtype="float32"), np.array([1, 0])), settings.model_copy(update={"depth": 3})
    )
    assert deeper.render(240).shape[1] > image.shape[1]


@pytest.mark.parametrize(
    "change", [{"learning_rate": 100, "optimizer": "sgd"}, {"initializer": "large"}], ids=str
)
def test_extreme_settings_give_finite_results(change):
    result = train(steps=50, depth=6, width=8, **change)
    assert np.isfinite(list(result.last.metrics.values())).all() and result.image.shape[0] == 240


def test_the_command_is_reproducible_and_takes_own_points(home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text(format_points(*make_points("xor", 40, 0.02, seed=0)))
    arguments = [
        "classify-2d",
        "--own-points",
        "mine.csv",
        "-o",
        "out.png",
        "--steps",
        "40",
        "--quiet",
        "--json",
    ]
    assert main(arguments) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    assert (
        figures["steps"] == 40 and 0 <= figures["accuracy_held_out"] <= 1 and len(figures["gradients"]) == 3
    )
    assert image_io.read("out.png").shape[0] == 480
    assert main(["replay", "out.png", "--verify", "--quiet"]) == 0
    (tmp_path / "mine.csv").write_text("x,y,class\n" + "0.5,0.5,1\n" * 10)
    assert main(arguments) == 2
    assert "Add at least two of each class" in capsys.readouterr().err
