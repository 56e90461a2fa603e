"""Sampling: temperature, top-k, top-p, stop texts, seeds and state."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from studio.core.progress import Progress
from studio.text import cross_entropy, write
from studio.text.settings import WriteSettings
from studio.text.vocabulary import Vocabulary
from studio.text.write import sample_characters, sample_next

LOGITS = np.log(np.array([[0.3, 0.5, 0.15, 0.05]], "float32"))


def sample_shares(**settings):
    """Returns the frequency of each of the four characters."""
    uniform = (np.arange(4000) + 0.5) / 4000
    indices = sample_next(np.repeat(LOGITS, 4000, axis=0), uniform, WriteSettings(**settings))
    return np.bincount(indices, minlength=4) / 4000


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({"temperature": 1}, [0.3, 0.5, 0.15, 0.05]),
        ({"temperature": 0}, [0, 1, 0, 0]),
        ({"temperature": 0.01}, [0, 1, 0, 0]),
        ({"temperature": 0.5}, np.array([0.09, 0.25, 0.0225, 0.0025]) / 0.365),
        ({"temperature": 1, "top_k": 1}, [0, 1, 0, 0]),
        ({"temperature": 1, "top_k": 2}, [0.375, 0.625, 0, 0]),
        ({"temperature": 1, "top_k": 99}, [0.3, 0.5, 0.15, 0.05]),
        ({"temperature": 1, "top_p": 0.01}, [0, 1, 0, 0]),
        ({"temperature": 1, "top_p": 0.6}, [0.375, 0.625, 0, 0]),
        ({"temperature": 1, "top_p": 0.94}, [0.3 / 0.95, 0.5 / 0.95, 0.15 / 0.95, 0]),
        ({"temperature": 1, "top_k": 3, "top_p": 0.6}, [0.375, 0.625, 0, 0]),
    ],
)
def test_sampling_probabilities(settings, expected):
    assert np.allclose(sample_shares(**settings), expected, atol=1e-3)


def test_the_largest_random_number_samples_a_character():
    last = np.array([np.nextafter(1.0, 0)])
    assert sample_next(LOGITS, last, WriteSettings(temperature=1)) == [3]
    assert sample_next(LOGITS, last, WriteSettings(temperature=1, top_k=2)) == [1]
    assert sample_next(LOGITS * 1e6, last, WriteSettings(temperature=2)) == [1]


def text_of(network, letters, **settings):
    return write.write(network, letters, WriteSettings(**{"chars": 80, **settings}))


def test_the_seed_determines_the_text(network, letters):
    first, again, other = (text_of(network, letters, seed=seed)[0].text for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 80


def test_the_first_text_does_not_depend_on_their_number(network, letters):
    alone, many = text_of(network, letters, seed=3)[0], text_of(network, letters, seed=3, count=3)
    assert many[0].text == alone.text
    assert len({sample.text for sample in many}) == 3
    assert np.allclose(many[0].nats, alone.nats, atol=1e-4)


def test_continuing_equals_writing_at_once(network, letters):
    greedy = {"temperature": 0, "prompt": "ab"}
    whole = text_of(network, letters, **greedy)[0].text
    beginning = text_of(network, letters, **greedy, chars=30)[0].text
    rest = text_of(network, letters, temperature=0, prompt="ab" + beginning, chars=50)[0].text
    assert beginning + rest == whole


def test_nats_equal_the_score(network, letters):
    sample = text_of(network, letters, prompt="a", seed=6, temperature=2, precision="float32")[0]
    indices = letters.encode("a" + sample.text).indices
    assert np.allclose(cross_entropy.compute_losses(network, indices), sample.nats, atol=1e-3)


@pytest.mark.parametrize("length", [1, 2, 4])
def test_writing_ends_before_the_stop_text(network, letters, length):
    full = text_of(network, letters, seed=7)[0].text
    stop = full[40 : 40 + length]
    expected = full[: full.index(stop)]
    sample = text_of(network, letters, seed=7, stop=stop)[0]
    assert sample.text == expected
    assert len(sample.nats) == len(expected)


def test_the_stop_text_is_encoded_like_the_prompt(network, letters):
    plain = text_of(network, letters, seed=7, stop=text_of(network, letters, seed=7)[0].text[40:42])[0].text
    raised = text_of(network, letters, seed=7)[0].text[40:42].upper()
    assert raised not in letters.characters
    assert text_of(network, letters, seed=7, stop=raised)[0].text == plain
    assert len(text_of(network, letters, seed=7, stop=raised[0] + "日")[0].text) == 80


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_the_prompt_may_have_any_line_endings(ends):
    letters = Vocabulary.of("a b\n")
    assert letters.decode(letters.encode(f"a{ends}b").indices) == "a\nb"
    assert Vocabulary.of("ab\r\n").encode("a\rb").indices.tolist() == [2, 1, 3]


def test_a_partial_stop_text_is_held_back(network, letters):
    full = text_of(network, letters, seed=7)[0].text
    stop = full[78:80] + 20 * full[0]
    assert stop not in full
    reports = []
    settings = WriteSettings(chars=80, seed=7, stop=stop)
    (sample,) = write.write(network, letters, settings, Progress(reports.append))
    assert reports[-1].text == full[:78]
    assert sample.text == full


@pytest.mark.parametrize("prompt", ["", "日本🙂", "ab日"])
def test_any_prompt_works(network, letters, prompt):
    assert len(text_of(network, letters, prompt=prompt)[0].text) == 80


def test_sampling_continues_past_a_block_of_random_numbers(network, letters):
    settings = WriteSettings(seed=1, temperature=2)
    indices = [
        int(index[0]) for index, _ in itertools.islice(sample_characters(network, letters, settings), 2100)
    ]
    assert indices[:100] != indices[1024:1124]


def test_progress_shows_the_text_and_can_stop_it(network, letters, monkeypatch):
    monkeypatch.setattr(write, "REPORT_SECONDS", 0)
    texts = []
    progress = Progress(lambda report: texts.append(report.text), cancelled=lambda: len(texts) == 30)
    sample = write.write(network, letters, WriteSettings(chars=80, seed=1), progress)[0]
    assert texts == [sample.text[: n + 1] for n in range(30)]
    assert sample.stopped_early and len(sample.text) == len(sample.nats) == sample.steps == 30


def test_many_texts_do_not_depend_on_the_cores(network, letters, monkeypatch):
    shared = text_of(network, letters, seed=8, count=9, chars=40)
    monkeypatch.setattr(write, "MIN_PARALLEL_TEXTS", 100)
    assert [text.text for text in text_of(network, letters, seed=8, count=9, chars=40)] == [
        item.text for item in shared
    ]
