"""`studio gallery`: list, show, export, remove and restore results of commands."""

from __future__ import annotations

import json
import zipfile

import odd_folders
import pytest

from studio.cli import gallery
from studio.core import recipes, tasks
from studio.core.errors import InsufficientSpace
from studio.core.imaging import image_io
from studio.gallery import index, items
from studio.run import outputs


@pytest.fixture
def paint_item(run_command, photo):
    """Paints with a command and returns the id of the item: `paint_item("out.png", "--tint", "red")`."""

    def paint(*argv):
        assert run_command("invert", photo, "-o", *argv, "--quiet")[0] == 0
        return json.loads(run_command("gallery", "list", "--json")[1])["items"][0]["id"]

    return paint


def test_unsaved_result_is_in_the_gallery(run_command, photo, monkeypatch):
    def full(*_):
        raise InsufficientSpace("The disk is full. Free some space.")

    monkeypatch.setattr(outputs, "save_result", full)
    code, _, err = run_command("invert", photo, "-o", "out.png")
    assert code != 0 and "The disk is full" in err
    assert json.loads(run_command("gallery", "list", "--json")[1])["total"] == 1


def test_results_of_commands_are_in_the_gallery(run_command, paint_item, tmp_path):
    id = paint_item("out.png", "--tint", "red")
    code, out, _ = run_command("gallery", "list")
    assert code == 0
    assert out.split()[0] == id and "Paint" in out and "photo" in out
    entry = json.loads(run_command("gallery", "show", id, "--json")[1])
    assert entry["settings"]["tint"] == "red"
    assert entry["recipe"]["settings"] == entry["settings"]
    assert open(entry["files"][0]["path"], "rb").read() == (tmp_path / "out.png").read_bytes()  # noqa: PTH123, SIM115


def test_columns_are_wide_enough():
    assert max(len(task.title) for task in map(tasks.get, tasks.TASKS)) <= gallery._TITLE_WIDTH


def test_verified_replay_is_not_in_the_gallery(run_command, paint_item, tmp_path):
    paint_item("out.png")
    assert run_command("replay", tmp_path / "out.png", "--verify")[1] == "identical\n"
    assert json.loads(run_command("gallery", "list", "--json")[1])["total"] == 1
    assert run_command("replay", tmp_path / "out.png")[0] == 0
    assert json.loads(run_command("gallery", "list", "--json")[1])["total"] == 2


def test_list_filters_by_words_kind_and_task(run_command, paint_item):
    red, blue = paint_item("a.png", "--tint", "red"), paint_item("b.png", "--tint", "blue")

    def find(*argv):
        return [
            entry["id"] for entry in json.loads(run_command("gallery", "list", "--json", *argv)[1])["items"]
        ]

    assert find() == [blue, red]
    assert find("tint", "red") == [red]
    assert find("--kind", "text") == find("--task", "style.transfer") == []
    assert find("-n", "1") == [blue]
    _, out, err = run_command("gallery", "list", "-n", "1")
    assert out.count("\n") == 1 and "1 more" in err
    assert "No results found" in run_command("gallery", "list", "zebra")[2]


def test_show_reads_a_file(run_command, paint_item, tmp_path):
    paint_item("out.png", "--seed", "9")
    code, out, _ = run_command("gallery", "show", tmp_path / "out.png")
    assert code == 0
    assert json.loads(out)["settings"]["seed"] == 9


