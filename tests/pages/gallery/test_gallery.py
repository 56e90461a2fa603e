"""The Gallery page: search, one item, removal with undo, a dropped image, and use on other pages."""

from __future__ import annotations

import io
import json
import os
import zipfile
from types import SimpleNamespace

import numpy as np
import odd_folders
import pytest
import streamlit as st
import tiny_styles

from pages.form import image_input, samples, uploads
from pages.gallery import outside_file, selection
from pages.jobs import model_saving, navigation, use_again
from pages.widgets import owners, page_errors, words
from studio.core import paths, recipes, tasks
from studio.core.errors import InsufficientSpace, Unavailable
from studio.core.imaging import image_io, video_encoder
from studio.core.models import model_zip, presets
from studio.core.tasks import File
from studio.gallery import disk_usage, export, import_file, index, items, removal
from studio.gallery.index import Filter
from studio.gallery.sweep_settings import SweepSettings
from studio.video.settings import VideoSettings

from ..elements import find_button, list_button_labels, press_button


def find_grid(page):
    """Returns the items in the grid."""
    return next(group for group in page.button_group if group.key and group.key.startswith("gallery_items"))


def list_item_labels(page):
    return [option.content for option in find_grid(page).proto.options]


@pytest.mark.slow
def test_empty_gallery_explains_itself_and_links_pages(visit):
    page = visit("gallery")
    assert not page.exception
    assert "The gallery is empty" in page.info[0].value
    links = [link.proto.label for link in page.main.get("page_link")]
    assert links == ["Begin in Style", "Begin in Dream", "Begin in Faces", "Begin in Text"]


def test_grid_shows_the_newest_first_in_pages(visit, make_result, monkeypatch):
    for shade in range(3):
        make_result(shade=shade)
    monkeypatch.setattr("pages.gallery.grid.PAGE_SIZE", 2)
    page = visit("gallery")
    assert not page.exception
    assert list_item_labels(page) == [r"shade 2", r"shade 1"]
    page.pagination[0].select(2).run()
    assert list_item_labels(page) == [r"shade 0"]
    assert "**3 to 3** of 3" in [line.value for line in page.markdown]
    assert (page.pagination[0].value, page.pagination[0].num_pages) == (2, 2)


def test_two_items_of_the_same_name_have_different_labels(visit, make_result):
    ids = [make_result(shade=3, steps=steps) for steps in (2, 4, 6)][::-1]
    page = visit("gallery")
    assert list_item_labels(page) == ["shade 3 3", "shade 3 2", "shade 3"], "the oldest goes without a number"
    find_grid(page).set_value(ids[1]).run()
    assert page.query_params["item"] in (ids[1], [ids[1]])


def test_search_and_kind_filter_the_grid(visit, make_result):
    make_result(shade=41)
    make_result(shade=7)
    assert not visit("gallery").toggle(key="gallery_show_filters").value
    page = visit("gallery", words="shade 41")
    assert list_item_labels(page) == [r"shade 41"]
    assert page.toggle(key="gallery_show_filters").value, "a phone hides what filters the grid"
    page = visit("gallery", kind="Texts")
    assert "No results match your search" in page.info[0].value


def test_item_of_the_address_is_shown_with_recipe_and_actions(visit, make_result):
    id = make_result(shade=9)
    page = visit("gallery", item=id)
    assert not page.exception
    assert page.subheader[0].value == r"Chore\: shade 9"
    assert {"Make again", "Remove", "All", "Newer", "Older"} <= set(list_button_labels(page))
    assert page.get("download_button")[0].proto.label == "Download"
    assert any('"shade": 9' in code.value for code in page.code)
    assert "took 4 s" in " ".join(element.value for element in page.caption)


def test_click_opens_an_item_and_all_returns_to_the_search(visit, make_result):
    make_result(shade=1)
    first = make_result(shade=2)
    page = visit("gallery", words="shade=2")
    find_grid(page).set_value(first).run()
    assert page.query_params["item"] == [first] or page.query_params["item"] == first
    assert page.subheader[0].value == r"Chore\: shade 2"
    press_button(page, "All")
    assert not page.exception
    assert page.text_input(key="words").value == "shade=2"
    assert list_item_labels(page) == [r"shade 2"]


