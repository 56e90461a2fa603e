"""Search by preference: two images, a choice, the next pair, and the best settings."""

from __future__ import annotations

from urllib.parse import parse_qsl

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.form import sliders
from pages.jobs import live
from pages.tune.by_preference import pair_form
from studio.core import recipes, tasks
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.engine import Live
from studio.tune.by_preference import search_store
from studio.tune.by_preference.levels import list_levels
from studio.tune.space import parse_space

from .elements import find_button, join_texts, list_button_labels, press_button, require_success

PICK = "This one"


@pytest.fixture
def quick_images(monkeypatch, home):
    """Renders one-color images instead of running tasks; records the settings."""
    requests = []

    def paint(task, settings, inputs, cache_name, max_results):
        requests.append(settings)
        shade = hash(settings.model_dump_json()) % 255
        recipe = recipes.Recipe(task=task, settings=settings.model_dump(mode="json"))
        data = image_io.encode_png(np.full((32, 48, 3), shade, "uint8"), recipe)
        return Live(task, settings, inputs, data, "image", "made.png", {}, recipe, 0.1)

    monkeypatch.setattr(live, "make_result", paint)
    monkeypatch.setattr("pages.widgets.weight_downloads.list_missing", lambda names: [])
    return requests


def get_parameters(page) -> dict[str, str]:
    return dict(parse_qsl(page.query_params if isinstance(page.query_params, str) else "")) or {
        name: value[0] if isinstance(value, list) else value for name, value in page.query_params.items()
    }


