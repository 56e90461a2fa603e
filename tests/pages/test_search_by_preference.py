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
from studio.tune.by_preference import searches
from studio.tune.by_preference.levels import levels
from studio.tune.space import space

PICK = "This one"


@pytest.fixture
def quick_images(monkeypatch, home):
    """Renders one-color images instead of running tasks; records the settings."""
    requests = []

    def paint(task, settings, inputs, shelf, most):
        requests.append(settings)
        shade = hash(settings.model_dump_json()) % 255
        recipe = recipes.Recipe(task=task, settings=settings.model_dump(mode="json"))
        data = image_io.encode_png(np.full((32, 48, 3), shade, "uint8"), recipe)
        return Live(task, settings, inputs, data, "image", "made.png", {}, recipe, 0.1)

    monkeypatch.setattr(live, "live_result", paint)
    monkeypatch.setattr("pages.widgets.weight_downloads.missing", lambda names: [])
    return requests


def labels(page):
    return [element.label for element in page.button]


def button(page, label):
    return next(element for element in page.button if element.label == label)


def texts(elements) -> str:
    return " ".join(str(element.value) for element in elements).replace("\\", "")


def address(page) -> dict[str, str]:
    return dict(parse_qsl(page.query_params if isinstance(page.query_params, str) else "")) or {
        name: value[0] if isinstance(value, list) else value for name, value in page.query_params.items()
    }


def done(page):
    assert not page.exception and not page.error, [*page.exception, *page.error]
    return page


def start_search(visit, **params):
    page = done(visit("tune", select_by="By preference", **params))
    return done(button(page, "Start").click().run())


@pytest.mark.slow
@pytest.mark.parametrize(
    "task, names",
    [("style.transfer", ["strength", "stroke_size"]), ("dream.ascend", ["look", "steps", "octaves"])],
)
def test_one_click_begins_a_search_of_what_matters(visit, quick_images, task, names):
    page = start_search(visit, make=pair_form.SUBJECTS[task].title)
    taste = searches.find(address(page)["eye"], "local")
    assert (taste.task, list(taste.pairs().grid.names)) == (task, names)
    assert labels(page).count(PICK) == 2
    assert "Comparison 1 of 30" in page.get("progress")[0].proto.text
    first, second = quick_images
    assert (first.size, second.size) == (pair_form.SIZE,) * 2 and first != second
    tasks.check(task, first, taste.inputs)


def test_what_is_picked_is_kept_learned_from_and_taken_back(visit, quick_images):
    page = start_search(visit)
    id, pair = address(page)["eye"], searches.find(address(page)["eye"], "local").pairs().pair
    done(page.button(key="eye_right").click().run())
    [one] = searches.find(id, "local").compared
    assert (one.picked, tuple(one.right.values())) == ("right", pair.right)
    assert "Comparison 2 of 30" in page.get("progress")[0].proto.text
    done(button(page, "Too alike").click().run())
    done(page.button(key="eye_left").click().run())
    assert [comparison.picked for comparison in searches.find(id, "local").compared] == [
        "right",
        "alike",
        "left",
    ]
    page.session_state["explain"] = True
    done(page.run())
    assert len(page.get("vega_lite_chart")) == 2, "a chart a setting under the hood"
    assert not any("Recorded" in element.value for element in page.caption)
    done(button(page, "Undo last").click().run())
    assert "Comparison 3 of 30" in page.get("progress")[0].proto.text
    assert len(searches.find(id, "local").compared) == 2


def test_a_link_and_another_tab_find_it_again(visit, quick_images):
    page = start_search(visit)
    id = address(page)["eye"]
    page.button(key="eye_left").click().run()
    linked = done(visit("tune", eye=id))
    assert "Comparison 2 of 30" in linked.get("progress")[0].proto.text
    other = done(visit("tune", select_by="By preference"))
    on = next(element for element in other.button if element.label.startswith("Continue"))
    assert "1 compared" in on.label
    assert "Comparison 2 of 30" in done(on.click().run()).get("progress")[0].proto.text
    button(other, "New search").click().run()
    assert "Start" in labels(other) and "eye" not in address(other)
    button(other, "Forget").click().run()
    assert not [label for label in labels(done(other)) if label.startswith("Continue")]


def test_the_other_half_is_one_click_away(visit, quick_images):
    page = start_search(visit)
    page.button_group(key="select_by").set_value("figures").run()
    assert "Tune" in labels(done(page)) and PICK not in labels(page)
    page.button_group(key="select_by").set_value("eye").run()
    assert labels(done(page)).count(PICK) == 2


def test_a_link_to_nothing_is_told_in_one_sentence(visit, quick_images):
    page = visit("tune", eye="0123456789abcdef")
    assert "no longer exists" in texts(page.warning) and not page.exception
    assert "Start" in labels(page)


def test_what_varies_and_how_far_is_chosen(visit, quick_images):
    page = visit("tune", select_by="By preference", make="Dream")
    page.multiselect(key="eye_vary_dream").set_value(["steps"]).run()
    page.select_slider(key="eye_range_steps").set_value((5, 7)).run()
    assert [element.label for element in page.selectbox] == ["Preset"], "what does not vary is asked for"
    button(done(page), "Start").click().run()
    taste = searches.find(address(done(page))["eye"], "local")
    assert taste.vary == ("steps=5:7",)
    for _ in range(3):
        if PICK in labels(page):
            done(page.button(key="eye_left").click().run())
    assert "Use these" in labels(page), "three values are compared soon"
    assert "Continue comparing" not in labels(page)