def test_newer_and_older_follow_the_grid(visit, make_result):
    ids = [make_result(shade=shade) for shade in range(3)]
    page = visit("gallery", item=ids[1])
    press_button(page, "Older")
    assert page.subheader[0].value == r"Chore\: shade 0"
    assert find_button(page, "Older").disabled
    press_button(page, "Newer")
    press_button(page, "Newer")
    assert page.subheader[0].value == r"Chore\: shade 2"


@pytest.mark.parametrize("id", ["gone", "..", "a/b"])
def test_missing_item_shows_a_warning_above_the_grid(visit, make_result, id):
    make_result(shade=1)
    page = visit("gallery", item=id)
    assert not page.exception
    assert "no such item" in page.warning[0].value
    assert len(list_item_labels(page)) == 1


def test_items_of_other_owners_are_hidden(visit, make_result):
    foreign_file = make_result(owner="ann")
    page = visit("gallery", item=foreign_file)
    assert "no such item" in page.warning[0].value
    assert "The gallery is empty" in page.info[0].value


def test_grid_focuses_the_last_shown_item(visit, make_result):
    ids = [make_result(shade=shade) for shade in range(3)]
    page = visit("gallery")
    assert not list_scripts(page)
    page = visit("gallery", item=ids[0])
    press_button(page, "All")
    [script] = list_scripts(page)
    assert '"index": 2}' in script, "the oldest is the third"
    assert not list_scripts(page.run()), "only once"


NAMES = (
    "browser_history",
    "keep_focus",
    "keyboard",
    "image_drop",
    "narrow_screen",
    "slider_touch",
    "popover_focus",
)
SCRIPTS_OF_ALL_PAGES = [f"studio {name}.js" for name in NAMES]


def list_scripts(page):
    """Returns the scripts of the gallery, without those of all pages."""
    return [
        html.proto.body
        for html in page.get("html")
        if "<script>" in (body := html.proto.body) and not any(name in body for name in SCRIPTS_OF_ALL_PAGES)
    ]


def test_undo_restores_a_removed_item(visit, make_result):
    id = make_result(shade=5)
    page = visit("gallery", item=id)
    press_button(page, "Remove")
    assert not page.exception
    assert index.find()[1] == 0
    assert any("1 item is removed" in element.value for element in page.markdown)
    press_button(page, "Undo")
    assert [entry.id for entry in index.find()[0]] == [id]
    assert list_item_labels(page) == ["shade 5"]
    assert not any("removed" in element.value for element in page.markdown)


def test_undo_is_not_offered_after_permanent_deletion(visit, make_result):
    page = visit("gallery", item=make_result(shade=5))
    press_button(page, "Remove")
    disk_usage.free_parts(["removed"])
    press_button(page, "Undo")
    assert "no such removed item" in page.error[0].value
    assert "Undo" not in list_button_labels(page)


@pytest.mark.parametrize("harm", [*list(odd_folders.CORRUPTIONS)[::6], "listed before"])
def test_unreadable_folder_breaks_no_page_and_can_be_removed(visit, make_result, harm):
    _, damaged_id = make_result(shade=1), make_result(shade=2)
    if harm == "listed before":
        assert index.find()[1] == 2
    jobs = items.jobs_folder()
    other_folders = {path for path in jobs.iterdir() if path.name != damaged_id}
    odd_folders.CORRUPTIONS.get(harm, odd_folders.CORRUPTIONS["settings are a list"])(jobs / damaged_id)
    (damaged_folder,) = set(jobs.iterdir()) - other_folders
    os.utime(damaged_folder, (1, 1))  # old enough that nobody is still writing it
    if harm == "listed before":
        page = visit("gallery", item=damaged_id)
        assert not page.exception and "no such item" in page.warning[0].value
    page = visit("gallery")
    assert not page.exception and list_item_labels(page) == ["shade 1"]
    assert "Unreadable (1)" in [element.label for element in page.expander]
    assert not visit("").exception
    press_button(page, "Remove")
    assert not page.exception and not any("Unreadable" in element.label for element in page.expander)
    assert any(element.label == "Removed (1)" for element in page.expander)
    press_button(page, "Yes, delete")
    assert not page.exception and not any("Removed" in element.label for element in page.expander)