def test_export_saves_all_or_selected_items(run_command, paint_item, tmp_path):
    red, _ = paint_item("a.png", "--tint", "red"), paint_item("b.png", "--tint", "blue")
    assert run_command("gallery", "export", "-o", "all.zip")[:2] == (0, "all.zip\n")
    assert run_command("gallery", "export", red, "-o", "one.zip")[0] == 0
    assert run_command("gallery", "export", "--words", "blue", "-o", "blue.zip")[0] == 0
    tints = {}
    for name in ("all", "one", "blue"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip") as packed:
            tints[name] = {recipes.read(packed.read(name)).settings["tint"] for name in packed.namelist()}
    assert tints == {"all": {"red", "blue"}, "one": {"red"}, "blue": {"blue"}}


def test_export_skips_incomplete_items_unless_selected(run_command, paint_item, tmp_path):
    red, blue = paint_item("a.png", "--tint", "red"), paint_item("b.png", "--tint", "blue")
    items.find(red).result.files[0].path.unlink()
    code, out, err = run_command("gallery", "export", "-o", "all.zip")
    assert (code, out) == (0, "all.zip\n") and f"{red}, " in err and "was skipped" in err
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        assert len(packed.namelist()) == 1
    code, _, err = run_command("gallery", "export", red, blue, "-o", "both.zip")
    assert code == 2 and red in err and not (tmp_path / "both.zip").exists()


def test_remove_can_be_undone(run_command, paint_item):
    id = paint_item("out.png")
    code, out, err = run_command("gallery", "remove", id)
    assert (code, out) == (0, f"{id}\n") and "--undo" in err
    assert json.loads(run_command("gallery", "list", "--json")[1])["total"] == 0
    assert run_command("gallery", "list", "--removed")[1].startswith(id)
    assert run_command("gallery", "remove", "--undo", id)[0] == 0
    assert json.loads(run_command("gallery", "list", "--json")[1])["total"] == 1
    run_command("gallery", "remove", id)
    assert run_command("gallery", "remove", "--for-good", id)[0] == 0
    assert run_command("gallery", "remove", "--undo", id)[0] == 2


INVALID_COMMANDS = {
    "unknown action": ["burn"],
    "no item": ["show", "nothing"],
    "no file": ["show", "nothing.png"],
    "no recipe": ["show", "plain.png"],
    "unknown kind": ["list", "--kind", "song"],
    "no number": ["list", "-n", "-3"],
    "nothing to export": ["export", "-o", "all.zip"],
    "no zip": ["export", "-o", "all.png"],
    "no such folder": ["export", "-o", "nowhere/all.zip"],
    "ids and a filter": ["export", "a", "--words", "b", "-o", "all.zip"],
    "nothing removed": ["remove", "nothing"],
    "undo for good": ["remove", "nothing", "--undo", "--for-good"],
    "nothing to mark": ["mark", "nothing"],
    "no item to mark": ["mark", "nothing", "--star"],
    "one name for two": ["mark", "a", "b", "--name", "c"],
}


@pytest.mark.parametrize("name", INVALID_COMMANDS)
def test_invalid_input_is_one_line_and_code_2(run_command, home, tmp_path, monkeypatch, image, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain.png").write_bytes(image_io.encode_png(image))
    code, out, err = run_command("gallery", *INVALID_COMMANDS[name])
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1
    assert not (tmp_path / "all.zip").exists()


def test_full_gallery_does_not_prevent_saving(run_command, photo, home, tmp_path):
    (home / "jobs").mkdir(parents=True)
    (home / "jobs").rmdir()
    (home / "jobs").write_text("in the way")
    code, out, err = run_command("invert", photo, "-o", "out.png", "--quiet")
    assert (code, out) == (0, "out.png\n")
    assert "not in the gallery" in err
    assert (tmp_path / "out.png").exists()


def test_unreadable_items_are_listed_and_can_be_removed(run_command, paint_item, home):
    good, odd = paint_item("a.png", "--tint", "red"), paint_item("b.png", "--tint", "blue")
    odd_folders.CORRUPTIONS["the title is a number"](home / "jobs" / odd)
    assert f"studio gallery remove {odd}" in run_command("gallery", "show", odd)[2]
    code, out, _ = run_command("gallery", "list")
    assert code == 0 and out.splitlines()[0].startswith(good)
    assert out.splitlines()[1].startswith(odd) and "unreadable" in out.splitlines()[1]
    listing = json.loads(run_command("gallery", "list", "--json")[1])
    assert listing["total"] == 1 and [entry["id"] for entry in listing["unreadable"]] == [odd]
    assert run_command("gallery", "remove", odd)[0] == 0
    assert odd in run_command("gallery", "list", "--removed")[1]
    assert run_command("gallery", "remove", "--undo", odd)[0] == 0
    assert run_command("gallery", "remove", odd)[0] == 0
    assert run_command("gallery", "remove", "--for-good", odd)[0] == 0
    assert odd not in run_command("gallery", "list")[1] + run_command("gallery", "list", "--removed")[1]


@pytest.mark.slow
def test_owner_flag_selects_items_of_a_visitor(run_command, paint_item, home, tmp_path):
    own, hers = paint_item("a.png", "--tint", "red"), paint_item("b.png", "--tint", "blue")
    job = home / "jobs" / hers / "job.json"
    job.write_text(json.dumps(json.loads(job.read_bytes()) | {"owner": "visitor-a1"}))
    index.drop(hers)
    listed = {
        entry["name"]: entry for entry in json.loads(run_command("gallery", "owners", "--json")[1])["owners"]
    }
    assert {name: owner["items"] for name, owner in listed.items()} == {"local": 1, "visitor-a1": 1}
    assert listed["visitor-a1"]["bytes"] > (tmp_path / "b.png").stat().st_size
    assert "visitor-a1" in run_command("gallery", "owners")[1]
    as_her = ("--owner", "visitor-a1")
    assert run_command("gallery", "list")[1].split()[0] == own
    assert run_command("gallery", "list", *as_her)[1].split()[0] == hers
    assert run_command("gallery", "show", hers)[0] == 2
    assert (
        json.loads(run_command("gallery", "show", hers, *as_her, "--json")[1])["settings"]["tint"] == "blue"
    )
    assert run_command("gallery", "export", *as_her, "-o", "hers.zip")[0] == 0
    with zipfile.ZipFile(tmp_path / "hers.zip") as packed:
        assert recipes.read(packed.read(packed.namelist()[0])).settings["tint"] == "blue"
    assert run_command("gallery", "remove", hers)[0] == 2
    assert run_command("gallery", "remove", hers, *as_her)[0] == 0
    assert hers in run_command("gallery", "list", "--removed", *as_her)[1]
    code, _, err = run_command("gallery", "list", "--owner", "visitor-a2")
    assert code == 2 and "Did you mean visitor-a1" in err
    code, output, noted = run_command("gallery", "owners", "--remove", "visitor-a1")
    assert code == 0 and output.startswith("visitor-a1 ") and "Deleted" in noted
    assert "visitor-a1" not in run_command("gallery", "owners")[1]
    assert run_command("gallery", "owners", "--remove", "local")[0] == 2


@pytest.mark.slow
def test_marked_items_are_found_by_their_marks(run_command, paint_item):
    red, blue = paint_item("a.png", "--tint", "red"), paint_item("b.png", "--tint", "blue")

    def find(*argv):
        return [
            entry["id"] for entry in json.loads(run_command("gallery", "list", "--json", *argv)[1])["items"]
        ]

    code, out, _ = run_command(
        "gallery", "mark", red, "--star", "--tag", "Sea", "--tag", "old", "--name", "My best"
    )
    assert code == 0 and "My best (starred, sea, old)" in out
    assert run_command("gallery", "list")[1].splitlines()[1] == out.rstrip()
    assert find("--starred") == find("--tag", "sea") == find("best") == [red]
    run_command("gallery", "mark", red, blue, "--tag", "both", "--untag", "sea")
    assert find("--tag", "both") == [blue, red] and find("--tag", "sea") == []
    marks = json.loads(run_command("gallery", "show", red, "--json")[1])["marks"]
    assert marks == {"starred": True, "tags": ["old", "both"], "name": "My best", "boards": []}
    assert run_command("gallery", "export", "--starred", "-o", "best.zip")[0] == 0
    with zipfile.ZipFile("best.zip") as packed:
        assert [name.rpartition("-")[2] for name in packed.namelist()] == ["My best.png", "marks.json"]
    run_command("gallery", "mark", red, "--no-star", "--name", "")
    assert find("--starred") == [] and find("best") == []
    run_command("gallery", "remove", red)
    assert run_command("gallery", "list", "--removed", "--tag", "old")[1].startswith(red)
    assert run_command("gallery", "list", "--removed", "--starred")[1] == ""


@pytest.mark.slow
def test_boards_are_filled_renamed_and_deleted(run_command, paint_item):
    red, blue = paint_item("a.png", "--tint", "red"), paint_item("b.png", "--tint", "blue")
    assert "board Sea" in run_command("gallery", "mark", red, blue, "--board", "Sea")[1]
    run_command("gallery", "mark", blue, "--board", "Best", "--off-board", "sea")
    listed = json.loads(run_command("gallery", "boards", "--json")[1])["boards"]
    assert listed == [{"name": "Best", "items": 1}, {"name": "Sea", "items": 1}]
    assert run_command("gallery", "boards", "Sea", "--rename", "Best")[1].split() == ["Best", "2", "results"]
    assert run_command("gallery", "list", "--board", "best")[1].count("board Best") == 2
    assert run_command("gallery", "boards", "Best", "--delete")[0] == 0
    assert json.loads(run_command("gallery", "list", "--json")[1])["total"] == 2
    for wrong in (("Best", "--delete"), ("Best",), ("--delete",), ("Best", "--delete", "--rename", "A")):
        code, _, error = run_command("gallery", "boards", *wrong)
        assert code == 2 and error.count("\n") == 1
