"""The reject option: its threshold, and predictions, programs and pages that use it."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import toy_classifier

from studio.classify.export import snippets
from studio.classify.inference import predict
from studio.classify.models import rejection
from studio.classify.settings import PredictSettings
from studio.core import tasks
from studio.core.imaging import image_io, sample_photos
from studio.core.tasks import File


def make_predictions(correct, wrong):
    """Returns probabilities of two classes with these confidences, and the true classes."""
    confidence = np.array([*correct, *wrong])
    truth = np.array([0] * len(correct) + [1] * len(wrong))
    return np.stack([confidence, 1 - confidence], axis=1), truth


def test_the_threshold_keeps_the_share_of_correct_images():
    correct = np.linspace(0.6, 0.99, 100)
    record = rejection.choose_threshold(*make_predictions(correct, [0.55, 0.61, 0.9]), 0.95)
    assert record["rejected_correct"] <= 5 and (correct < record["threshold"]).sum() >= 4
    assert (record["images"], record["correct"], record["wrong"]) == (103, 100, 3)
    assert record["rejected_wrong"] == 2
    higher = rejection.choose_threshold(*make_predictions(correct, [0.55]), 0.8)
    assert higher["threshold"] > record["threshold"] and higher["rejected_correct"] <= 20


def test_without_a_threshold_nothing_is_rejected():
    probabilities, truth = make_predictions([0.6, 0.9], [0.7])
    assert rejection.choose_threshold(probabilities, truth, 1.0) == {}
    assert rejection.choose_threshold(*make_predictions([], [0.7]), 0.95) == {}


def test_few_images_are_all_kept():
    record = rejection.choose_threshold(*make_predictions([0.6, 0.7, 0.9], [0.55]), 0.95)
    assert record["threshold"] == pytest.approx(0.6)
    assert (record["rejected_correct"], record["rejected_wrong"]) == (0, 1)


def test_an_image_that_the_classifier_is_sure_of_is_kept():
    record = rejection.choose_threshold(*make_predictions([0.996, 0.998, 0.999], [0.95]), 0.95)
    assert record["threshold"] == rejection.MAX_THRESHOLD and record["rejected_wrong"] == 0


def test_the_description_has_all_figures():
    text = rejection.describe(rejection.choose_threshold(*make_predictions([0.6, 0.9], [0.55]), 0.95))
    assert "below 60.0%. Of 3 held-out images, this rejects 0 of 2 classified correctly and 1 of 1" in text


def test_programs_use_the_threshold():
    assert "if probabilities.max() < 0.625:\n    print(" in snippets.write_program(
        "tflite", ["a", "b"], 0.625
    )
    assert "none of these" not in snippets.write_program("tflite", ["a", "b"])
    assert "THRESHOLD = 0.625;" in snippets.write_program("tfjs", ["a", "b"], 0.625)


def test_the_program_for_browsers_has_the_names_as_they_are():
    names = ["Tür", 'a "quoted" one', "THRESHOLD = 0"]
    program = snippets.write_program("tfjs", names, 0.5)
    (listed,) = re.findall(r"^const CLASSES = (.+);$", program, re.MULTILINE)
    assert json.loads(listed) == names and "export const THRESHOLD = 0.5;" in program


class Stored:
    """A preset with these data."""

    def __init__(self, record):
        self.record = record

    def read_data(self):
        return {rejection.KEY: self.record}


def test_a_stored_threshold_is_read_and_an_invalid_one_ignored():
    assert rejection.read_threshold(Stored({"threshold": 0.5})) == 0.5
    for value in (True, "high", 1.5, float("nan"), None, [0.5]):
        assert rejection.read_threshold(Stored({"threshold": value})) == 0.0
    for record in (None, {}, "0.5"):
        assert rejection.read_threshold(Stored(record)) == 0.0


@pytest.mark.slow
def test_predictions_below_the_threshold_are_none_of_these(weights_home, monkeypatch):
    toy_classifier.save("toy")
    photo = File.store(image_io.encode_png(sample_photos.read_photo("chelsea")), "image", "cat.png")

    def classify(threshold, **change):
        monkeypatch.setattr(rejection, "read_threshold", lambda preset: threshold)
        result = tasks.run("classify.predict", PredictSettings(preset="toy", **change), {"images": [photo]})
        return result.figures["images"][0], predict.format_predictions(result.figures)

    entry, text = classify(0.0)
    assert rejection.KEY not in entry and "none of these" not in text
    highest = entry["labels"][0]["probability"]
    high, low = (highest + 1) / 2, highest / 2
    entry, text = classify(high)
    assert entry[rejection.KEY] and entry["threshold"] == high and len(entry["labels"]) == 2
    assert text.startswith("cat.png: none of these (")
    entry, text = classify(high, reject=False)
    assert rejection.KEY not in entry and "none of these" not in text
    entry, text = classify(low)
    assert not entry[rejection.KEY] and "none of these" not in text