def test_several_items_are_selected_and_removed(visit, make_result):
    ids = [make_result(shade=shade) for shade in range(3)]
    page = visit("gallery")
    next(element for element in page.toggle if element.label == "Select several").set_value(True).run()
    assert find_button(page, "Remove").disabled
    find_grid(page).set_value(ids[:2]).run()
    press_button(page, "Remove 2")
    assert not page.exception
    assert [entry.id for entry in index.find()[0]] == [ids[2]]
    assert {item.id for item in removal.list_removed()} == set(ids[:2])


def test_removing_the_last_item_of_a_page_shows_the_previous_page(visit, make_result, monkeypatch):
    monkeypatch.setattr("pages.gallery.grid.PAGE_SIZE", 2)
    ids = [make_result(shade=shade) for shade in range(3)]
    page = visit("gallery")
    page.pagination[0].select(2).run()
    assert len(list_item_labels(page)) == 1
    removal.remove([ids[0]])
    page.run()
    assert not page.exception and len(list_item_labels(page)) == 2


def test_permanent_deletion_asks_for_confirmation(visit, make_result):
    removal.remove([make_result(shade=5)])
    page = visit("gallery")
    assert len(removal.list_removed()) == 1
    press_button(page, "Yes, delete")
    assert removal.list_removed() == []


def test_make_again_starts_a_job_with_the_same_settings(visit, make_result, engine, until):
    page = visit("gallery", item=make_result(shade=77, steps=2))
    before = {job.id for job in engine.list_jobs()}
    press_button(page, "Make again")
    assert not page.exception
    (job,) = [job for job in engine.list_jobs() if job.id not in before]
    assert (job.settings["shade"], job.settings["steps"]) == (77, 2)
    until(lambda: engine.find_job(job.id).finished)
    assert items.find(job.id).result.recipe.settings["shade"] == 77


def test_result_with_missing_inputs_is_shown_but_not_made_again(visit, make_result, engine):
    id = make_result(shade=31)
    items.find(id).inputs["image"][0].path.unlink()
    page = visit("gallery", item=id)
    before = len(engine.list_jobs(limit=1000))
    press_button(page, "Make again")
    assert "no longer here" in page.error[0].value
    assert len(engine.list_jobs(limit=1000)) == before


def set_recipe_weights(id, **weights):
    """Changes the weights in the recipe of an item."""
    path = items.jobs_folder() / id / "outcome.json"
    outcome = json.loads(path.read_bytes())
    outcome["result"]["recipe"]["weights"] = weights
    path.write_text(json.dumps(outcome))


def test_make_again_uses_the_model_of_the_recipe(visit, make_result, engine, until):
    id = make_result(shade=12)
    set_recipe_weights(id, alice=presets.find("alice").digest)
    page = visit("gallery", item=id)
    before = {job.id for job in engine.list_jobs()}
    press_button(page, "Make again")
    (job,) = [job for job in engine.list_jobs() if job.id not in before]
    until(lambda: engine.find_job(job.id).finished)
    assert items.find(job.id).result.recipe.weights == {"alice": presets.find("alice").digest}


def test_replaced_model_is_reported_and_no_job_starts(visit, make_result, engine):
    id = make_result(shade=13)
    set_recipe_weights(id, alice="0" * 64)
    page = visit("gallery", item=id)
    before = len(engine.list_jobs(limit=1000))
    press_button(page, "Make again")
    assert "another model alice" in page.error[0].value
    assert len(engine.list_jobs(limit=1000)) == before


def test_item_of_an_unknown_task_is_shown(visit, make_result, monkeypatch):
    id = make_result(shade=3)
    monkeypatch.delitem(tasks.TASKS, "chores.do")
    page = visit("gallery", item=id)
    assert not page.exception
    assert "no longer has this task" in " ".join(element.value for element in page.caption)
    assert "Make again" not in set(list_button_labels(page))
    assert find_button(page, "Remove")


def test_home_page_shows_a_result_of_an_unknown_task(visit, make_result, monkeypatch):
    make_result(shade=3)
    monkeypatch.delitem(tasks.TASKS, "chores.do")
    page = visit()
    assert not page.exception and not page.error
    assert "Your recent work" in [element.value for element in page.subheader]


