"""The Text page: sampling, training, and "Under the hood"."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import tiny_language_model

from pages.form import sample_texts
from pages.jobs import commands, text_view
from pages.text import evidence, gates, language_models, next_character, training, under_the_hood
from pages.widgets import owners
from studio.core import paths, recipes
from studio.core.data import corpus
from studio.core.models import model_folder, model_zip, presets
from studio.core.tasks import File
from studio.engine import Live
from studio.text import language_model
from studio.text import task as text_task
from studio.text.numpy_network import Network
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.write import Sampler
from training.drawings import text_tiles

from .elements import find_button, join_texts, list_button_labels, press_button

MANY_CHARACTERS = "100000"


pytestmark = pytest.mark.usefixtures("hide_shipped_models")


@pytest.fixture
def tiny(engine):
    """A stored language model named "tiny"."""
    yield tiny_language_model.make(paths.ensure_folder("presets") / "tiny")
    shutil.rmtree(paths.ensure_folder("presets"))


@pytest.fixture
def until_written(until):
    """Reruns a page until its text is complete."""

    def wait(page):
        return until(
            lambda: page.run() and not page.exception and "Make again" in list_button_labels(page) and page
        )

    return wait


def list_papers(page):
    """Returns the contents of each text component on the page."""
    data = [json.loads(element.proto.json) for element in page.get("bidi_component")]
    return [component for component in data if component.keys() != {"text"}]  # without the copy button


def write(page, until_written, **params):
    press_button(page, "Write")
    return until_written(page)


def find_name_field(page):
    """Returns the field for the name of a trained model."""
    (field,) = [element for element in page.text_input if element.label == "Name of the model"]
    return field


@pytest.mark.slow
def test_language_model_writes_and_shows_user_text_literally(visit, tiny, until_written):
    prompt = "the <b>cat</b> $x$ :red[7]"
    page = write(visit("text", prompt=prompt), until_written)
    [paper] = list_papers(page)
    assert (paper["before"], len(paper["text"]), paper["nats"]) == (prompt, 500, [])
    assert set(paper["text"]) <= set(tiny_language_model.LETTERS)
    assert "500 characters" in join_texts(page.caption)
    assert "Left out, because the model does not know them" in join_texts(page.caption)
    assert all("<b>" not in str(html.proto) for html in page.get("html"))
    [download, recipe] = page.get("download_button")
    assert (download.proto.label, recipe.proto.label) == ("Download", "Download recipe")
    commands = [code.value for code in page.code if code.value.startswith("studio write")]
    assert commands and "--preset tiny" in commands[0]


@pytest.mark.slow
def test_likelihood_marks_every_character(visit, tiny, until_written):
    page = write(visit("text", nll="true"), until_written)
    [paper] = list_papers(page)
    assert len(paper["nats"]) == len(paper["text"]) == 500
    assert min(paper["nats"]) >= 0 and len(set(paper["nats"])) > 50
    assert len(paper["legend"]) == len(paper["levels"]) + 1
    assert f"{np.mean(paper['nats']):.2f} nats" in join_texts(page.caption)


def test_changed_setting_writes_again(visit, tiny, until_written):
    page = write(visit("text", temperature="1.0"), until_written)
    first = list_papers(page)[0]["text"]
    page.slider(key="temperature").set_value(0.5).run()
    second = list_papers(until_written(page))[0]["text"]
    assert second != first
    page.slider(key="temperature").set_value(1.0).run()
    assert list_papers(until_written(page))[0]["text"] == first


def test_nothing_is_written_before_the_user_asks(visit, tiny):
    page = visit("text", prompt="so")
    page.slider(key="temperature").set_value(0.5).run()
    [paper] = list_papers(page)
    assert (paper["before"], paper["text"]) == ("so", "")


def test_stop_keeps_the_text(visit, tiny, until_written, until):
    page = visit("text", chars=MANY_CHARACTERS)
    press_button(page, "Write")
    until(lambda: page.run() and list_papers(page)[0]["text"])
    assert list_papers(page)[0]["is_growing"]
    press_button(page, "Stop")
    page = until_written(page)
    assert 0 < len(list_papers(page)[0]["text"]) < int(MANY_CHARACTERS)
    assert "stopped early" in join_texts(page.caption)


def test_stopped_text_survives_a_reload(visit, tiny, until_written, until):
    page = visit("text", chars=MANY_CHARACTERS)
    press_button(page, "Write")
    until(lambda: page.run() and list_papers(page)[0]["text"])
    press_button(page, "Stop")
    page = until_written(page)
    text, address = (
        list_papers(page)[0]["text"],
        {name: page.query_params[name] for name in page.query_params},
    )
    again = visit(
        "text", **{name: value if isinstance(value, str) else value[0] for name, value in address.items()}
    )
    [paper] = list_papers(again)
    assert paper["text"] == text and not paper["is_growing"], "the run did not start again"
    assert "stopped early" in join_texts(again.caption)


def test_long_text_is_not_started_by_its_address(visit, tiny):
    page = visit("text", chars=MANY_CHARACTERS, written="true")
    assert "Press Write" in join_texts(page.info) and "Stop" not in list_button_labels(page)


def test_write_on_begins_with_the_text(visit, tiny, until_written):
    page = write(visit("text", prompt="so"), until_written)
    first = "so" + list_papers(page)[0]["text"]
    press_button(page, "Write on")
    [paper] = list_papers(until_written(page))
    assert paper["before"] == first
    assert len(paper["text"]) == 500
    assert page.text_area(key="prompt").disabled
    press_button(page, "Start over")
    assert list_papers(page)[0]["before"] == "so"


def test_make_again_changes_the_seed_and_same_seed_keeps_it(visit, tiny, until_written):
    page = write(visit("text"), until_written)
    first = list_papers(page)[0]["text"]
    press_button(page, "Same seed")
    assert list_papers(until_written(page))[0]["text"] == first
    press_button(page, "Make again")
    assert list_papers(until_written(page))[0]["text"] != first
    assert page.number_input(key="seed").value != 0


def test_text_of_a_model_file_is_not_continued_by_another_model(visit, engine, tiny, until, monkeypatch):
    model = File.store(model_zip.pack(tiny), "model", "old-tales.zip")
    job = engine.submit("text.write", WriteSettings(chars=20, prompt="so"), {"model": [model]})
    until(lambda: engine.find_job(job.id).finished, 60)
    page = visit("text", job=job.id)
    assert not page.exception
    assert not {"Write on", "Same seed"} & set(list_button_labels(page))
    assert "old-tales" in join_texts(page.caption).replace("\\", "")
    calls = []
    monkeypatch.setattr("pages.jobs.jobs.start", lambda *args: calls.append(args))
    press_button(page, "Make again")
    assert calls[0][2]["model"][0].digest == model.digest and calls[0][1].seed != 0
    engine.find_job(job.id).folder.remove()


def test_text_without_a_prompt_leaves_none_in_the_form(visit, engine, tiny, until_written):
    page = write(visit("text"), until_written)
    press_button(page, "Keep")
    job = engine.list_jobs()[0]
    page = visit("text", job=job.id, prompt="so")
    press_button(page, "Make again")
    assert not page.exception
    assert page.text_area(key="prompt").value == ""
    assert list_papers(until_written(page))[0]["before"] == ""
    engine.find_job(job.id).folder.remove()


def test_saved_text_is_found_by_its_job_and_replaced_by_the_next(visit, engine, tiny, until_written):
    page = write(visit("text", prompt="so"), until_written)
    first = list_papers(page)[0]
    press_button(page, "Keep")
    assert find_button(page, "Kept").disabled
    job = engine.list_jobs()[0]
    page = visit("text", job=job.id)
    assert list_papers(page)[0]["text"] == first["text"]
    assert "Close" in list_button_labels(page)
    page.text_area(key="prompt").set_value("no").run()
    assert list_papers(page)[0]["before"] == "no"
    engine.find_job(job.id).folder.remove()


def get_parameters(page):
    """Returns the query parameters as a link or a reload sends them."""
    return dict(page.query_params)


@pytest.mark.slow
def test_reload_writes_the_same_text_again(visit, tiny, until_written):
    page = visit("text", prompt="so", seed="7", temperature="1.0")
    assert "written" not in page.query_params
    first = list_papers(write(page, until_written))[0]
    rerun_page = until_written(visit("text", **get_parameters(page)))
    assert list_papers(rerun_page)[0] == first


def test_reload_continues_the_same_text(visit, tiny, until_written):
    page = write(visit("text", prompt="so"), until_written)
    press_button(page, "Write on")
    second = list_papers(until_written(page))[0]
    rerun_page = until_written(visit("text", **get_parameters(page)))
    assert list_papers(rerun_page)[0] == second
    assert rerun_page.text_area(key="prompt").disabled
    press_button(rerun_page, "Start over")
    assert list_papers(rerun_page)[0]["before"] == "so"
    assert not {"written", "before"} & set(rerun_page.query_params)


@pytest.mark.parametrize("digest", ["0" * 64, "../../passwd"])
def test_deleted_base_text_is_dropped(visit, tiny, until_written, digest):
    page = until_written(visit("text", prompt="so", written="true", before=digest))
    assert list_papers(page)[0]["before"] == "so"


def test_base_text_of_another_visitor_is_dropped(visit, tiny, until_written, monkeypatch):
    owner_name = ["visitor-a"]
    monkeypatch.setattr(owners, "get_owner", lambda: owner_name[0])
    digest = File.store(b'"so a secret"', "text", "before.json").digest
    page = until_written(visit("text", prompt="so", written="true", before=digest))
    assert list_papers(page)[0]["before"] == "so a secret"
    assert page.query_params["before"] in (digest, [digest]), "so that the next reload has it too"
    owner_name[0] = "visitor-b"
    page = until_written(visit("text", prompt="so", written="true", before=digest))
    assert list_papers(page)[0]["before"] == "so"


@pytest.mark.slow
def test_browser_back_returns_to_before_the_text(visit, tiny, until_written, monkeypatch):
    page = write(visit("text", prompt="so"), until_written)
    first = list_papers(page)[0]
    press_button(page, "Write on")
    until_written(page)
    monkeypatch.setattr("pages.widgets.browser_history.is_back_or_forward", lambda: True)
    del page.query_params["before"]
    assert list_papers(until_written(page))[0] == first
    del page.query_params["written"]
    assert list_papers(page.run())[0]["text"] == ""


def test_same_seed_makes_a_saved_text_again(visit, engine, tiny, until_written):
    page = write(visit("text", prompt="so", seed="7"), until_written)
    first = list_papers(page)[0]
    press_button(page, "Keep")
    job = engine.list_jobs()[0]
    page = visit("text", prompt="no", job=job.id)
    press_button(page, "Same seed")
    assert list_papers(until_written(page))[0] == first
    assert "job" not in page.query_params
    assert list_papers(until_written(visit("text", **get_parameters(page))))[0] == first
    engine.find_job(job.id).folder.remove()


def test_every_setting_has_one_widget(visit, tiny):
    kinds = ("slider", "select_slider", "number_input", "text_input", "text_area", "selectbox", "toggle")
    kinds += ("button_group",)
    for way, settings, left in (("Write", WriteSettings, {"count"}), ("Your text", TrainTextSettings, set())):
        page = visit("text", do=way)
        there = [element.key for kind in kinds for element in getattr(page, kind)]
        for name in set(settings.describe()) - left:
            assert there.count(name) == 1, name


def test_page_without_models_opens_the_training(visit, started_jobs):
    page = visit("text")
    assert list_papers(page)[0]["text"] == sample_texts.generate_tales()[:700]
    press_button(page, "Train")
    [(task, settings, inputs)] = started_jobs
    assert (task, settings.units) == ("text.train", 128)
    assert inputs["text"][0].read().decode() == sample_texts.generate_tales()


def test_sample_text_is_reproducible_and_can_be_trained_on():
    text = sample_texts.generate_tales()
    assert text == sample_texts.generate_tales()
    assert len(text) > 20_000
    assert not corpus.compute_facts(text).unusual
    assert "whose the" not in text


def test_settings_of_another_page_do_not_change_the_text(visit):
    page = visit("text", layers="mixed4:71, mixed4")
    assert not page.exception
    assert page.number_input(key="layers").value is None


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "PNG"),
        (b"a" * 500, "different characters"),
        (b"too short", "64 characters"),
    ],
)
def test_invalid_training_text_shows_an_error(visit, data, reason):
    page = visit("text", do="Your text", source="A file")
    page.file_uploader[0].upload("a_file.txt", data, "text/plain").run()
    assert not page.exception
    [error] = page.error
    assert reason in error.value.replace("\\", "")
    assert find_button(page, "Train").disabled


def test_text_box_accepts_the_maximum_length(visit):
    page = visit("text", do="Train", source="A file")
    [box] = page.file_uploader
    assert box.proto.max_upload_size_mb == corpus.MAX_BYTES // 10**6 == 100


def test_uploaded_text_shows_its_facts_and_is_trained_on(visit, started_jobs):
    text = "Ünder the oak \u2028 the fox found \u00ad a key.\n" * 8
    page = visit("text", do="Your text", source="A file")
    page.file_uploader[0].upload("a_file.txt", text.encode("utf-16"), "text/plain").run()
    assert not page.error
    assert "Read as UTF-16." in join_texts(page.caption)
    assert "sequences have" in join_texts(page.caption)
    assert "soft hyphen (8)" in join_texts(page.text)
    assert page.metric[0].value == f"{len(text):,}"
    press_button(page, "Train")
    assert started_jobs[0][2]["text"][0].read() == text.encode("utf-16")


def test_pasted_text_is_trained_on(visit, started_jobs):
    page = visit("text", do="Your text", source="Pasted")
    assert find_button(page, "Train").disabled and "at least 64 characters" in join_texts(page.info)
    page.text_area(key="pasted_text").set_value("ab " * 100).run()
    press_button(page, "Train")
    assert started_jobs[0][2]["text"][0].read() == b"ab " * 100


def test_language_model_keeps_its_size_in_fine_tuning(visit, tiny, started_jobs):
    page = visit("text", do="Your text", begin_with="tiny")
    assert "LSTM with 2 layers of 16 units" in join_texts(page.caption)
    for kind in ("slider", "select_slider", "number_input", "toggle", "button_group"):
        assert not {element.key for element in getattr(page, kind)} & set(language_model.SHAPE_SETTINGS)
    press_button(page, "Train")
    [(task, settings, inputs)] = started_jobs
    assert {name: getattr(settings, name) for name in language_model.SHAPE_SETTINGS} == {
        name: getattr(tiny_language_model.SETTINGS, name) for name in language_model.SHAPE_SETTINGS
    }
    text_task.check(settings, inputs)  # it rejects a language model of another shape
    assert presets.from_zip(inputs["start"][0]).digest == presets.find("tiny").digest
    pasted = inputs | {"text": [File.store(b"ab " * 100, "text", "pasted.txt")]}
    assert "--start-from tiny " in commands.format_command(task, settings, pasted)
    page.selectbox(key="begin_with").set_value("").run()
    press_button(page, "Train")
    assert "start" not in started_jobs[1][2] and started_jobs[1][1].units == 128


def test_model_with_the_name_of_another_is_a_file_in_commands(tiny, tmp_path):
    other = File.store(
        model_zip.pack(tiny_language_model.make(tmp_path / "other", seed=1)), "model", "tiny.zip"
    )
    assert "--start-from tiny.zip" in commands.format_command(
        "text.train", tiny_language_model.SETTINGS, {"start": [other]}
    )


@pytest.fixture
def finished_training(engine, tiny):
    """A training run that has ended."""
    settings, recipe = tiny_language_model.SETTINGS, recipes.Recipe(task="text.train", settings={})
    inputs = {"text": [File.store(b"the cat " * 20, "text", "tiny_text.txt")]}
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
    job = engine.store_live(live)
    yield job
    engine.find_job(job.id).folder.remove()


def test_finished_training_shows_metrics_and_becomes_a_language_model(
    visit, finished_training, until_written
):
    page = visit("text", job=finished_training.id)
    assert page.button_group(key="do").value == "own"
    text = join_texts(page.markdown)
    assert "**1.50 nats (2.16 bits) per character**" in text
    assert "a perplexity of 4.5" in text
    assert "stopped early" in text and "the batch size is 4" in text
    assert (
        set(list_papers(page)[0]["text"]) <= set(tiny_language_model.LETTERS) and list_papers(page)[0]["text"]
    )
    find_name_field(page).set_value("Élises Märchen 日本!").run()
    press_button(page, "Keep as model")
    assert presets.find("Élises Märchen 日本!").digest == presets.find("tiny").digest
    assert page.button_group(key="do").value == "write"
    assert page.selectbox(key="preset").value == "Élises Märchen 日本!"
    write(page, until_written)
    assert "Élises Märchen 日本!" in page.selectbox(key="preset").options, "shown as it was typed"
    linked = visit("text", preset="Élises Märchen 日本!")
    assert not linked.exception and linked.selectbox(key="preset").value == "Élises Märchen 日本!"


def test_reload_during_training_keeps_the_open_half(visit, finished_training):
    page = visit("text", job=finished_training.id)
    for half in ("write", "own"):
        page.button_group(key="do").set_value(half).run()
        assert page.query_params["job"] in (finished_training.id, [finished_training.id])
        assert visit("text", **get_parameters(page)).button_group(key="do").value == half
    page = visit("text", job=finished_training.id, half_of_text="write:another")
    assert page.button_group(key="do").value == "own", "a link to a job opens what shows it"


def test_finished_training_is_closed_by_another_text(visit, finished_training):
    page = visit("text", job=finished_training.id)
    assert "Keep as model" in list_button_labels(page)
    page.number_input(key="layers").set_value(2).run()
    assert "Keep as model" in list_button_labels(page), "its settings may be tried again"
    page.button_group(key="source").set_value("pasted").run()
    assert "Keep as model" not in list_button_labels(page)


@pytest.mark.parametrize(
    "name, reason", [("Tiny", "already"), ("../", "Invalid name"), ("  ", "Invalid name"), ("nul", "Invalid")]
)
def test_invalid_name_shows_an_error(visit, finished_training, name, reason):
    page = visit("text", job=finished_training.id)
    find_name_field(page).set_value(name).run()
    press_button(page, "Keep as model")
    assert reason in join_texts(page.error) and reason in join_texts(page.toast)
    order = [element.type for element in page.main if element.type in ("error", "text_input")]
    assert order.index("error") < len(order) - 1, "above the field"
    assert language_models.list_names() == ["tiny"]


def test_damaged_or_other_models_are_no_language_models(tiny):
    (tiny / model_folder.SETTINGS).write_text("{}")
    assert language_models.list_names() == []


def test_metrics_are_described():
    text = training.describe_outcome(tiny_language_model.FIGURES | {"notes": ["*odd* <b>"], "ended": ""})
    assert "\\*odd\\*" in text
    assert "Fine-tuned" not in text
    assert "early" not in text
    fine_tuned = training.describe_outcome(
        tiny_language_model.FIGURES | {"started_from": "my *language model*"}
    )
    assert "Fine-tuned from my \\*language model\\*" in fine_tuned


def test_under_the_hood_uses_the_model_of_the_text(visit, tiny, until_written):
    page = write(visit("text", explain="true"), until_written)
    assert len(page.get("vega_lite_chart")) == 2
    text = "a dog likes the sea"
    read = under_the_hood._read_text("tiny", presets.find("tiny").digest, text)
    assert read.text == text
    scores = next_character.list_rows(read.logits[-1], read.alphabet)
    model = language_model.load("tiny")
    sampler = Sampler(model.network)
    sampler.read(model.vocabulary.encode(text).indices)
    expected = np.sort(sampler.logits[0])[::-1]
    assert np.allclose([row["score"] for row in scores], expected - expected[0], atol=1e-3)
    assert scores[0]["character"] == corpus.describe_character(
        tiny_language_model.LETTERS[int(sampler.logits[0].argmax())]
    )
    doors = gates.list_rows(read.activations[:, :, 0], read.text, read.gates)
    assert [row["character"] for row in doors[::3]] == [corpus.describe_character(c) for c in text]


def test_without_a_text_the_model_reads_a_passage(visit, tiny):
    page = visit("text", explain="true")
    assert not page.exception
    assert len(page.get("vega_lite_chart")) == 2
    assert "passage of Hamlet" in join_texts(page.caption)


def test_chart_starts_at_the_least_certain_character():
    sure, torn = [9.0, 0.0, 0.0], [1.0, 1.1, 1.0]
    assert next_character.find_highest_entropy(np.array([sure, torn, sure])) == 1


def test_gates_of_a_gru_match_the_network(tmp_path):
    rng = np.random.default_rng(0)
    units, size = 5, 7
    shapes = [(size, 3), (3, 3 * units), (units, 3 * units), (2, 3 * units), (units, size), (size,)]
    network = Network([rng.normal(size=shape) for shape in shapes], "gru")
    indices = np.arange(12) % size
    activations = gates.compute_gates(network, indices)
    assert activations.shape == (12, 2, units) and len(gates.list_gate_names(network)) == 2
    states = network.states(1)
    for at, read in enumerate(indices):
        before = states[0][0]
        _, states = network.step(np.array([read]), states)
        update = activations[at, 0]
        fresh = (states[0][0] - update * before) / (1 - update)
        assert np.all(np.abs(fresh) <= 1 + 1e-4), "what is not kept is a tanh"


def test_folded_section_computes_nothing(visit, tiny, until_written, monkeypatch):
    monkeypatch.setattr(under_the_hood, "_read_text", lambda *_: pytest.fail("computed"))
    page = write(visit("text"), until_written)
    assert not page.get("vega_lite_chart")


def test_gates_match_the_network(tiny):
    network = language_model.load("tiny").network
    indices = np.arange(20) % network.size
    activations = gates.compute_gates(network, indices)
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


def test_image_marks_unlikely_characters():
    calm = text_tiles.draw_marked("One", " two\nthree", [0.0] * 10)
    other = text_tiles.draw_marked("One", " two\nthree", [0.0] * 5 + [9.0] + [0.0] * 4)
    changed = np.argwhere(np.any(np.asarray(calm) != np.asarray(other), axis=-1))
    assert len(changed)
    top, left = changed.min(axis=0)
    assert top >= 39, "the sixth character stands in the second line"
    assert left < 40


def test_prompt_is_limited_by_the_settings():
    WriteSettings(prompt="a" * text_view.MAX_PROMPT)
    with pytest.raises(ValueError, match="prompt"):
        WriteSettings(prompt="a" * (text_view.MAX_PROMPT + 1))


@pytest.fixture
def second_model(tiny):
    """A second language model next to "tiny"."""
    return tiny_language_model.make(paths.ensure_folder("presets") / "other", seed=1)


def open_comparison(visit, until, **params):
    page = visit("text", do="Who wrote this?", **params)
    return until(lambda: page.run() and not page.exception and page.metric and page)


@pytest.mark.slow
def test_two_language_models_color_each_character(visit, second_model, until):
    page = open_comparison(visit, until, explain="true")
    [paper] = list_papers(page)
    assert paper["text"] == sample_texts.PASSAGES and paper["language_models"] == ["other", "tiny"]
    assert len(paper["nats"]) == len(paper["other_nats"]) == len(paper["text"])
    ignored_characters = {
        letter for letter, nats in zip(paper["text"], paper["nats"], strict=True) if nats is None
    }
    assert "," in ignored_characters and "a" not in ignored_characters
    assert len(paper["legend"]) == len(paper["shades"]) == 5
    assert "count for neither" in join_texts(page.caption) and "does not identify an author" in join_texts(
        page.caption
    )
    assert len(page.get("vega_lite_chart")) == 2  # the sentences, and the cumulative evidence
    assert [element.label for element in page.metric] == ["other", "tiny"]


def test_pasted_text_is_compared_and_shown_literally(visit, second_model, until):
    prompt = "the <b>cat</b> sat on the mat and saw the dog. " * 3
    page = visit("text", do="Who wrote this?", source="Pasted")
    page.text_area(key="pasted_text").set_value(prompt).run()
    until(lambda: page.run() and page.metric)
    assert list_papers(page)[0]["text"] == prompt
    assert [code.value for code in page.code if code.value.startswith("studio who pasted.txt --first other")]


def test_authorship_needs_two_language_models(visit, tiny):
    page = visit("text", do="Who wrote this?")
    assert not page.exception and "two different language models" in join_texts(page.info)


def test_evidence_is_summed_without_ignored_characters():
    result = {"text": "a b", "nats": [[1.0, None, 3.0], [2.0, None, 1.5]], "language_models": []}
    assert [row["lead"] for row in evidence.list_leads(result)] == [1.0, 1.0, -0.5]
    assert evidence.list_leads(result)[-1]["read"] == "a b"


@pytest.mark.parametrize("at, first", [(0, 0), (40, 24), (71, 40)])
def test_gates_are_drawn_around_the_selected_character(at, first):
    near = under_the_hood._slice_around(at, 72)
    assert (near.start, near.stop) == (first, first + under_the_hood.MAX_GATE_CHARS)
    assert len("ab"[under_the_hood._slice_around(1, 2)]) == 2, "a short text is drawn whole"
