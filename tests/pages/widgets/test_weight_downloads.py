"""Missing weights: offered with their command, and downloaded in a separate process."""

from __future__ import annotations

import time

import pytest

from pages.widgets import weight_downloads
from tests.wording import says_what_to_do

SECONDS = 60


@pytest.mark.slow
def test_weights_that_are_not_here_can_be_fetched_from_the_page(visit):
    page = visit("health")
    assert not page.exception
    fetches = {button.key for button in page.button if button.label == "Download now"}
    assert fetches == {
        f"fetch_{status.name}" for status in weight_downloads.missing(weight_downloads.pretrained.names())
    }
    assert fetches


def test_a_fetch_that_fails_is_one_sentence(home):
    fetch = weight_downloads.Fetch("no_such")
    assert fetch.is_finished(SECONDS)
    assert "no_such" in fetch.problem
    assert says_what_to_do(fetch.problem)
    assert "\n" not in fetch.problem


def test_a_fetch_that_succeeds_says_nothing(weights_home):
    fetch = weight_downloads.Fetch("adain")
    assert fetch.is_finished(SECONDS) and fetch.problem == ""


def test_a_fetch_goes_on_while_the_page_is_used_and_is_stopped_from_it(visit, monkeypatch):
    def endless(name, progress):
        while True:
            progress.check()
            time.sleep(0.01)

    monkeypatch.setattr(weight_downloads.pretrained, "fetch", endless)
    page = visit("health")
    page.button(key="fetch_adain").click().run()
    assert not page.exception
    assert any("so far" in element.value for element in page.markdown)
    page.button(key="stop_adain").click().run()
    assert weight_downloads._fetches().get("adain") is None or weight_downloads._fetches()[
        "adain"
    ].is_finished(SECONDS)
    page.run()
    assert not page.exception
    assert any("Stopped" in element.value for element in page.error)
    assert "fetch_adain" in {element.key for element in page.button}