def test_text_is_shown_as_text(visit, engine, make_result):
    recipe = recipes.Recipe(task="chores.do", settings={})
    file = File.store(b"# <b>a tale</b>", "text", "tale.txt")
    page = visit("gallery", item=items.add(tasks.Result((file,), {}, recipe), 1.0))
    assert not page.exception
    assert {"Write on", "Remove"} <= set(list_button_labels(page))


def page_of_outside_file():
    import streamlit as st

    from pages.gallery import outside_file

    outside_file.show(st.session_state["told"])


@pytest.fixture
def open_file(draw):
    """Renders the page for a dropped file."""

    def open_file(data, name="a.png"):
        from streamlit.testing.v1 import AppTest

        page = AppTest.from_function(page_of_outside_file, default_timeout=60)
        page.session_state["told"] = import_file.read_provenance(data, name)
        page.run()
        assert not page.exception
        return page

    return open_file


def test_uploaded_image_shows_its_recipe_and_is_added(open_file, make_result):
    id = make_result(shade=12)
    data = items.find(id).result.files[0].read()
    removal.remove([id])
    page = open_file(data)
    assert any('"shade": 12' in code.value for code in page.code)
    assert "Make again" in set(list_button_labels(page))
    press_button(page, "Add to the gallery")
    (entry,), _ = index.find()
    assert items.find(entry.id).result.files[0].read() == data


def test_full_disk_is_reported_when_adding(visit, make_result, monkeypatch):
    def full(*_):
        raise InsufficientSpace("The disk is full. Free some space.")

    data = items.find(make_result(shade=14)).result.files[0].read()
    page = visit("gallery")
    page.session_state[outside_file._PROVENANCE_KEY] = import_file.read_provenance(data, "a.png")
    page.run()
    monkeypatch.setattr(import_file, "add", full)
    press_button(page, "Add to the gallery")
    assert "The disk is full" in page.error[0].value


def test_missing_input_of_an_uploaded_image_is_requested(open_file, make_result):
    item = items.find(make_result(shade=13))
    data = item.result.files[0].read()
    item.inputs["image"][0].path.unlink()
    page = open_file(data)
    assert "shade" in page.info[0].value and "add its inputs" in page.info[0].value
    assert "Make again" not in set(list_button_labels(page))


def test_only_the_missing_input_is_accepted(visit, make_result):
    item = items.find(make_result(shade=15))
    data, source = item.result.files[0].read(), item.inputs["image"][0]
    content = source.read()
    source.path.unlink()
    page = visit("gallery")
    page.session_state[outside_file._PROVENANCE_KEY] = import_file.read_provenance(data, "a.png")
    page.run()
    page_of_use = page.file_uploader[0]
    page = page_of_use.upload("another.txt", b"something else", "text/plain").run()
    assert "another.txt is not the original input" in page.error[0].value.replace("\\", "")
    assert "Make again" not in set(list_button_labels(page))
    page = page.file_uploader[0].upload("the-same.png", content, "image/png").run()
    assert not page.error
    assert "Make again" in set(list_button_labels(page))
    assert source.read() == content


def test_repeated_input_is_accepted_and_each_wrong_file_named(monkeypatch, make_result):
    item = items.find(make_result(shade=16))
    data, source = item.result.files[0].read(), item.inputs["image"][0]
    content = source.read()
    source.path.unlink()
    state = {outside_file._PROVENANCE_KEY: import_file.read_provenance(data, "a.png")}
    monkeypatch.setattr(st, "session_state", state)
    files = [("a.png", content), ("b.png", content), ("c.txt", b"one"), ("d.txt", b"two")]
    state["key"] = [
        SimpleNamespace(name=name, size=len(data), getvalue=lambda data=data: data) for name, data in files
    ]
    state[uploads._version_key(outside_file._INPUTS_SLOT)] = 0
    uploads._handle_uploads(outside_file._INPUTS_SLOT, 0, "key", outside_file._add_input)
    assert not state[outside_file._PROVENANCE_KEY].missing
    assert [message[:5] for message in state[page_errors.ERRORS_KEY][1]] == ["c.txt", "d.txt"]


