"""The Tune page: form, start, and charts of trials."""

from __future__ import annotations

import pytest

from pages.form import sample_texts
from pages.tune import input_form, trial_charts, trials
from studio.core import paths, tasks
from studio.core.tasks import File
from studio.engine.jobs import store
from studio.engine.jobs.records import Request
from studio.tune.settings import TuneSettings
from studio.tune.task import check

from .elements import find_button, join_texts, press_button


@pytest.mark.slow
@pytest.mark.parametrize("name", input_form.SUBJECTS)
def test_every_training_task_can_be_searched_with_defaults(visit, started_jobs, name):
    page = visit("tune", train=input_form.SUBJECTS[name].title)
    assert not page.exception and not page.error
    press_button(page, "Tune")
    [(task, settings, inputs)] = started_jobs
    assert (task, settings.train) == ("tune.run", name)
    check(settings, inputs)
    assert [word.partition("=")[0] for word in settings.vary] == list(
        tasks.get(f"{name}.train").goal.search_settings
    )
    length = input_form.SUBJECTS[name].length
    small = [word.partition("=")[0] for word in input_form.SUBJECTS[name].small]
    tests = ["test_every"] if length == "steps" else []
    assert [word.partition("=")[0] for word in settings.fixed] == [*filter(None, [length]), *tests, *small]
    if tests:
        assert settings.fixed[:2] == ("steps=400", "test_every=100"), "else none could be stopped early"


def test_every_searchable_task_is_on_the_page():
    able = {name.partition(".")[0] for name in tasks.TASKS if tasks.get(name).goal}
    assert able - {"bowl"} == set(input_form.SUBJECTS)  # a task of the tests


def test_settings_that_change_what_the_metric_measures_cannot_vary(visit):
    fields = tasks.get("vae.train").settings.describe()
    offered = set(visit("tune", train="A VAE").multiselect(key="vary_vae").options)
    assert {fields[name].title for name in ("learning_rate", "latent_dim")} <= offered
    assert not {fields[name].title for name in ("beta", "size", "held_out", "seed")} & offered


@pytest.mark.slow
def test_search_space_is_chosen(visit, started_jobs):
    page = visit("tune")
    page.multiselect(key="vary_text").set_value(["units", "architecture"]).run()
    page.number_input(key="range_text_units.from").set_value(32).run()
    page.number_input(key="range_text_units.to").set_value(64).run()
    next(element for element in page.number_input if element.label == "Epochs per trial").set_value(2).run()
    press_button(page, "Tune")
    [(_, settings, inputs)] = started_jobs
    assert settings.vary[0] == "units=32:64" and settings.vary[1].startswith("architecture=lstm|")
    assert settings.fixed == ("epochs=2", "embedding=32"), "units vary, so that none are fixed"
    assert [slot for slot, files in inputs.items() if files] == ["text"]


def test_parameter_without_choices_is_refused(visit):
    page = visit("tune")
    page.multiselect(key="vary_text").set_value(["architecture"]).run()
    page.button_group(key="range_text_architecture").set_value([]).run()
    assert "Architecture" in page.error[0].value
    assert find_button(page, "Tune").disabled


def test_stopped_trials_are_compared_only_by_the_objective():
    finished_trials = [{"state": "done", "value": value} for value in (100.4, 120.0)]
    poor = [{"state": "stopped early", "value": 0.6}]
    assert trials._describe_other_values(finished_trials + poor, is_maximized=False).endswith(
        "Second best: 120; worst of 2: 120."
    )
    assert trials._describe_other_values(finished_trials[:1] + poor, is_maximized=True) == "Higher is better."


def test_invalid_search_shows_an_error_and_does_not_start(visit):
    page = visit("tune")
    page.multiselect(key="vary_text").set_value([]).run()
    assert find_button(page, "Tune").disabled
    page.multiselect(key="vary_text").set_value(["units"]).run()
    page.number_input(key="range_text_units.from").set_value(300).run()
    page.number_input(key="range_text_units.to").set_value(200).run()
    assert "“from” must be below “to”" in page.error[0].value
    assert find_button(page, "Tune").disabled


def test_duration_of_a_trial_is_shown_before_start(visit):
    assert "One trial takes" in visit("tune").info[0].value

    def takes(epochs):
        fixed = (f"epochs={epochs}",)
        settings = TuneSettings(train="text", vary=("dropout",), fixed=fixed)
        return input_form.describe_cost(settings, {"text": [sample_texts.store_tales()]})

    assert ("hours" in takes(900), "hours" in takes(1)) == (True, False)


@pytest.mark.slow
@pytest.mark.parametrize("name, expected", [("A VAE", True), ("A DCGAN", True), ("A language model", False)])
def test_weights_of_metrics_are_announced_before_start(visit, home, name, expected):
    page = visit("tune", train=name)
    assert not page.exception
    assert any("downloads InceptionV3 (81 MB)" in info.value for info in page.info) == expected


def test_measurements_become_one_line_per_trial():
    history = [
        {"step": 0, "seconds": 0.1, "trial 1": 3.0},
        {"step": 0, "seconds": 0.2, "trial 1": 2.5},
        {"step": 1, "seconds": 0.3, "trial 2": 4.0, "best": 2.5},
    ]
    rows = [(row["trial"], row["measurement"], row["value"]) for row in trials.list_measurements(history)]
    assert rows == [("1", 1, 3.0), ("1", 2, 2.5), ("2", 1, 4.0)]


