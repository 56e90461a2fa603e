"""Four small drafts with four seeds, shown in one grid."""

from __future__ import annotations

import pytest

from studio.dream.settings import DreamSettings

from ..elements import find_button, list_button_labels, press_button

pytestmark = pytest.mark.slow


@pytest.fixture
def start_variants(visit, engine, chores, until):
    """Opens Dream and starts its variants, which wait behind another job; cancels all after the test."""
    engine.submit("chores.do", chores.ChoreSettings(steps=100_000, pause=0.02), {})
    yield lambda **params: press_button(visit("dream", **params), "4 variants")
    for job in engine.list_jobs():
        if not job.finished:
            engine.cancel(job.id)
    until(lambda: all(job.finished for job in engine.list_jobs()))


def list_drafts(engine):
    return [job for job in engine.list_jobs() if job.task == "dream.ascend" and not job.finished]


def test_four_small_drafts_differ_only_in_their_seed(start_variants, engine):
    page = start_variants(steps="3")
    assert not page.exception
    drafts = [job.settings for job in list_drafts(engine)]
    assert len({draft["seed"] for draft in drafts}) == 4
    assert {(draft["size"], draft["steps"]) for draft in drafts} == {(256, 3)}
    assert len({job.batch for job in list_drafts(engine)}) == 1
    choices = [button for button in page.button if button.label.startswith("Use seed")]
    assert len(choices) == 4 and all(button.disabled for button in choices)
    assert page.slider(key="size").value == DreamSettings().size


def test_second_click_asks_and_cancel_ends_all(start_variants, engine):
    page = press_button(start_variants(), "4 variants")
    assert any("Only the seed would differ" in line.value for line in page.markdown)
    assert len(list_drafts(engine)) == 4
    page = press_button(page.run(), "Cancel")
    assert not list_drafts(engine) and "Use seed" in " ".join(list_button_labels(page))


def test_link_to_drafts_fills_the_form_without_their_size(start_variants, engine, visit):
    start_variants(steps="3")
    page = visit("dream", job=list_drafts(engine)[0].id)
    assert not page.exception and page.slider(key="steps").value == 3
    assert page.slider(key="size").value == DreamSettings().size


def test_video_has_no_variants(visit):
    page = visit("dream", **{"zoom.on": "true", "zoom": "4"})
    assert "4 variants" not in list_button_labels(page)
    assert not find_button(page, "Start").disabled
