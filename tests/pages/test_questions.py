"""Each question leads to a page that is set up to answer it."""

import pytest

from pages.questions import questions
from studio.playground.settings import PlaygroundSettings

TOPICS = [topic for group in questions.load_subjects().values() for topic in group]
TOPICS_WITH_PAGE = [topic for topic in TOPICS if topic.page is not None]


def test_questions_are_many_and_unique():
    assert len(TOPICS) >= 80 and len(TOPICS_WITH_PAGE) >= 60
    assert len({topic.question for topic in TOPICS}) == len(TOPICS)
    for topic in TOPICS:
        assert topic.question.endswith("?") and topic.answer.endswith(".")
        assert (topic.page is None) == (not topic.advice), topic.question


UNIQUE_LINKS = {
    (topic.page, str(topic.settings), str(topic.opens)): topic for topic in TOPICS_WITH_PAGE
}.values()  # each once


@pytest.mark.slow
@pytest.mark.parametrize("topic", UNIQUE_LINKS, ids=lambda one: one.question)
def test_link_opens_its_page_with_its_settings(visit, monkeypatch, topic):
    monkeypatch.setattr("pages.parts.show_live", lambda *args, **more: None)
    monkeypatch.setattr("pages.playground.learning.show", lambda *args: None)
    monkeypatch.setattr("pages.faces.grid_view.show", lambda *args: None)
    monkeypatch.setattr("pages.lab.training.train_networks", lambda *args: None)
    page = visit(topic.page, **topic.address)
    assert not page.exception and not page.error
    for name, value in topic.settings.items():
        assert page.session_state[name] == (pytest.approx(value) if isinstance(value, float) else value), name
    drawn_live = ("faces", "enhance", "colorize")  # their sections show results that are not computed here
    if "explain" in topic.opens and topic.page not in drawn_live:
        assert page.get("vega_lite_chart")


def test_question_opens_its_page_without_the_values_of_the_last_visit(visit, no_live_work):
    def follow(question):
        [topic] = [topic for topic in TOPICS if topic.question == question]
        page.switch_page("ask_questions.py").run()
        page.switch_page("playground_photo.py")
        page.query_params.clear()  # as a link does
        page.query_params.update(topic.address)
        page.run()
        assert not page.exception
        assert any(topic.question in text.value and topic.advice in text.value for text in page.markdown)

    page = visit("questions")
    follow("What is a decision boundary?")
    assert page.session_state["learn"] == "points" and page.session_state["depth"] == 0
    follow("What does width do?")
    assert page.session_state["learn"] == "photo" and page.session_state["width"] == 4
    depth = PlaygroundSettings.describe()["depth"].default
    assert page.session_state["depth"] == depth != 0

    page.button(key="question_dismiss").click().run()
    assert "question" not in page.query_params and page.session_state["width"] == 4
    assert not any("What does width do?" in text.value for text in page.markdown)


def test_question_unfolds_the_setting_that_it_names(visit, no_live_work):
    def is_unfolded(**parameters):
        page = visit("playground", **parameters)
        [more] = [box for box in page.expander if box.label == "More"]
        return more.proto.expanded

    assert is_unfolded(question="what-does-weight-decay-do")
    assert not is_unfolded(question="what-is-gradient-descent")
    assert not is_unfolded(question="no-such-question")


@pytest.mark.parametrize(
    "query, least, most", [("", 80, 200), ("DROPOUT", 1, 3), ("relu sine", 1, 4), ("xyzzy", 0, 0)]
)
def test_questions_are_found_by_words(visit, query, least, most):
    page = visit("questions", find=query)
    assert not page.exception
    links = [element.label for element in page.get("page_link")] if page.get("page_link") else []
    matches = [topic for topic in TOPICS if topic.matches(query)]
    assert least <= len(matches) <= most
    assert len(links) >= len([topic for topic in matches if topic.page is not None])
    assert bool(page.info) == (not matches)
