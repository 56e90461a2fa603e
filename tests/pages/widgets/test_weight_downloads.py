"""Missing weights: offered with their command, and downloaded in a separate process."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

from pages.widgets import weight_downloads
from tests.wording import says_what_to_do

TIMEOUT_SECONDS = 60


@pytest.mark.slow
def test_missing_weights_can_be_downloaded_from_the_page(visit):
    page = visit("health")
    assert not page.exception
    fetches = {button.key for button in page.button if button.label == "Download now"}
    assert fetches == {
        f"fetch_{status.name}"
        for status in weight_downloads.list_missing(weight_downloads.pretrained.list_names())
    }
    assert fetches


def page_of_two_downloads():
    from pages.widgets import weight_downloads

    weight_downloads.offer_download(
        [weight_downloads.pretrained.get_status(name) for name in ("adain", "vgg16")]
    )


def test_several_weights_have_one_button(home):
    page = AppTest.from_function(page_of_two_downloads).run()
    assert [button.label for button in page.button] == ["Download now"]
    assert page.code[0].value == "studio weights pull adain\nstudio weights pull vgg16"


def test_failed_download_shows_an_error(home):
    fetch = weight_downloads.Download("no_such")
    assert fetch.is_finished(TIMEOUT_SECONDS)
    assert "no_such" in fetch.problem
    assert says_what_to_do(fetch.problem)
    assert "\n" not in fetch.problem


def test_successful_download_has_no_problem(weights_home):
    fetch = weight_downloads.Download("adain")
    assert fetch.is_finished(TIMEOUT_SECONDS) and fetch.problem == ""


def test_download_continues_on_other_pages_and_can_be_stopped(visit, monkeypatch):
    def endless(name, progress):
        while True:
            progress.check()
            time.sleep(0.01)

    monkeypatch.setattr(weight_downloads.pretrained, "pull_in_child", endless)
    page = visit("health")
    page.button(key="fetch_adain").click().run()
    assert not page.exception
    assert any("so far" in element.value for element in page.markdown)
    page.button(key="stop_adain").click().run()
    assert weight_downloads._get_running_downloads().get(
        "adain"
    ) is None or weight_downloads._get_running_downloads()["adain"].is_finished(TIMEOUT_SECONDS)
    page.run()
    assert not page.exception
    assert any("Stopped" in element.value for element in page.error)
    assert "fetch_adain" in {element.key for element in page.button}