def test_nothing_that_varies_and_one_choice_are_told(visit, quick_images):
    page = visit("tune", select_by="By preference", make="Dream")
    page.multiselect(key="eye_vary_dream").set_value([]).run()
    assert "at least one setting" in texts(page.caption) and "Start" not in labels(page)
    page.multiselect(key="eye_vary_dream").set_value(["look"]).run()
    page.button_group(key="eye_range_look").set_value(["dogs"]).run()
    assert "at least two choices" in texts(page.error) and "Start" not in labels(page)


@pytest.mark.parametrize("make", ["Style", "Dream"])
def test_the_best_opens_its_page_with_these_very_settings(visit, quick_images, monkeypatch, make):
    calls, started = [], []
    monkeypatch.setattr(
        "pages.parts.show_live", lambda task, settings, ask, *rest, **more: calls.append((settings, ask()))
    )
    monkeypatch.setattr("pages.parts.start", lambda *args: started.append(args[1:]))
    page = start_search(visit, make=make, content="Coffee")
    for picked in ("right", "left", "right"):
        page.button(key=f"eye_{picked}").click().run()
    taste = searches.find(address(page)["eye"], "local")
    done(button(page, "Show the best").click().run())
    best = quick_images[-1]
    assert (
        best.model_dump_json()
        == taste.image_settings(taste.pairs().best, taste.pairs().grid.names).model_dump_json()
    )
    assert best != taste.kind.parse({**taste.settings}), "so that there is something to carry"
    button(page, "Use these").click().run()
    assert not page.exception
    if make == "Dream":
        page.switch_page("dream_photo.py").run()  # as the browser does now
        button(done(page), "Start").click().run()
    settings, inputs = (calls or started)[-1]
    assert settings == best.model_copy(update={"size": 512})
    assert [file.digest for file in inputs["content"]] == [file.digest for file in taste.inputs["content"]]
    assert list(inputs.get("style", ())) == list(taste.inputs.get("style", ()))


def test_the_best_is_made_large_as_a_job(visit, quick_images, monkeypatch):
    begun_jobs = []
    monkeypatch.setattr("pages.jobs.item_actions.start", lambda *args: begun_jobs.append(args))
    page = start_search(visit)
    page.button(key="eye_left").click().run()
    button(page, "Show the best").click().run()
    button(done(page), "Make it at 512 px").click().run()
    [(task, settings, inputs)] = begun_jobs
    assert (task, settings) == ("style.transfer", quick_images[-1].model_copy(update={"size": 512}))
    assert [len(inputs[slot]) for slot in ("content", "style")] == [1, 1]
    button(page, "Continue comparing").click().run()
    assert labels(done(page)).count(PICK) == 2


def test_an_image_that_fails_loses_nothing(visit, quick_images, monkeypatch):
    page = start_search(visit)
    page.button(key="eye_left").click().run()
    working = live.live_result

    def broken(*args):
        import streamlit as st

        st.error("It broke. Try again.")

    monkeypatch.setattr(live, "live_result", broken)
    page.run()
    assert "It broke" in texts(page.error) and PICK not in labels(page)
    monkeypatch.setattr(live, "live_result", working)
    button(page, "Try again").click().run()
    assert "Comparison 2 of 30" in done(page).get("progress")[0].proto.text


def test_weights_that_are_not_here_are_offered_first(visit, quick_images, monkeypatch):
    from studio.core.weights import pretrained

    calls = []
    monkeypatch.setattr(
        "pages.widgets.weight_downloads.missing",
        lambda names: calls.append(list(names)) or [pretrained.status("vgg16")],
    )
    page = start_search(visit, make="Dream")
    assert calls[-1] == ["vgg16"] and "Download now" in labels(page) and PICK not in labels(page)


@pytest.mark.parametrize("task", pair_form.SUBJECTS)
def test_every_value_that_is_tried_can_be_set_on_the_page(task):
    kind, subject = tasks.get(task).settings, pair_form.SUBJECTS[task]
    fields = kind.describe()
    for name in subject.options:
        first = subject.varied.get(name)
        words = [name, f"{name}={first}"] if first else [name]
        for word in words:
            field = fields[name]
            values = levels(field, *space(kind, [word]).values())
            assert len(values) > 1
            if field.scale == "log":
                assert set(values) <= set(sliders._ratios(field))
            elif field.kind in ("int", "float"):
                step = field.step or (1 if field.kind == "int" else sliders._step(field))
                steps = (np.array(values) - field.least) / step
                assert steps == pytest.approx(np.round(steps), abs=1e-6)


def page_of_chores(id):
    import streamlit as st

    from pages.tune.by_preference import pairs, session

    st.query_params["eye"] = id
    pairs.compare(session.find())


def test_images_are_made_in_the_live_lane_and_kept_while_they_are_compared(engine, chores, monkeypatch):
    """With the real engine, only the new image of a pair is rendered."""
    shades, before, jobs = [], engine.live, {job.id for job in engine.jobs()}

    def live_lane(task, settings, inputs, session, owner):
        shades.append(settings.shade)
        return before(task, settings, inputs, session, owner)

    monkeypatch.setattr(engine, "live", live_lane)
    taste = searches.begin(
        "chores.do", chores.ChoreSettings(steps=1), ("shade=0:255",), {}, "local", 512, seed=1
    )
    page = AppTest.from_function(page_of_chores, default_timeout=60, kwargs={"id": taste.id}).run()
    assert labels(done(page)).count(PICK) == 2 and len(shades) == 2
    for count in (3, 4):
        page.button(key="eye_left").click().run()
        assert len(shades) == len(set(shades)) == count
    assert {job.id for job in engine.jobs()} <= jobs, "nothing on disk until it is wanted"
    monkeypatch.setattr(engine, "live", lambda *args: (_ for _ in ()).throw(StudioError("It broke. X.")))
    page.button(key="eye_left").click().run()
    assert "It broke" in texts(page.error)