def test_image_of_another_version_is_read_only(open_file, image):
    recipe = recipes.Recipe(task="song.sing", settings={"key": "c"})
    page = open_file(image_io.encode_png(image, recipe))
    assert "Another version" in page.warning[0].value
    assert "song.sing" in page.code[0].value
    assert set(list_button_labels(page)) == {"Back"}


def test_zip_contains_the_selection_or_the_search(make_result):
    ids = [make_result(shade=shade) for shade in range(3)]

    def shades(query, picked):
        with zipfile.ZipFile(io.BytesIO(selection.zip_items(query, picked, "local"))) as packed:
            return {recipes.read(packed.read(name)).settings["shade"] for name in packed.namelist()}

    assert shades(Filter(), None) == {0, 1, 2}
    assert shades(Filter(words="shade=2"), None) == {2}
    assert shades(Filter(), ids[:1]) == {0}


def test_zip_that_is_too_large_raises_an_error(make_result, monkeypatch):
    make_result(shade=1)
    monkeypatch.setattr(export, "MAX_DOWNLOAD_BYTES", 10)
    with pytest.raises(InsufficientSpace, match="studio gallery export"):
        selection.zip_items(Filter(), None, "local")


def test_zip_omits_missing_files_and_is_disabled_if_too_large(visit, make_result, monkeypatch):
    ids = [make_result(shade=shade) for shade in (201, 202)]
    items.find(ids[0]).result.files[0].path.unlink()
    with zipfile.ZipFile(io.BytesIO(selection.zip_items(Filter(), ids, "local"))) as packed:
        assert len(packed.namelist()) == 1
    page = visit("gallery")
    next(element for element in page.toggle if element.label == "Select several").set_value(True).run()
    for picked, most, is_offered in ((ids, 10**6, True), (ids[:1], 10**6, False), (ids, 10, False)):
        monkeypatch.setattr(export, "MAX_DOWNLOAD_BYTES", most)
        find_grid(page).set_value(picked).run()
        page.run()
        assert not page.exception
        assert page.get("download_button")[0].proto.disabled != is_offered
    assert any("500 items and 500 MB" in caption.value for caption in page.caption)


def test_every_use_names_an_existing_page_and_slot():
    places = {page_of_use.file: page_of_use for page_of_use in navigation.PAGES}
    for use in use_again.USES:
        capability = places[use.page_file].capability
        slots = [
            slot
            for name in tasks.TASKS
            if name.startswith(f"{capability}.")
            for slot in tasks.get(name).inputs
        ]
        (slot,) = {slot.name: slot for slot in slots if slot.name == use.slot}.values()
        assert slot.kind == "image"
        assert use.many <= (slot.max_files > 1)  # a page can take one file where a command takes several


@pytest.mark.parametrize("number", range(len(use_again.USES)))
def test_result_is_selected_where_it_is_used(visit, make_result, number, monkeypatch):
    calls = []
    # Those pages have tests of their own.
    monkeypatch.setattr("streamlit.switch_page", lambda file, **more: calls.append((file, more)))
    id = make_result(shade=60 + number)
    page = visit("gallery", item=id)
    use = use_again.USES[number]
    page.menu_button(key=f"{id}.use").click_index(number).run()
    assert not page.exception
    # Streamlit cannot leave a page with widgets in the address, except with new query parameters.
    assert calls == [(use.page_file, {"query_params": {}})]
    file = items.find(id).result.files[0]
    title = image_input.title_of(file.name)
    assert page.session_state[use.slot] == ([title] if use.many else title)
    assert page.session_state[f"{use.slot}.own"][title] == file


@pytest.mark.slow
def test_disk_usage_is_listed_and_only_selected_parts_removed(visit, make_result):
    make_result(shade=4)
    (paths.ensure_folder("channels") / "old.png").write_bytes(bytes(5000))
    page = visit("gallery")
    press_button(page, "Show disk usage")
    assert not page.exception
    assert page.button(key="room_free").disabled
    page.checkbox(key="room_channels").check().run()
    assert page.button(key="room_free").label == "Remove 5 kB"
    page.button(key="room_free").click().run()
    assert not (paths.ensure_folder("channels") / "old.png").exists()
    assert "Freed 5 kB" in page.success[0].value
    assert index.find()[1] == 1