def test_finished_search_is_closed_by_other_images(draw, engine, until, monkeypatch):
    texts = [File.store(words, "text", "sea.txt") for words in (b"the sea " * 40, b"the land " * 40)]
    monkeypatch.setattr(trials, "_show_finished", lambda job, settings: None)
    request = Request.of(tasks.get(trials.TASK), {"train": "text", "vary": ["architecture"]}, {}, "local")
    id = store.new_id(1)
    store.write_finished(paths.ensure_folder("jobs") / id, request, tasks.Result((texts[0],)), 1, 2)
    until(lambda: id in {job.id for job in engine.list_jobs(limit=1000)})

    def page(id, texts):
        import streamlit as st

        from pages.jobs import navigation
        from pages.tune import trials

        navigation.note_page("tune")
        if "chosen" not in st.session_state:
            st.query_params["job"] = id
        text = texts[st.session_state.setdefault("chosen", 0)]
        st.session_state["shown"] = trials.show({"text": [text]}) is not None

    view = draw(page, id=id, texts=texts)
    assert view.run().session_state["shown"]
    view.session_state["chosen"] = 1
    assert not view.run().session_state["shown"]
    engine.find_job(id).folder.remove()


@pytest.mark.slow
def test_finished_search_shows_the_best_and_the_importances(draw, engine, until):
    """Uses a real search with small training runs."""
    text = File.store(b"the sea, the sea, and so it is. " * 40, "text", "sea.txt")
    small = ("units=16", "embedding=8", "streams=2", "sequence=16", "epochs=1")
    settings = TuneSettings.parse(
        {"train": "text", "vary": ("learning_rate=0.001:0.05", "architecture"), "fixed": small, "trials": 4}
    )
    job = engine.submit("tune.run", settings, {"text": [text]})
    until(lambda: engine.find_job(job.id).finished, 240)
    assert engine.find_job(job.id).state == "done", engine.find_job(job.id).error

    def page(id):
        import streamlit as st

        from pages.tune import trials, under_the_hood

        st.query_params["job"] = id
        under_the_hood.explain(trials.show({}))

    view = draw(page, id=job.id)
    assert not view.exception
    assert float(view.metric[0].value) == pytest.approx(
        engine.find_job(job.id).result.figures["best"], rel=1e-3
    )
    assert view.metric[0].label == "Best: nats per character, validation"
    assert "learning rate" in view.markdown[0].value
    assert view.caption[0].value.startswith("Lower is better")
    assert list(view.dataframe[0].value["trial"]) == [1, 2, 3, 4]
    assert len(view.get("vega_lite_chart")) >= 2
    assert any(caption.value.startswith("Parallel coordinates") for caption in view.caption)
    [more] = [button for button in view.button if button.label == "10 more trials"]
    more.click().run()
    [longer] = [job for job in engine.list_jobs() if job.settings.get("trials") == 14]
    engine.cancel(longer.id)
    until(lambda: engine.find_job(longer.id).finished, 240)


def test_parallel_coordinates_place_numbers_by_scale_and_choices_in_order():
    fields = tasks.get("text.train").settings.describe()
    values = [(0.001, "gru", 2.0), (0.01, "lstm", 1.5), (0.1, "gru", 1.75)]
    shown_trials = [
        {"number": n, "settings": {"learning_rate": rate, "architecture": kind}, "value": value}
        for n, (rate, kind, value) in enumerate(values, 1)
    ]
    titles = {"learning_rate": "Rate", "architecture": "Kind"}
    chart = trial_charts.build_parallel_coordinates(fields, titles, "Loss", shown_trials, False).to_dict()
    lines, labels = (layer["data"]["values"] for layer in chart["layer"])
    positions = {
        axis: [row["at"] for row in lines if row["axis"] == axis] for axis in ("Rate", "Kind", "Loss")
    }
    assert positions["Rate"] == pytest.approx([0, 0.5, 1]), "its scale is logarithmic"
    assert positions["Kind"] == [0, 1, 0] and positions["Loss"] == [1, 0, 0.5]
    assert {row["text"] for row in labels} == {"0.001", "0.1", "gru", "lstm", "1.5", "2"}


def test_short_text_gets_more_epochs():
    def count_epochs(chars):
        return input_form._compute_default_epochs(
            {"text": [File.store(b"It is told. " * (chars // 12), "text", "a.txt")]}
        )

    assert count_epochs(25_000) > count_epochs(100_000) > count_epochs(600_000) >= 6


def test_reversed_range_is_explained_at_the_fields_and_at_the_button(visit):
    page = visit("tune")
    page.number_input(key="range_text_learning_rate.from").set_value(0.05).run()
    text = "Learning rate: “from” must be below “to”"
    assert text in join_texts(page.error) and "--vary" not in join_texts(page.error)
    assert find_button(page, "Tune").disabled, "disabled, not gone"
    assert text in join_texts(page.caption), "next to the button, which stays in sight"


def test_ends_of_a_range_show_their_limits(visit):
    page = visit("tune")
    styles = [element.proto.body for element in page.get("html")]
    limits = [style for style in styles if "Not used: enter 0 to 0.1." in style]
    assert len(limits) == 2, "of both ends"