def start_search(visit, **params):
    page = require_success(visit("tune", select_by="By preference", **params))
    return require_success(press_button(page, "Start"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "task, names",
    [("style.transfer", ["strength", "stroke_size"]), ("dream.ascend", ["look", "steps", "octaves"])],
)
def test_one_click_starts_a_search(visit, quick_images, task, names):
    page = start_search(visit, make=pair_form.SUBJECTS[task].title)
    search = search_store.load_search(get_parameters(page)["preference"], "local")
    assert (search.task, list(search.make_selector().grid.names)) == (task, names)
    assert list_button_labels(page).count(PICK) == 2
    assert "Comparison 1 of 30" in page.get("progress")[0].proto.text
    first, second = quick_images
    assert (first.size, second.size) == (pair_form.SIZE,) * 2 and first != second
    tasks.check(task, first, search.inputs)


def test_pick_is_saved_learned_from_and_undone(visit, quick_images):
    page = start_search(visit)
    id, pair = (
        get_parameters(page)["preference"],
        search_store.load_search(get_parameters(page)["preference"], "local").make_selector().next_pair,
    )
    require_success(page.button(key="preference_right").click().run())
    [one] = search_store.load_search(id, "local").compared
    assert (one.picked, tuple(one.right.values())) == ("right", pair.right)
    assert "Comparison 2 of 30" in page.get("progress")[0].proto.text
    require_success(press_button(page, "Too alike"))
    require_success(page.button(key="preference_left").click().run())
    assert [comparison.picked for comparison in search_store.load_search(id, "local").compared] == [
        "right",
        "alike",
        "left",
    ]
    page.session_state["explain"] = True
    require_success(page.run())
    assert len(page.get("vega_lite_chart")) == 2, "a chart a setting under the hood"
    assert not any("Recorded" in element.value for element in page.caption)
    require_success(press_button(page, "Undo last"))
    assert "Comparison 3 of 30" in page.get("progress")[0].proto.text
    assert len(search_store.load_search(id, "local").compared) == 2


def test_link_and_another_tab_restore_the_search(visit, quick_images):
    page = start_search(visit)
    id = get_parameters(page)["preference"]
    page.button(key="preference_left").click().run()
    linked = require_success(visit("tune", preference=id))
    assert "Comparison 2 of 30" in linked.get("progress")[0].proto.text
    other = require_success(visit("tune", select_by="By preference"))
    on = next(element for element in other.button if element.label.startswith("Continue"))
    assert "1 compared" in on.label
    assert "Comparison 2 of 30" in require_success(on.click().run()).get("progress")[0].proto.text
    press_button(other, "New search")
    assert "Start" in list_button_labels(other) and "preference" not in get_parameters(other)
    press_button(other, "Forget")
    assert not [label for label in list_button_labels(require_success(other)) if label.startswith("Continue")]


def test_other_half_is_one_click_away(visit, quick_images):
    page = start_search(visit)
    page.button_group(key="select_by").set_value("metric").run()
    assert "Tune" in list_button_labels(require_success(page)) and PICK not in list_button_labels(page)
    page.button_group(key="select_by").set_value("preference").run()
    assert list_button_labels(require_success(page)).count(PICK) == 2


def test_invalid_link_shows_one_warning(visit, quick_images):
    page = visit("tune", preference="0123456789abcdef")
    assert "no longer exists" in join_texts(page.warning) and not page.exception
    assert "Start" in list_button_labels(page)


def test_search_space_is_chosen(visit, quick_images):
    page = visit("tune", select_by="By preference", make="Dream")
    page.multiselect(key="preference_vary_dream").set_value(["steps"]).run()
    page.select_slider(key="preference_range_steps").set_value((5, 7)).run()
    assert [element.label for element in page.selectbox] == ["Preset"], "what does not vary is asked for"
    find_button(require_success(page), "Start").click().run()
    search = search_store.load_search(get_parameters(require_success(page))["preference"], "local")
    assert search.vary == ("steps=5:7",)
    for _ in range(3):
        if PICK in list_button_labels(page):
            require_success(page.button(key="preference_left").click().run())
    assert "Use these" in list_button_labels(page), "three values are compared soon"
    assert "Continue comparing" not in list_button_labels(page)


def test_empty_search_space_and_single_choice_are_refused(visit, quick_images):
    page = visit("tune", select_by="By preference", make="Dream")
    page.multiselect(key="preference_vary_dream").set_value([]).run()
    assert "at least one setting" in join_texts(page.caption) and find_button(page, "Start").disabled
    page.multiselect(key="preference_vary_dream").set_value(["look"]).run()
    page.button_group(key="preference_range_look").set_value(["dogs"]).run()
    assert "at least two choices" in join_texts(page.error) and find_button(page, "Start").disabled


@pytest.mark.parametrize("make", ["Style", "Dream"])
def test_best_result_opens_its_page_with_its_settings(visit, quick_images, monkeypatch, make):
    calls, started = [], []
    monkeypatch.setattr(
        "pages.parts.show_live", lambda task, settings, ask, *rest, **more: calls.append((settings, ask()))
    )
    monkeypatch.setattr("pages.parts.start", lambda *args: started.append(args[1:]))
    page = start_search(visit, make=make, content="Coffee")
    for picked in ("right", "left", "right"):
        page.button(key=f"preference_{picked}").click().run()
    search = search_store.load_search(get_parameters(page)["preference"], "local")
    require_success(press_button(page, "Show the best"))
    best = quick_images[-1]
    assert (
        best.model_dump_json()
        == search.make_image_settings(
            search.make_selector().best, search.make_selector().grid.names
        ).model_dump_json()
    )
    assert best != search.settings_class.parse({**search.settings}), "so that there is something to carry"
    press_button(page, "Use these")
    assert not page.exception
    if make == "Dream":
        page.switch_page("dream_photo.py").run()  # as the browser does now
        find_button(require_success(page), "Start").click().run()
    settings, inputs = (calls or started)[-1]
    assert settings == best.model_copy(update={"size": 512})
    assert [file.digest for file in inputs["content"]] == [file.digest for file in search.inputs["content"]]
    assert list(inputs.get("style", ())) == list(search.inputs.get("style", ()))


def test_best_result_is_made_large_as_a_job(visit, quick_images, monkeypatch):
    begun_jobs = []
    monkeypatch.setattr("pages.jobs.item_actions.start", lambda *args: begun_jobs.append(args))
    page = start_search(visit)
    page.button(key="preference_left").click().run()
    press_button(page, "Show the best")
    find_button(require_success(page), "Make it at 512 px").click().run()
    [(task, settings, inputs)] = begun_jobs
    assert (task, settings) == ("style.transfer", quick_images[-1].model_copy(update={"size": 512}))
    assert [len(inputs[slot]) for slot in ("content", "style")] == [1, 1]
    press_button(page, "Continue comparing")
    assert list_button_labels(require_success(page)).count(PICK) == 2


def test_failed_image_keeps_the_search(visit, quick_images, monkeypatch):
    page = start_search(visit)
    page.button(key="preference_left").click().run()
    working = live.make_result

    def broken(*args):
        import streamlit as st

        st.error("It broke. Try again.")

    monkeypatch.setattr(live, "make_result", broken)
    page.run()
    assert "It broke" in join_texts(page.error) and PICK not in list_button_labels(page)
    monkeypatch.setattr(live, "make_result", working)
    press_button(page, "Try again")
    assert "Comparison 2 of 30" in require_success(page).get("progress")[0].proto.text


def test_missing_weights_are_offered_first(visit, quick_images, monkeypatch):
    from studio.core.weights import pretrained

    calls = []
    monkeypatch.setattr(
        "pages.widgets.weight_downloads.list_missing",
        lambda names: calls.append(list(names)) or [pretrained.get_status("vgg16")],
    )
    page = start_search(visit, make="Dream")
    assert (
        calls[-1] == ["vgg16"]
        and "Download now" in list_button_labels(page)
        and PICK not in list_button_labels(page)
    )


@pytest.mark.parametrize("task", pair_form.SUBJECTS)
def test_every_tried_value_can_be_set_on_its_page(task):
    kind, subject = tasks.get(task).settings, pair_form.SUBJECTS[task]
    fields = kind.describe()
    for name in subject.options:
        first = subject.varied.get(name)
        words = [name, f"{name}={first}"] if first else [name]
        for word in words:
            field = fields[name]
            values = list_levels(field, *parse_space(kind, [word]).values())
            assert len(values) > 1
            if field.scale == "log":
                assert set(values) <= set(sliders._list_log_steps(field))
            elif field.kind in ("int", "float"):
                step = field.step or (1 if field.kind == "int" else sliders._step(field))
                steps = (np.array(values) - field.minimum) / step
                assert steps == pytest.approx(np.round(steps), abs=1e-6)


def page_of_chores(id):
    import streamlit as st

    from pages.tune.by_preference import pairs, session

    st.query_params["preference"] = id
    pairs.show_comparison(session.find_search())


def test_images_are_made_live_and_cached_while_compared(engine, chores, monkeypatch):
    """With the real engine, only the new image of a pair is rendered."""
    shades, before, jobs = [], engine.run_live, {job.id for job in engine.list_jobs()}

    def live_lane(task, settings, inputs, session, owner):
        shades.append(settings.shade)
        return before(task, settings, inputs, session, owner)

    monkeypatch.setattr(engine, "run_live", live_lane)
    search = search_store.create_search(
        "chores.do", chores.ChoreSettings(steps=1), ("shade=0:255",), {}, "local", 512
    )
    page = AppTest.from_function(page_of_chores, default_timeout=60, kwargs={"id": search.id}).run()
    assert list_button_labels(require_success(page)).count(PICK) == 2 and len(shades) == 2
    for count in (3, 4):
        page.button(key="preference_left").click().run()
        assert len(shades) == len(set(shades)) == count
    assert {job.id for job in engine.list_jobs()} <= jobs, "nothing on disk until it is wanted"
    monkeypatch.setattr(engine, "run_live", lambda *args: (_ for _ in ()).throw(StudioError("It broke. X.")))
    page.button(key="preference_left").click().run()
    assert "It broke" in join_texts(page.error)
