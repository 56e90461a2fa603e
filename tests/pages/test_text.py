"""The Text page: sampling, training, and "Under the hood"."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import tiny_language_model

from pages.form import sample_texts
from pages.jobs import commands, written_texts
from pages.text import evidence, gates, language_models, next_character, training, under_the_hood
from pages.widgets import owners
from studio.core import paths, recipes
from studio.core.data import corpus
from studio.core.models import model_folder, model_zip, presets
from studio.core.tasks import File
from studio.core.weights import index
from studio.engine import Live
from studio.text import language_model
from studio.text import task as text_task
from studio.text.numpy_network import Network
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.write import Sampler
from training.drawings import text_tiles

LONG = "100000"


@pytest.fixture(autouse=True)
def none_shipped(monkeypatch):
    """Hides shipped models, so that tests know which model comes first."""
    catalog = index.load().model_copy(update={"presets": {}})
    monkeypatch.setattr(index, "load", lambda: catalog)


@pytest.fixture
def tiny(engine):
    """A stored language model named "tiny"."""
    yield tiny_language_model.make(paths.folder("presets") / "tiny")
    shutil.rmtree(paths.folder("presets"))


@pytest.fixture
def until_written(until):
    """Reruns a page until its text is complete."""

    def wait(page):
        return until(lambda: page.run() and not page.exception and "Make again" in labels(page) and page)

    return wait


@pytest.fixture
def started(monkeypatch):
    """Records what the page starts, instead of running it."""
    calls = []
    monkeypatch.setattr("pages.parts.start", lambda *args: calls.append(args))
    return calls


def labels(page):
    return [element.label for element in page.button]


def text_of(elements) -> str:
    return " ".join(str(element.value) for element in elements).replace("\\", "")


def button(page, label):
    return next(element for element in page.button if element.label == label)


def papers(page):
    """Returns the contents of each text component on the page."""
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def wrote(page, until_written, **params):
    button(page, "Write").click().run()
    return until_written(page)


def named(page):
    """Returns the field for the name of a trained model."""
    (field,) = [element for element in page.text_input if element.label == "Name of the model"]
    return field


@pytest.mark.slow
def test_a_language_model_writes_and_what_a_person_typed_is_nowhere_markup(visit, tiny, until_written):
    typed = "the <b>cat</b> $x$ :red[7]"
    page = wrote(visit("text", prompt=typed), until_written)
    [paper] = papers(page)
    assert (paper["before"], len(paper["text"]), paper["nats"]) == (typed, 500, [])
    assert set(paper["text"]) <= set(tiny_language_model.LETTERS)
    assert "500 characters" in text_of(page.caption)
    assert "Left out, because the model does not know them" in text_of(page.caption)
    assert all("<b>" not in str(html.proto) for html in page.get("html"))
    [download, recipe] = page.get("download_button")
    assert (download.proto.label, recipe.proto.label) == ("Download", "Download recipe")
    commands = [code.value for code in page.code if code.value.startswith("studio write")]
    assert commands and "--preset tiny" in commands[0]


@pytest.mark.slow
def test_nll_marks_every_character(visit, tiny, until_written):
    page = wrote(visit("text", nll="true"), until_written)
    [paper] = papers(page)
    assert len(paper["nats"]) == len(paper["text"]) == 500
    assert min(paper["nats"]) >= 0 and len(set(paper["nats"])) > 50
    assert len(paper["words"]) == len(paper["levels"]) + 1
    assert f"{np.mean(paper['nats']):.2f} nats" in text_of(page.caption)


def test_another_setting_writes_again_without_a_press(visit, tiny, until_written):
    page = wrote(visit("text", temperature="1.0"), until_written)
    first = papers(page)[0]["text"]
    page.slider(key="temperature").set_value(0.5).run()
    second = papers(until_written(page))[0]["text"]
    assert second != first
    page.slider(key="temperature").set_value(1.0).run()
    assert papers(until_written(page))[0]["text"] == first


def test_nothing_is_written_before_it_is_asked_for(visit, tiny):
    page = visit("text", prompt="so")
    page.slider(key="temperature").set_value(0.5).run()
    [paper] = papers(page)
    assert (paper["before"], paper["text"]) == ("so", "")


def test_a_stop_keeps_what_is_there(visit, tiny, until_written, until):
    page = visit("text", chars=LONG)
    button(page, "Write").click().run()
    until(lambda: page.run() and papers(page)[0]["text"])
    assert papers(page)[0]["writing"]
    button(page, "Stop").click().run()
    page = until_written(page)
    assert 0 < len(papers(page)[0]["text"]) < int(LONG)
    assert "stopped early" in text_of(page.caption)


def test_writing_on_begins_with_what_is_there(visit, tiny, until_written):
    page = wrote(visit("text", prompt="so"), until_written)
    first = "so" + papers(page)[0]["text"]
    button(page, "Write on").click().run()
    [paper] = papers(until_written(page))
    assert paper["before"] == first
    assert len(paper["text"]) == 500
    assert page.text_area(key="prompt").disabled
    button(page, "Start over").click().run()
    assert papers(page)[0]["before"] == "so"


def test_again_has_another_seed_unless_the_same_is_asked_for(visit, tiny, until_written):
    page = wrote(visit("text"), until_written)
    first = papers(page)[0]["text"]
    button(page, "Same seed").click().run()
    assert papers(until_written(page))[0]["text"] == first
    button(page, "Make again").click().run()
    assert papers(until_written(page))[0]["text"] != first
    assert page.number_input(key="seed").value != 0


def test_a_text_of_a_model_file_is_never_gone_on_with_by_another_language_model(
    visit, engine, tiny, until, monkeypatch
):
    model = File.keep(model_zip.pack(tiny), "model", "old-tales.zip")
    job = engine.submit("text.write", WriteSettings(chars=20, prompt="so"), {"model": [model]})
    until(lambda: engine.job(job.id).finished, 60)
    page = visit("text", job=job.id)
    assert not page.exception
    assert not {"Write on", "Same seed"} & set(labels(page))
    assert "old-tales" in text_of(page.caption).replace("\\", "")
    calls = []
    monkeypatch.setattr("pages.jobs.jobs.start", lambda *args: calls.append(args))
    button(page, "Make again").click().run()
    assert calls[0][2]["model"][0].digest == model.digest and calls[0][1].seed != 0
    engine.job(job.id).folder.remove()


def test_a_text_from_nothing_leaves_no_beginning_in_the_form(visit, engine, tiny, until_written):
    page = wrote(visit("text"), until_written)
    button(page, "Keep").click().run()
    job = engine.jobs()[0]
    page = visit("text", job=job.id, prompt="so")
    button(page, "Make again").click().run()
    assert not page.exception
    assert page.text_area(key="prompt").value == ""
    assert papers(until_written(page))[0]["before"] == ""
    engine.job(job.id).folder.remove()


def test_a_kept_text_is_found_by_its_job_and_gives_way_to_the_next(visit, engine, tiny, until_written):
    page = wrote(visit("text", prompt="so"), until_written)
    first = papers(page)[0]
    button(page, "Keep").click().run()
    assert button(page, "Kept").disabled
    job = engine.jobs()[0]
    page = visit("text", job=job.id)
    assert papers(page)[0]["text"] == first["text"]
    assert "Close" in labels(page)
    page.text_area(key="prompt").set_value("no").run()
    assert papers(page)[0]["before"] == "no"
    engine.job(job.id).folder.remove()


def address(page):
    """Returns the query parameters as a link or a reload sends them."""
    return dict(page.query_params)


@pytest.mark.slow
def test_a_reload_writes_the_same_text_again(visit, tiny, until_written):
    page = visit("text", prompt="so", seed="7", temperature="1.0")
    assert "written" not in page.query_params
    first = papers(wrote(page, until_written))[0]
    again = until_written(visit("text", **address(page)))
    assert papers(again)[0] == first


def test_a_reload_writes_on_from_the_same_text(visit, tiny, until_written):
    page = wrote(visit("text", prompt="so"), until_written)
    button(page, "Write on").click().run()
    second = papers(until_written(page))[0]
    again = until_written(visit("text", **address(page)))
    assert papers(again)[0] == second
    assert again.text_area(key="prompt").disabled
    button(again, "Start over").click().run()
    assert papers(again)[0]["before"] == "so"
    assert not {"written", "before"} & set(again.query_params)


@pytest.mark.parametrize("digest", ["0" * 64, "../../passwd"])
def test_a_text_to_write_on_from_that_is_gone_is_none(visit, tiny, until_written, digest):
    page = until_written(visit("text", prompt="so", written="true", before=digest))
    assert papers(page)[0]["before"] == "so"


def test_a_text_to_write_on_from_is_no_other_visitors(visit, tiny, until_written, monkeypatch):
    whose = ["visitor-a"]
    monkeypatch.setattr(owners, "owner", lambda: whose[0])
    digest = File.keep(b"so a secret", "text", "before.txt").digest
    page = until_written(visit("text", prompt="so", written="true", before=digest))
    assert papers(page)[0]["before"] == "so a secret"
    assert page.query_params["before"] in (digest, [digest]), "so that the next reload has it too"
    whose[0] = "visitor-b"
    page = until_written(visit("text", prompt="so", written="true", before=digest))
    assert papers(page)[0]["before"] == "so"


@pytest.mark.slow
def test_back_in_the_browser_is_back_before_the_text(visit, tiny, until_written):
    page = wrote(visit("text", prompt="so"), until_written)
    first = papers(page)[0]
    button(page, "Write on").click().run()
    until_written(page)
    del page.query_params["before"]
    assert papers(until_written(page))[0] == first
    del page.query_params["written"]
    assert papers(page.run())[0]["text"] == ""


def test_a_kept_text_made_again_is_what_the_form_asks_for(visit, engine, tiny, until_written):
    page = wrote(visit("text", prompt="so", seed="7"), until_written)
    first = papers(page)[0]
    button(page, "Keep").click().run()
    job = engine.jobs()[0]
    page = visit("text", prompt="no", job=job.id)
    button(page, "Same seed").click().run()
    assert papers(until_written(page))[0] == first
    assert "job" not in page.query_params
    assert papers(until_written(visit("text", **address(page))))[0] == first
    engine.job(job.id).folder.remove()


def test_every_setting_is_asked_for_once(visit, tiny):
    kinds = ("slider", "select_slider", "number_input", "text_input", "text_area", "selectbox", "toggle")
    kinds += ("button_group",)
    for way, settings, left in (("Write", WriteSettings, {"count"}), ("Your text", TrainTextSettings, set())):
        page = visit("text", do=way)
        there = [element.key for kind in kinds for element in getattr(page, kind)]
        for name in set(settings.describe()) - left:
            assert there.count(name) == 1, name


def test_without_a_language_model_the_page_opens_on_a_text_to_learn_from(visit, started):
    page = visit("text")
    assert papers(page)[0]["text"] == sample_texts.tales()[:700]
    button(page, "Train").click().run()
    [(task, settings, inputs)] = started
    assert (task, settings.units) == ("text.train", 128)
    assert inputs["text"][0].read().decode() == sample_texts.tales()


def test_the_sample_can_be_learned_from_and_is_the_same_every_time():
    text = sample_texts.tales()
    assert text == sample_texts.tales()
    assert len(text) > 20_000
    assert not corpus.compute_facts(text).odd
    assert "whose the" not in text


def test_what_another_page_calls_the_same_does_not_reach_the_text(visit):
    page = visit("text", layers="mixed4:71, mixed4")
    assert not page.exception
    assert page.slider(key="layers").value == TrainTextSettings().layers


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "PNG"),
        (b"a" * 500, "different characters"),
        (b"too short", "64 characters"),
    ],
)
def test_what_cannot_be_learned_from_is_one_sentence(visit, data, reason):
    page = visit("text", do="Your text", source="A file")
    page.file_uploader[0].upload("a_file.txt", data, "text/plain").run()
    assert not page.exception
    [error] = page.error
    assert reason in error.value.replace("\\", "")
    assert "Train" not in labels(page)


def test_the_box_for_a_text_takes_as_much_as_a_text_may_have(visit):
    page = visit("text", do="Train", source="A file")
    [box] = page.file_uploader
    assert box.proto.max_upload_size_mb == corpus.MOST_BYTES // 10**6 == 100


def test_an_upload_says_what_is_in_it_and_is_trained_on(visit, started):
    text = "Ünder the oak \u2028 the fox found \u00ad a key.\n" * 8
    page = visit("text", do="Your text", source="A file")
    page.file_uploader[0].upload("a_file.txt", text.encode("utf-16"), "text/plain").run()
    assert not page.error
    assert "Read as UTF-16." in text_of(page.caption)
    assert "sequences have" in text_of(page.caption)
    assert "soft hyphen (8)" in text_of(page.text)
    assert page.metric[0].value == f"{len(text):,}"
    button(page, "Train").click().run()
    assert started[0][2]["text"][0].read() == text.encode("utf-16")


def test_a_pasted_text_is_trained_on(visit, started):
    page = visit("text", do="Your text", source="Pasted")
    assert "Train" not in labels(page)
    page.text_area(key="pasted_text").set_value("ab " * 100).run()
    button(page, "Train").click().run()
    assert started[0][2]["text"][0].read() == b"ab " * 100


def test_a_language_model_is_taught_on_as_large_as_it_is(visit, tiny, started):
    page = visit("text", do="Your text", begin_with="tiny")
    assert "2 layers of 16 units (LSTM)" in text_of(page.caption)
    for kind in ("slider", "select_slider", "number_input", "toggle", "button_group"):
        assert not {element.key for element in getattr(page, kind)} & set(language_model.SHAPE)
    button(page, "Train").click().run()
    [(task, settings, inputs)] = started
    assert {name: getattr(settings, name) for name in language_model.SHAPE} == {
        name: getattr(tiny_language_model.SETTINGS, name) for name in language_model.SHAPE
    }
    text_task.check(settings, inputs)  # it rejects a language model of another shape
    assert presets.from_zip(inputs["start"][0]).digest == presets.find("tiny").digest
    pasted = inputs | {"text": [File.keep(b"ab " * 100, "text", "pasted.txt")]}
    assert "--start-from tiny " in commands.line(task, settings, pasted)
    page.selectbox(key="begin_with").set_value("").run()
    button(page, "Train").click().run()
    assert "start" not in started[1][2] and started[1][1].units == 128


def test_a_model_that_only_has_the_name_of_another_keeps_its_file_in_commands(tiny, tmp_path):
    other = File.keep(
        model_zip.pack(tiny_language_model.make(tmp_path / "other", seed=1)), "model", "tiny.zip"
    )
    assert "--start-from tiny.zip" in commands.line(
        "text.train", tiny_language_model.SETTINGS, {"start": [other]}
    )


@pytest.fixture
def trained(engine, tiny):
    """A training run that has ended."""
    settings, recipe = tiny_language_model.SETTINGS, recipes.Recipe(task="text.train", settings={})
    inputs = {"text": [File.keep(b"the cat " * 20, "text", "tiny_text.txt")]}
    data = model_zip.pack(tiny)
    live = Live(
        "text.train",
        settings,
        inputs,
        data,
        "model",
        "tiny_text.zip",
        tiny_language_model.FIGURES,
        recipe,
        12.0,
    )
    job = engine.keep(live)
    yield job
    engine.job(job.id).folder.remove()


def test_an_ended_training_tells_its_figures_and_becomes_a_language_model(visit, trained, until_written):
    page = visit("text", job=trained.id)
    assert page.button_group(key="do").value == "own"
    text = text_of(page.markdown)
    assert "**1.50 nats (2.16 bits) per character**" in text
    assert "a perplexity of 4.5" in text
    assert "stopped early" in text and "the batch size is 4" in text
    assert set(papers(page)[0]["text"]) <= set(tiny_language_model.LETTERS) and papers(page)[0]["text"]
    named(page).set_value("Élises Märchen 日本!").run()
    button(page, "Keep as model").click().run()
    assert presets.find("Élises Märchen 日本!").digest == presets.find("tiny").digest
    assert page.button_group(key="do").value == "write"
    assert page.selectbox(key="preset").value == "Élises Märchen 日本!"
    wrote(page, until_written)
    assert "Élises Märchen 日本!" in page.selectbox(key="preset").options, "shown as it was typed"
    linked = visit("text", preset="Élises Märchen 日本!")
    assert not linked.exception and linked.selectbox(key="preset").value == "Élises Märchen 日本!"


def test_a_reload_beside_a_training_opens_the_half_that_was_open(visit, trained):
    page = visit("text", job=trained.id)
    for half in ("write", "own"):
        page.button_group(key="do").set_value(half).run()
        assert page.query_params["job"] in (trained.id, [trained.id])
        assert visit("text", **address(page)).button_group(key="do").value == half
    page = visit("text", job=trained.id, half_of_text="write:another")
    assert page.button_group(key="do").value == "own", "a link to a job opens what shows it"


def test_a_training_that_ended_gives_way_to_another_text(visit, trained):
    page = visit("text", job=trained.id)
    assert "Keep as model" in labels(page)
    page.slider(key="layers").set_value(2).run()
    assert "Keep as model" in labels(page), "its settings may be tried again"
    page.button_group(key="source").set_value("pasted").run()
    assert "Keep as model" not in labels(page)


@pytest.mark.parametrize(
    "name, reason", [("Tiny", "already"), ("../", "Invalid name"), ("  ", "Invalid name"), ("nul", "Invalid")]
)
def test_a_name_that_cannot_be_is_one_sentence(visit, trained, name, reason):
    page = visit("text", job=trained.id)
    named(page).set_value(name).run()
    button(page, "Keep as model").click().run()
    assert reason in text_of(page.error)
    assert language_models.names() == ["tiny"]


def test_a_broken_model_or_one_of_another_kind_is_no_language_model(tiny):
    (tiny / model_folder.SETTINGS).write_text("{}")
    assert language_models.names() == []


def test_figures_in_words_are_plain():
    text = training.in_words(tiny_language_model.FIGURES | {"notes": ["*odd* <b>"], "ended": ""})
    assert "\\*odd\\*" in text
    assert "Fine-tuned" not in text
    assert "early" not in text
    fine_tuned = training.in_words(tiny_language_model.FIGURES | {"started_from": "my *language model*"})
    assert "Fine-tuned from my \\*language model\\*" in fine_tuned


def test_under_the_hood_is_computed_from_the_texts_own_model(visit, tiny, until_written):
    page = wrote(visit("text", explain="true"), until_written)
    assert len(page.get("vega_lite_chart")) == 2
    text = "a dog likes the sea"
    read = under_the_hood._read("tiny", presets.find("tiny").digest, text)
    assert read.text == text
    scores = next_character.rows(read.logits[-1], read.alphabet)
    model = language_model.load("tiny")
    sampler = Sampler(model.network)
    sampler.read(model.vocabulary.encode(text).indices)
    expected = np.sort(sampler.logits[0])[::-1]
    assert np.allclose([row["score"] for row in scores], expected - expected[0], atol=1e-3)
    assert scores[0]["character"] == corpus.describe(
        tiny_language_model.LETTERS[int(sampler.logits[0].argmax())]
    )
    doors = gates.rows(read.activations[:, :, 0], read.text, read.gates)
    assert [row["character"] for row in doors[::3]] == [corpus.describe(c) for c in text]


def test_without_a_text_the_chosen_language_model_reads_a_passage(visit, tiny):
    page = visit("text", explain="true")
    assert not page.exception
    assert len(page.get("vega_lite_chart")) == 2
    assert "passage of Hamlet" in text_of(page.caption)


def test_it_starts_where_the_language_model_was_least_decided():
    sure, torn = [9.0, 0.0, 0.0], [1.0, 1.1, 1.0]
    assert next_character.highest_entropy(np.array([sure, torn, sure])) == 1


def test_the_gates_of_a_gru_are_those_of_the_network(tmp_path):
    rng = np.random.default_rng(0)
    units, size = 5, 7
    shapes = [(size, 3), (3, 3 * units), (units, 3 * units), (2, 3 * units), (units, size), (size,)]
    network = Network([rng.normal(size=shape) for shape in shapes], "gru")
    indices = np.arange(12) % size
    activations = gates.along(network, indices)
    assert activations.shape == (12, 2, units) and len(gates.names(network)) == 2
    states = network.states(1)
    for at, read in enumerate(indices):
        before = states[0][0]
        _, states = network.step(np.array([read]), states)
        update = activations[at, 0]
        fresh = (states[0][0] - update * before) / (1 - update)
        assert np.all(np.abs(fresh) <= 1 + 1e-4), "what is not kept is a tanh"


def test_nothing_is_computed_while_the_section_is_folded(visit, tiny, until_written, monkeypatch):
    monkeypatch.setattr(under_the_hood, "_read", lambda *_: pytest.fail("computed"))
    page = wrote(visit("text"), until_written)
    assert not page.get("vega_lite_chart")


def test_the_gates_are_those_of_the_network(tiny):
    network = language_model.load("tiny").network
    indices = np.arange(20) % network.size
    activations = gates.along(network, indices)
    assert activations.shape == (20, 3, tiny_language_model.SETTINGS.units)
    lets, keeps, shows = activations[:, 0], activations[:, 1], activations[:, 2]
    cells = [np.zeros(tiny_language_model.SETTINGS.units)]
    for at in range(20):
        _, states = network.run(indices[None, : at + 1], network.states(1))
        hidden, cell = states[-2][0], states[-1][0]
        assert np.allclose(hidden, shows[at] * np.tanh(cell), atol=1e-5)
        # The input is between -1 and 1, so the gate limits the change of the cell.
        assert np.all(np.abs(cell - keeps[at] * cells[-1]) <= lets[at] + 1e-5)
        cells.append(cell)


def test_a_marked_image_shades_what_surprised():
    calm = text_tiles.draw_marked("One", " two\nthree", [0.0] * 10)
    other = text_tiles.draw_marked("One", " two\nthree", [0.0] * 5 + [9.0] + [0.0] * 4)
    changed = np.argwhere(np.any(np.asarray(calm) != np.asarray(other), axis=-1))
    assert len(changed)
    top, left = changed.min(axis=0)
    assert top >= 39, "the sixth character stands in the second line"
    assert left < 40


def test_a_beginning_is_as_long_as_the_settings_allow():
    WriteSettings(prompt="a" * written_texts.MOST_PROMPT)
    with pytest.raises(ValueError, match="prompt"):
        WriteSettings(prompt="a" * (written_texts.MOST_PROMPT + 1))


@pytest.fixture
def two(tiny):
    """A second language model next to "tiny"."""
    return tiny_language_model.make(paths.folder("presets") / "other", seed=1)


def who(visit, until, **params):
    page = visit("text", do="Who wrote this?", **params)
    return until(lambda: page.run() and not page.exception and page.metric and page)


@pytest.mark.slow
def test_two_language_models_read_a_text_and_each_character_has_its_color(visit, two, until):
    page = who(visit, until, explain="true")
    [paper] = papers(page)
    assert paper["text"] == sample_texts.PASSAGES and paper["language_models"] == ["other", "tiny"]
    assert len(paper["nats"]) == len(paper["others"]) == len(paper["text"])
    unknown = {letter for letter, nats in zip(paper["text"], paper["nats"], strict=True) if nats is None}
    assert "," in unknown and "a" not in unknown
    assert len(paper["words"]) == len(paper["shades"]) == 5
    assert "count for neither" in text_of(page.caption) and "does not identify an author" in text_of(
        page.caption
    )
    assert len(page.get("vega_lite_chart")) == 2  # the sentences, and the cumulative evidence
    assert [element.label for element in page.metric] == ["other", "tiny"]


def test_a_pasted_text_is_read_and_its_letters_are_nowhere_markup(visit, two, until):
    typed = "the <b>cat</b> sat on the mat and saw the dog. " * 3
    page = visit("text", do="Who wrote this?", source="Pasted")
    page.text_area(key="pasted_text").set_value(typed).run()
    until(lambda: page.run() and page.metric)
    assert papers(page)[0]["text"] == typed
    assert [code.value for code in page.code if code.value.startswith("studio who pasted.txt --first other")]


def test_one_language_model_alone_cannot_tell_who_wrote_a_text(visit, tiny):
    page = visit("text", do="Who wrote this?")
    assert not page.exception and "two different language models" in text_of(page.info)


def test_evidence_adds_up_and_what_counts_for_neither_adds_nothing():
    result = {"text": "a b", "nats": [[1.0, None, 3.0], [2.0, None, 1.5]], "language_models": []}
    assert [row["lead"] for row in evidence.rows(result)] == [1.0, 1.0, -0.5]
    assert evidence.rows(result)[-1]["read"] == "a b"


@pytest.mark.parametrize("at, first", [(0, 0), (40, 24), (71, 40)])
def test_gates_are_drawn_around_the_chosen_character(at, first):
    near = under_the_hood._near(at, 72)
    assert (near.start, near.stop) == (first, first + under_the_hood.NEAR)
    assert len("ab"[under_the_hood._near(1, 2)]) == 2, "a short text is drawn whole"