def test_page_warns_above_the_disk_limit(visit, make_result, monkeypatch):
    make_result(shade=4)
    monkeypatch.setattr("studio.gallery.disk_usage.read_limit", lambda: 100)
    page = visit("gallery")
    assert "Nothing is deleted automatically" in page.warning[0].value
    monkeypatch.setattr("pages.gallery.disk_usage.get_owner", lambda: "visitor-1")
    page = visit("gallery")
    assert not page.exception
    assert not page.warning, "a visitor is not asked about the disk"


@pytest.fixture
def image_without_inputs(chores):
    """Adds an image without inputs."""
    recipe = recipes.Recipe(task="chores.do", settings=chores.ChoreSettings(shade=5, steps=2).model_dump())
    file = File.store(image_io.encode_png(np.full((48, 64, 3), 5, "uint8"), recipe), "image", "chore.png")
    return items.add(tasks.Result((file,), {}, recipe), 1.0)


def test_sweep_is_planned_and_started(visit, image_without_inputs, engine):
    page = visit("gallery", item=image_without_inputs)
    page.selectbox(key=f"{image_without_inputs}.sweep_1").set_value("shade").run()
    page.text_input(key=f"{image_without_inputs}.sweep_1.shade").set_value("1|2|300").run()
    assert "shade" in " ".join(element.value for element in page.error)
    page.text_input(key=f"{image_without_inputs}.sweep_1.shade").set_value("1|2|3").run()
    page.selectbox(key=f"{image_without_inputs}.sweep_2").set_value("do").run()
    page.text_input(key=f"{image_without_inputs}.sweep_2.do").set_value("count|refuse").run()
    press_button(page, "Make 6 on one sheet")
    assert not page.exception
    job = engine.list_jobs()[0]
    assert job.task == "gallery.sweep"
    assert job.settings["vary"] == ["shade=1|2|3", "do=count|refuse"]
    assert (job.settings["task"], job.settings["base"]["steps"]) == ("chores.do", 2)


@pytest.mark.slow
def test_failed_sweep_shows_its_error_and_is_run_again(visit, engine, chores, until):
    plan = SweepSettings(
        task="chores.do", base=chores.ChoreSettings().model_dump(mode="json"), vary=("shade=1|2",)
    )
    job = engine.submit("gallery.sweep", plan, {})  # for a process without the chores
    until(lambda: engine.find_job(job.id).finished)
    page = visit("gallery", job=job.id)
    assert words.escape(engine.find_job(job.id).error) in page.error[0].value
    press_button(page, "Run again")
    assert not page.exception
    again = engine.list_jobs()[0]
    assert (again.task, again.settings) == (job.task, job.settings) and again.id != job.id
    until(lambda: engine.find_job(again.id).finished)


def test_failed_job_without_a_page_is_shown_in_the_gallery(visit, engine, chores, until):
    job = engine.submit("chores.do", chores.ChoreSettings(do="refuse"), {})
    until(lambda: engine.find_job(job.id).finished)
    page = visit("gallery", job=job.id)
    assert not page.exception and words.escape(engine.find_job(job.id).error) in page.error[0].value
    assert "Run again" in set(list_button_labels(page))


def test_opened_job_replaces_an_uploaded_image(visit, make_result, engine, chores, until):
    page, image = visit("gallery"), items.find(make_result(shade=30)).result.files[0].read()
    page.session_state[outside_file._PROVENANCE_KEY] = import_file.read_provenance(image, "a.png")
    page.run()
    assert "told_back" in {element.key for element in page.button}
    job = engine.submit("chores.do", chores.ChoreSettings(shade=9), {})
    until(lambda: engine.find_job(job.id).finished)
    page.query_params["job"] = job.id
    page.run()
    assert not page.exception and page.subheader[0].value == r"Chore\: chore"
    assert "told_back" not in {element.key for element in page.button}


def test_failed_job_does_not_hide_an_uploaded_image(visit, make_result, engine, chores, until):
    id = make_result(shade=32)
    data = items.find(id).result.files[0].read()
    removal.remove([id])
    job = engine.submit("chores.do", chores.ChoreSettings(do="refuse"), {})
    until(lambda: engine.find_job(job.id).finished)
    page = visit("gallery", job=job.id)
    page.file_uploader[0].set_value(("a.png", data, "image/png")).run()
    assert not page.exception
    assert any('"shade": 32' in code.value for code in page.code)


