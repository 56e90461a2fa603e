"""Weights that are not here: offered with their command, and fetched by a process of its own."""

from __future__ import annotations

from pages.parts import downloads


def test_weights_that_are_not_here_can_be_fetched_from_the_page(visit):
    page = visit("health")
    assert not page.exception
    fetches = {button.key for button in page.button if button.label == "Fetch now"}
    assert fetches == {f"fetch_{status.name}" for status in downloads.missing(downloads.weights.names())}
    assert fetches


def test_a_fetch_that_fails_is_one_sentence(home):
    problem = downloads.fetch("no_such")
    assert "no_such" in problem
    assert "Next:" in problem
    assert "\n" not in problem


def test_a_fetch_that_succeeds_says_nothing(weights_home):
    assert downloads.fetch("adain") == ""
