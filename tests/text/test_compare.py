"""Authorship: windows agree with one pass, shared characters count, and ties are reported."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import tiny_language_model

from studio.core import paths, tasks
from studio.core.errors import InvalidInput
from studio.core.files import File
from studio.core.progress import Progress
from studio.text import compare, comparison_report, cross_entropy, language_model, nll
from studio.text.networks import build_network
from studio.text.settings import CompareSettings, TrainTextSettings
from studio.text.vocabulary import Vocabulary

MARLOWE = (
    "Was this the face that launch'd a thousand ships,\nAnd burnt the topless towers of Ilium?\n"
    "Sweet Helen, make me immortal with a kiss.\nHer lips suck forth my soul: see, where it flies!\n"
)
CARROLL = (
    "For the white kitten had been having its face washed by the old cat for the last quarter of an hour; so "
    "you see that it couldn’t have had any hand in the mischief.\n"
)


def make_language_model(network, characters):
    return language_model.LanguageModel("tiny", network, Vocabulary(characters), "0")


@pytest.mark.parametrize("architecture", ["lstm", "gru", "transformer"])
@pytest.mark.parametrize("count", [1, 70, 1000])
def test_windows_give_the_losses_of_one_pass(build_networks, monkeypatch, architecture, count):
    monkeypatch.setattr(nll, "CONTEXT_CHARS", 60)
    monkeypatch.setattr(nll, "PREDICTED_CHARS", 90)
    settings = TrainTextSettings(
        architecture=architecture, units=8, embedding=5, layers=2, heads=2, sequence=16
    )
    core, _ = build_networks(**settings.model_dump())
    network = build_network([w / w.shape[0] ** 0.5 for w in core.get_weights()], settings)
    tiny = make_language_model(network, "\nabcdef")
    text = "".join(np.random.default_rng(0).choice(list("\nabcdef"), count))
    indices = np.concatenate([[0], tiny.vocabulary.encode(text).indices])  # as after a newline
    nats = nll.compute_nlls(tiny, text).nats
    assert nats == pytest.approx(cross_entropy.compute_losses(network, indices), abs=0.05)
    assert nats.std() > 0.1 or count == 1


def test_unknown_characters_are_skipped(network):
    tiny = make_language_model(network, "\nabcdef")
    reading = nll.compute_nlls(tiny, "abÀ7c")
    assert reading.read_as == {"a": "a", "b": "b", "À": "a", "7": "", "c": "c"}
    assert np.isnan(reading.nats).tolist() == [False, False, False, True, False]
    assert reading.nats[[0, 1, 2, 4]] == pytest.approx(nll.compute_nlls(tiny, "abac").nats)


def test_only_characters_that_both_models_share_count(network):
    one, other = make_language_model(network, "\nabcdef"), make_language_model(network, "\nabcdeà")
    result = compare.compare(one, other, "aàf7b")
    # "à" is an "a" to the first, "f" is unknown to the second, "7" to both.
    assert np.isfinite(result.nats).tolist() == [[True, False, False, False, True]] * 2
    assert any(note.startswith("3 characters count for neither") and "à" in note for note in result.notes)
    assert result.overall.nats == pytest.approx(np.nanmean(result.nats, axis=1))
    again = compare.compare(one, make_language_model(network, "\nabcdeg"), "AÀB")
    assert "Both language models read A as a, B as b, À as a." in again.notes
    with pytest.raises(InvalidInput, match="characters that both language models know"):
        compare.compare(one, other, "77 88")


def test_a_long_text_is_cut_with_a_note(network, monkeypatch):
    monkeypatch.setattr(compare, "MAX_CHARS", 40)
    tiny = make_language_model(network, "\nabcdef")
    result = compare.compare(tiny, tiny, "abc\n" * 30)
    assert len(result.text) == result.nats.shape[1] == 40
    assert "Only the first 40 of 120 characters were read." in result.notes


def test_sentences_end_at_punctuation():
    text = '"Who are you?" said Mr. Hare. He waited!\nA line\nand another\n\nthe end'
    sentences = [text[start:end].strip() for start, end in compare.split_sentences(text)]
    assert sentences == [
        '"Who are you?"',
        "said Mr. Hare.",
        "He waited!\nA line\nand another",
        "the end",
    ]
    assert list(compare.split_sentences(" \n ")) == []


def test_a_lead_is_significant_if_words_agree():
    rng = np.random.default_rng(0)
    words = np.repeat(np.arange(40), 5)
    steady = compare.compute_lead(0.3 + rng.normal(size=200) * 0.5, words)
    assert steady.side == 0 and steady.interval[0] > 0
    assert compare.compute_lead(-0.3 + rng.normal(size=200) * 0.5, words).side == 1
    # The same 200 numbers, but constant within each word: now chance explains them.
    noise = np.repeat(rng.normal(size=40), 5)
    assert compare.compute_lead(noise - noise.mean() + 0.1, words).side is None
    assert compare.compute_lead(np.ones(9), np.repeat([0, 1, 2], 3)).interval is None


def test_the_confidence_interval_has_its_coverage():
    rng = np.random.default_rng(1)
    words = np.repeat(np.arange(30), 4)
    inside = 0
    for _ in range(400):
        ahead = np.repeat(rng.normal(size=30), 4) + rng.normal(size=120) * 0.3 + 0.2
        low, high = compare.compute_lead(ahead, words).interval
        inside += low <= 0.2 <= high
    assert 0.91 < inside / 400 < 0.985


def test_false_discoveries_are_controlled():
    """Without correction about five of a hundred sentences would."""
    words = np.repeat(np.arange(20), 5)
    leaning, tested_alone = [], 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        leans = [compare.compute_lead(np.repeat(rng.normal(size=20), 5), words) for _ in range(100)]
        tested_alone += sum(lean.side is not None for lean in leans)
        corrected = compare.control_false_discoveries(
            [compare.Passage(0, 1, (0.0, 0.0), lean) for lean in leans]
        )
        leaning.append(sum(sentence.lead.side is not None for sentence in corrected))
    assert 3 < tested_alone / 40 < 7
    assert np.mean(np.array(leaning) > 0) < 0.15 and max(leaning) < 5
    strong = [compare.compute_lead(1 + rng.normal(size=100), words) for _ in range(50)]
    corrected = compare.control_false_discoveries(
        [compare.Passage(0, 1, (0.0, 0.0), lean) for lean in [*leans, *strong]]
    )
    assert all(sentence.lead.side == 0 for sentence in corrected[100:])
    assert compare.control_false_discoveries([]) == ()


def test_the_offset_is_subtracted(network):
    one, other = make_language_model(network, "\nabcdef"), make_language_model(network, "\nabcdeg")
    text = "abc dea\nbde cab ead\n" * 6
    raw = compare.compare(one, other, text)
    fair = compare.compare(one, other, text, offset=0.5)
    assert fair.overall.lead.nats == pytest.approx(raw.overall.lead.nats - 0.5)
    assert fair.overall.nats == raw.overall.nats
    assert fair.sentences[0].lead.nats == pytest.approx(raw.sentences[0].lead.nats - 0.5)


def compare_texts(text, **settings):
    file = File.store(text.encode(), "text", "letter.txt")
    return tasks.run("text.compare", CompareSettings(**settings), {"text": [file]}, Progress())


def test_texts_fit_the_model_of_their_author(home):
    result = compare_texts(f"{MARLOWE}\n{CARROLL}", per_character=True)
    report = json.loads(result.files[0].read())
    first, *_, last = report["sentences"]
    assert (first["language_model"], last["language_model"]) == ("shakespeare", "alice")
    assert report["text"] == f"{MARLOWE}\n{CARROLL}" and len(report["nats"][0]) == len(report["text"])
    is_unknown = [nats is None for nats in report["nats"][0]]
    assert is_unknown == [letter in "'’" for letter in report["text"]]  # the models use different apostrophes
    assert not report["is_unlike_both"] and "nats" not in result.figures
    assert set(result.recipe.weights) == {"shakespeare", "alice"}
    first_usual, second_usual = (model["held_out_nats"] for model in report["language_models"])
    raw = report["language_models"][1]["nats_per_char"] - report["language_models"][0]["nats_per_char"]
    assert report["lead_nats"] == pytest.approx(raw - (second_usual - first_usual))
    assert any("own held-out nats per character" in note for note in report["notes"])
    turned = compare_texts(f"{MARLOWE}\n{CARROLL}", first="alice", second="shakespeare")
    assert turned.figures["lead_nats"] == pytest.approx(-report["lead_nats"])


def test_losses_per_character_are_optional(home):
    assert "nats" not in json.loads(compare_texts(MARLOWE).files[0].read())


def test_a_text_unlike_both_is_flagged(home):
    german = "Es war einmal ein kleines Maedchen, das hatte jedermann lieb, der sie nur ansah, und alle. " * 3
    report = json.loads(compare_texts(german).files[0].read())
    assert report["is_unlike_both"]
    if report["language_model"]:
        assert "like neither" in comparison_report.describe_verdict(report)
    assert "like neither" not in comparison_report.describe_verdict(report | {"is_unlike_both": False})


def test_the_report_names_the_model_ahead(home):
    report = json.loads(compare_texts(CARROLL).files[0].read())
    text = comparison_report.format_comparison(report)
    times = math.exp(-report["lead_nats"])
    assert "More like alice than shakespeare: on average, relative to each model's own held-out text" in text
    assert f"alice gave each character {times:.2g} times the probability." in text
    assert "does not identify an author" in text and "alice  " in text
    raw = report | {"offset": None}
    assert f"on average alice gave each character {times:.2g} times" in comparison_report.describe_verdict(
        raw
    )
    open_ = report | {"language_model": None, "interval": [-1, 1]}
    assert "is significantly ahead" in comparison_report.describe_verdict(open_)


def test_an_uploaded_model_works_and_the_same_model_twice_is_refused(home):
    tiny_language_model.make(paths.ensure_folder("presets") / "mine")
    with pytest.raises(InvalidInput, match="two different language models"):
        compare_texts(CARROLL, first="alice")
    with pytest.raises(InvalidInput, match="a language model"):
        compare_texts(CARROLL, first="digits-dcgan")
    figures = compare_texts(CARROLL, first="mine").figures
    unknown = [{**model, "held_out_nats": None} for model in figures["language_models"]]
    assert "held-out loss of mine is unknown" in comparison_report.describe_correction(
        {"language_models": unknown}
    )
    assert [model["name"] for model in figures["language_models"]] == ["mine", "alice"]
    assert (
        figures["compared_chars"] < figures["chars"]
    )  # it maps capitals to lowercase, and does not know ";"