def test_cells_of_a_sweep_are_opened(visit, image_without_inputs, chores):
    plan = SweepSettings(
        task="chores.do",
        base=chores.ChoreSettings().model_dump(mode="json"),
        vary=("shade=40|50", "do=count|refuse"),
    )
    id = items.add(tasks.run("gallery.sweep", plan, {}), 1.0)
    page = visit("gallery", item=id)
    assert not page.exception
    assert list_button_labels(page).count("Look") == 2
    assert not page.get("page_link") or "Open in Gallery" not in {
        element.proto.label for element in page.get("page_link")
    }
    assert sum("not to my taste" in element.value for element in page.caption) >= 2
    page.button(key="cell_1").click().run()
    assert not page.exception
    assert any('"shade": 50' in code.value for code in page.code)
    press_button(page, "Back")
    assert list_button_labels(page).count("Look") == 2


@pytest.mark.parametrize(
    "task, title, file",
    [("style.transfer", "Style", "style_photo.py"), ("dream.ascend", "", "browse_gallery.py")],
)
def test_video_opens_on_the_page_of_its_frames_if_that_shows_videos(
    visit, engine, monkeypatch, task, title, file
):
    frames = [np.full((24, 32, 3), shade, "uint8") for shade in (9, 90)]
    video = File.store(video_encoder.encode(frames, "gif", 8), "animation", "video.gif")
    recipe = recipes.make("video.repaint", VideoSettings(task=task), {"video": [video]}, {})
    page = visit("gallery", item=items.add(tasks.Result((video,), {}, recipe), 1.0))
    assert not page.exception
    links = [link.proto.label for link in page.get("page_link")]
    assert [label for label in links if label.startswith("Open in")] == [f"Open in {title}"] * bool(title)
    targets = []
    monkeypatch.setattr(engine, "submit", lambda *args: SimpleNamespace(id="1"))
    monkeypatch.setattr(
        "streamlit.switch_page", lambda page_of_use, query_params: targets.append(page_of_use)
    )
    press_button(page, "Make again")
    assert not page.exception and targets == [file]


def test_text_cell_is_shown_and_added_as_an_item(visit, image_without_inputs, chores):
    plan = SweepSettings(
        task="chores.write", base=chores.ChoreSettings().model_dump(mode="json"), vary=("steps=3|4",)
    )
    page = visit("gallery", item=items.add(tasks.run("gallery.sweep", plan, {}), 1.0))
    page.button(key="cell_1").click().run()
    assert not page.exception
    assert not page.info, "the text itself is shown"
    press_button(page, "Add to the gallery")
    assert not page.exception
    (entry,), _ = index.find(Filter(task="chores.write"))
    assert items.find(entry.id).result.files[0].read() == b"bcde"
    assert items.find(entry.id).settings["steps"] == 4


def test_address_of_a_finished_job_shows_its_item(visit, engine, chores, until):
    job = engine.submit("chores.do", chores.ChoreSettings(shade=8), {})
    until(lambda: engine.find_job(job.id).finished)
    page = visit("gallery", job=job.id)
    assert page.query_params["item"] in (job.id, [job.id])
    assert page.subheader[0].value.startswith("Chore")


def test_trained_model_is_saved_and_offered_on_its_page(visit, tmp_path):
    model_file = model_zip.pack(tiny_styles.make(tmp_path / "net").folder)
    file = File.store(model_file, "model", "net.zip")
    recipe = presets.from_zip(file).read_recipe()
    page = visit("gallery", item=items.add(tasks.Result((file,), {}, recipe), 60.0))
    assert not page.exception
    next(element for element in page.text_input if element.label == "Name of the model").set_value(
        "Rainy days"
    )
    find_button(page, "Keep as model").click()
    page.run()
    assert not page.exception
    assert "choose it on the page Style" in page.toast[0].value
    assert presets.find("Rainy days").task == "style.train"


