"""Stars, tags, names and comparisons on the Gallery page."""

from __future__ import annotations

import pytest

from pages.gallery import comparison
from studio.core import recipes, tasks
from studio.engine.jobs import store
from studio.engine.jobs.records import Marks
from studio.gallery import items, marks

from ..elements import find_button_by_key


def find_pills(page, start):
    return next(group for group in page.button_group if group.key and group.key.startswith(start))


def list_item_labels(page):
    return [option.content for option in find_pills(page, "gallery_items").proto.options]


@pytest.mark.slow
def test_click_on_a_star_toggles_it(visit, make_result):
    other, id = make_result(shade=1), make_result(shade=2)
    page = visit("gallery")
    stars = find_pills(page, "gallery_stars")
    assert [option.content for option in stars.proto.options] == ["Star: shade 2", "Star: shade 1"]
    stars.set_value([id]).run()
    assert items.find(id).marks.starred and not items.find(other).marks.starred
    assert find_pills(page, "gallery_stars").value == [id]
    marks.change_marks(other, starred=True)  # set by a command; the page must not overwrite it
    find_pills(page, "gallery_stars").set_value([]).run()
    assert items.find(other).marks.starred and not items.find(id).marks.starred
    assert not page.exception


@pytest.mark.slow
def test_grid_filters_by_star_tag_and_name(visit, make_result):
    make_result(shade=1)
    best, old = make_result(shade=2), make_result(shade=3)
    marks.change_marks(best, starred=True, tags=["sea"], name="My best")
    marks.change_marks(old, tags=["old"])
    page = visit("gallery")
    assert list_item_labels(page) == ["shade 3", "My best", "shade 1"]
    page.toggle(key="starred").set_value(True).run()
    assert list_item_labels(page) == ["My best"]
    page.toggle(key="starred").set_value(False).run()
    page.selectbox(key="tag").select("old").run()
    assert list_item_labels(page) == ["shade 3"]
    marks.change_marks(old, tags=[])
    page.run()
    assert page.selectbox(key="tag").value == "", "a tag that nothing has any more is not asked for"
    assert list_item_labels(visit("gallery", words="best")) == ["My best"]


def test_item_is_starred_named_and_tagged(visit, make_result):
    id = make_result(shade=4)
    page = visit("gallery", item=id)
    find_button_by_key(page, "item_star").click().run()
    page.text_input(key=f"item_name_{id}").set_value(" My  cat_ ").run()
    page.multiselect(key=f"item_tags_{id}").set_value(["Sea", "two  words"]).run()
    assert items.find(id).marks == Marks(starred=True, tags=("sea", "two words"), name="My cat_")
    assert page.subheader[0].value == r"Chore\: My cat\_"
    assert page.multiselect(key=f"item_tags_{id}").value == ["sea", "two words"]
    page.multiselect(key=f"item_tags_{id}").set_value(["x" * 41]).run()
    assert "at most 40 characters" in page.toast[0].value.replace("\\", "")
    assert items.find(id).marks.tags == ("sea", "two words")
    assert not page.exception


def test_selected_items_are_starred_and_tagged(visit, make_result):
    ids = [make_result(shade=shade) for shade in range(3)]
    marks.change_marks(ids[0], tags=["old"])
    page = visit("gallery")
    page.toggle(key="gallery_several").set_value(True).run()
    find_pills(page, "gallery_items").set_value(ids[:2]).run()
    find_button_by_key(page, "several_star").click().run()
    page.multiselect(key="several_tags").set_value(["Sea"]).run()
    find_button_by_key(page, "several_tag").click().run()
    assert [items.find(id).marks for id in ids] == [
        Marks(starred=True, tags=("old", "sea")),
        Marks(starred=True, tags=("sea",)),
        Marks(),
    ]
    assert not page.exception


def test_two_selected_items_are_compared_by_their_settings(visit, make_result):
    ids = [make_result(shade=1, steps=3), make_result(shade=1, steps=8)]
    page = visit("gallery")
    page.toggle(key="gallery_several").set_value(True).run()
    find_pills(page, "gallery_items").set_value(ids).run()
    find_button_by_key(page, "compare").click().run()
    assert not page.exception
    rows = {row[0]: (row[1], row[2]) for row in page.table[0].value.itertuples(index=False)}
    assert rows["Steps"] == ("3", "8") and "Shade" not in rows
    find_button_by_key(page, "compare_Swap").click().run()
    assert page.query_params["item"] in (ids[1], [ids[1]])
    find_button_by_key(page, "compare_Open B").click().run()
    assert page.subheader[0].value == r"Chore\: shade 1" and "with" not in page.query_params


def test_differences_of_any_two_items_are_listed(make_result):
    same = items.find(make_result(shade=5))
    assert list(comparison.find_differences([same, same])) == []
    other = items.find(make_result(shade=6, do="refuse"))
    differences = dict(
        (label, (first, second)) for label, first, second in comparison.find_differences([same, other])
    )
    assert (
        differences["Shade"] == ("5", "6")
        and differences["Do"] == ("count", "refuse")
        and differences["Name"]
    )


def test_figures_that_differ_are_listed_without_durations():
    figures = [
        {"accuracy": 0.91, "seconds": 3, "n": 40, "ended": ""},
        {"accuracy": 0.9, "seconds": 9, "n": 40},
    ]
    assert list(comparison._find_figure_differences(figures)) == [("Accuracy", r"0\.91", r"0\.9")]


def test_three_results_are_compared_side_by_side(visit, make_result):
    ids = [make_result(shade=shade) for shade in (1, 2, 2)]
    page = visit("gallery")
    page.toggle(key="gallery_several").set_value(True).run()
    find_pills(page, "gallery_items").set_value(ids).run()
    find_button_by_key(page, "compare").click().run()
    assert not page.exception
    assert list(page.table[0].value.columns)[1:] == ["A", "B", "C"]
    rows = {row[0]: row[1:] for row in page.table[0].value.itertuples(index=False, name=None)}
    assert rows["Shade"] == ("1", "2", "2")
    assert all(any(element.key == f"compare_Open {name}" for element in page.button) for name in "ABC")


def test_missing_or_foreign_item_is_not_compared(visit, make_result):
    id = make_result(shade=7)
    for other in (store.new_id(1), make_result(owner="ann", shade=8), "../../etc"):
        page = visit("gallery", item=id, **{"with": other})
        assert not page.exception and "no such item" in page.warning[0].value
        assert page.subheader[0].value == r"Chore\: shade 7"


def test_text_and_image_are_compared(visit, make_result):
    recipe = recipes.make("chores.do", tasks.get("chores.do").settings(), {})
    text = tasks.Result((tasks.File.store(b"Some words", "text", "words.txt"),), {}, recipe)
    page = visit("gallery", item=make_result(shade=7), **{"with": items.add(text, None)})
    assert not page.exception and not page.error and page.table[0].value.shape[0] > 0
