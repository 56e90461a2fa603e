"""The class names of an imported classifier fit its classes, or it is refused."""

from __future__ import annotations

import pytest

from studio.classify.models import available, imported_classifier
from studio.classify.settings import PredictSettings
from studio.core.errors import InvalidInput
from studio.core.tasks import File
from studio.imported import files, safe_copies
from studio.imported.facts import Facts, ImageInput
from tests.wording import says_what_to_do


def make_facts(labels: tuple[str, ...], outputs: int = 3) -> Facts:
    image = ImageInput(height=8, width=8, output_kind="probabilities", preprocessing="0-1")
    return Facts(
        name="net",
        parameters=1,
        inputs=((None, 8, 8, 3),),
        outputs=((None, outputs),),
        image_input=image,
        labels=labels,
    )


@pytest.fixture
def set_facts(home, monkeypatch):
    """Sets the facts that the sandbox returns."""

    def store_with(facts: Facts) -> File:
        copy = safe_copies.SafeCopy(home, facts)
        monkeypatch.setattr(safe_copies, "get_or_make", lambda file: copy)
        monkeypatch.setattr(files, "is_imported", lambda file: True)
        return File.store(b"net", "model", "net.zip")

    return store_with


@pytest.mark.parametrize("count", [2, 4])
def test_another_number_of_names_is_refused_with_both_numbers(count, set_facts):
    file = set_facts(make_facts(tuple("abcd"[:count])))
    with pytest.raises(InvalidInput, match=rf"{count} names\. Use 3 names") as refusal:
        imported_classifier.read_facts(file)
    assert says_what_to_do(str(refusal.value))


def test_a_single_output_has_two_names(set_facts):
    assert imported_classifier.read_facts(set_facts(make_facts(("a", "b"), 1))).classes == ("a", "b")
    with pytest.raises(InvalidInput, match=r"1 name\. Use 2 names"):
        imported_classifier.read_facts(set_facts(make_facts(("a",), 1)))


def test_a_note_says_that_a_model_has_no_names(set_facts):
    for labels in ((), ("a", "b", "c")):
        inputs = {"model": [set_facts(make_facts(labels))]}
        notes = available.list_imported_model_notes(PredictSettings(), inputs)
        assert ("no class names" in " ".join(notes)) == (not labels)