def test_saved_model_and_its_training_images_belong_to_the_visitor(visit, tmp_path, monkeypatch):
    sky = File.store(image_io.encode_png(np.full((32, 32, 3), 9, "uint8")), "image", "rain.png")
    model_file = model_zip.pack(tiny_styles.make(tmp_path / "net", learned_from=[sky]).folder)
    presets.unpack(model_file, "by-command")
    owner_name = ["visitor-a"]
    monkeypatch.setattr(owners, "get_owner", lambda: owner_name[0])
    monkeypatch.setitem(st.session_state, "model_name", "by-visitor")
    model_saving._save_model(File.store(model_file, "model", "net.zip"), "model_name", lambda name: "")
    assert {style.network for style in samples.list_trained_styles()} >= {"by-command", "by-visitor"}
    for owner_name[0] in ("visitor-b", "local"):
        by_network = {style.network: style for style in samples.list_trained_styles()}
        assert "by-command" in by_network and "by-visitor" not in by_network
    assert by_network["by-command"].get_file().read()


def test_shared_model_paints_for_all_but_hides_its_training_images(visit, tmp_path, monkeypatch):
    owner_name = ["visitor-a"]
    monkeypatch.setattr(owners, "get_owner", lambda: owner_name[0])
    foreign_file = File.store(
        image_io.encode_png(np.full((32, 32, 3), (9, 99, 9), "uint8")), "image", "rain.png"
    )
    owner_name[0] = "local"  # a model of the operator, with files that a visitor may have uploaded
    presets.unpack(
        model_zip.pack(tiny_styles.make(tmp_path / "net", learned_from=[foreign_file]).folder), "for-all"
    )
    owner_name[0] = "visitor-b"
    [sample] = [style for style in samples.list_trained_styles() if style.network == "for-all"]
    assert sample.painting == "rain" and sample.thumbnail == samples.load_thumbnail("none")
    with pytest.raises(Unavailable):
        sample.get_file().read()


def test_model_does_not_show_the_image_of_another_user(visit, tmp_path, monkeypatch):
    owner_name = ["visitor-a"]
    monkeypatch.setattr(owners, "get_owner", lambda: owner_name[0])
    secret = image_io.encode_png(np.full((32, 32, 3), (200, 9, 9), "uint8"))
    foreign_file = File.store(secret, "image", "rain.png")
    assert samples.make_thumbnail(foreign_file), "which is now in the memory that all tabs share"
    model_file = model_zip.pack(tiny_styles.make(tmp_path / "net", learned_from=[foreign_file]).folder)
    owner_name[0] = "visitor-b"
    File.store(model_file, "model", "net.zip"), presets.unpack(model_file, "forged")
    [sample] = [style for style in samples.list_trained_styles() if style.network == "forged"]
    assert sample.thumbnail == samples.load_thumbnail("none")
    with pytest.raises(Unavailable):
        sample.get_file().read()


def test_recipe_that_calls_a_foreign_image_a_sample_does_not_open_it(visit, monkeypatch):
    owner_name = ["visitor-a"]
    for module in (owners, outside_file):
        monkeypatch.setattr(module, "get_owner", lambda: owner_name[0])
    foreign_file = File.store(
        image_io.encode_png(np.full((32, 32, 3), (99, 9, 9), "uint8")), "image", "rain.png"
    )
    owner_name[0] = "visitor-b"
    for name in ("sample:chelsea.png", "sample:x", "chelsea.png", "sample:chelsea"):
        source = {"digest": foreign_file.digest, "name": name}
        recipe = {"version": 1, "task": "style.transfer", "settings": {}, "inputs": {"content": [source]}}
        description = outside_file._read_provenance(json.dumps(recipe).encode(), "forged.json")
        assert [file.digest for file in description.missing] == [foreign_file.digest]
        assert not foreign_file.is_available


def test_result_with_a_missing_file_breaks_no_page(visit, make_result, engine):
    id = make_result(shade=233)
    [file] = items.find(id).result.files
    file.path.unlink()
    try:
        page = visit("health")  # its sidebar has the job panel
        assert not page.exception
        assert any(
            "just now" in str(element.value).lower() or "done" in str(element.value).lower()
            for element in page.markdown
        )
    finally:
        engine.find_job(id).folder.remove()
