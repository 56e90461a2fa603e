"""The index mirrors the folders and searches by kind, task and words."""

from __future__ import annotations

import shutil

import pytest

from studio.core import recipes
from studio.core.errors import InvalidInput
from studio.core.tasks import File, Result
from studio.gallery import index, items
from studio.gallery.index import Filter
from studio.style.settings import TransferSettings


def find_ids(**filters):
    return [entry.id for entry in index.find(Filter(**filters))[0]]


def find_index(home):
    return next((home / "cache").glob("gallery-*.sqlite"))


def test_find_returns_pages_newest_first(make_item):
    item_ids = [make_item(shade=shade) for shade in range(5)][::-1]
    assert find_ids() == item_ids
    entries, total = index.find(limit=2, skip=1)
    assert ([entry.id for entry in entries], total) == (item_ids[1:3], 5)


def test_entry_equals_its_item(make_item):
    id = make_item(name="blue_cat.png")
    (entry,), _ = index.find()
    item = items.find(id)
    assert (entry.kind, entry.task, entry.title, entry.name) == ("image", "fake.paint", "Paint", "blue cat")
    assert (entry.created, entry.file) == (item.created, item.result.files[0])
    assert entry.load_thumbnail() == item.load_thumbnail()


def test_find_lists_only_items_of_the_owner(make_item):
    make_item(owner="ann")
    own = make_item()
    assert find_ids() == [own]
    assert index.list_tasks("ann") == {"fake.paint": "Paint"}
    assert index.list_tasks("bob") == {}


@pytest.mark.parametrize(
    "words", ["cat", "CAT paint", "tint red", "seed 41", "cat.png painted.png", "fake.paint red"]
)
def test_each_search_word_must_match(make_item, words):
    make_item(name="dog.png", tint="blue", seed=7)
    cat = make_item(name="Cat.png", tint="red", seed=41)
    assert find_ids(words=words) == [cat]
    assert find_ids(words=f"{words} zebra") == []


def test_a_search_of_many_words_uses_the_first(make_item):
    cat = make_item(name="cat.png")
    assert find_ids(words="cat " * 2000) == [cat]
    assert find_ids(words="cat " * 99 + "zebra " * 2000) == []


def test_numbers_and_settings_match_exactly(make_item):
    make_item(seed=7, steps=2)
    other = make_item(seed=2, steps=7)
    third = make_item(seed=17, steps=5)
    assert len(find_ids(words="7")) == 2
    assert find_ids(words="seed=2") == find_ids(words="steps=7 tint=none") == [other]
    assert find_ids(words="17") == [third]
    assert find_ids(words="1") == []


def test_search_words_are_not_patterns(make_item):
    make_item(name="100% cat_a.png")
    assert len(find_ids(words="100%")) == 1
    assert find_ids(words="100_") == find_ids(words="'; DROP TABLE items; --") == []


def test_search_includes_recipes_of_inputs(home, make_item, image):
    import paint

    from studio.core import recipes, tasks

    first = items.find(make_item(tint="red")).result.files[0]
    recipe = recipes.make("fake.paint", paint.PaintSettings(), {"content": [first]})
    items.add(tasks.Result((first,), {}, recipe), 1.0)
    assert len(find_ids(words="tint red")) == 2
    assert len(find_ids(words="tint blue")) == 0


def test_kind_task_and_digest_filter(make_item, make_text):
    painted, text = make_item(), make_text("a tale")
    assert find_ids(kind="text") == [text]
    assert find_ids(kind="image", task="fake.paint") == [painted]
    assert find_ids(task="style.transfer") == []
    assert find_ids(digest=items.find(text).result.files[0].digest) == [text]


def test_changes_show_at_once(home, make_item):
    first, second = make_item(shade=1), make_item(shade=2)
    assert find_ids() == [second, first]
    shutil.rmtree(home / "jobs" / first)
    third = make_item(shade=3)
    assert find_ids() == [third, second]


def test_job_becomes_an_item_when_it_ends(home, make_item):
    id = make_item()
    outcome = home / "jobs" / id / "outcome.json"
    original = outcome.read_bytes()
    outcome.unlink()
    assert find_ids() == []
    outcome.write_bytes(original)
    assert find_ids() == [id]


@pytest.mark.parametrize("corruption", ["gone", "empty", "noise", "cut", "other"])
def test_damaged_index_is_rebuilt(home, make_item, corruption):
    item_ids = [make_item(shade=shade) for shade in range(3)][::-1]
    assert find_ids() == item_ids
    path = find_index(home)
    data = path.read_bytes()
    if corruption == "gone":
        path.unlink()
    elif corruption == "other":
        path.write_bytes(b"SQLite format 3\0" + bytes(4000))
    else:
        path.write_bytes({"empty": b"", "noise": b"noise" * 999, "cut": data[: len(data) // 2]}[corruption])
    assert find_ids() == item_ids


def test_index_with_a_damaged_page_is_rebuilt(home, make_item):
    item_ids = [make_item(shade=shade) for shade in range(12)][::-1]
    assert find_ids() == item_ids
    path = find_index(home)
    full = path.read_bytes()
    for start in range(4096, len(full), 4096):
        path.write_bytes(full[:start] + b"\xff" * 4096 + full[start + 4096 :])
        assert (find_ids(), index.list_tasks()) == (item_ids, {"fake.paint": "Paint"})


def test_read_only_index_is_kept_in_memory(home, make_item):
    item_ids = make_item()
    (home / "cache").mkdir(exist_ok=True)
    blocked = home / "cache" / f"gallery-{index.FORMAT}.sqlite"
    blocked.mkdir()  # SQLite cannot open or create it, and nobody can unlink it
    assert find_ids() == [item_ids]


def test_damaged_items_do_not_affect_others(home, make_item):
    good, bad = make_item(shade=1), make_item(shade=2)
    (home / "jobs" / bad / "outcome.json").write_text("{")
    (home / "jobs" / "stray").write_text("")
    assert find_ids() == [good]


@pytest.mark.parametrize("query", [Filter(words="cat \udcff"), Filter(task="\udcff"), Filter(kind="\udcff")])
def test_search_for_invalid_text_is_rejected(home, query):
    with pytest.raises(InvalidInput, match="Invalid search"):
        index.find(query)


def test_results_are_found_by_model_and_capability(make_item, home):
    plain = make_item()
    recipe = recipes.make("style.transfer", TransferSettings(), {}, {"adain": "a" * 64, "vgg16": "b" * 64})
    file = File.store(b"RIFF", "image", "painted.png")
    painted = items.add(Result((file,), {}, recipe), 1.0)
    assert index.list_models() == ["adain", "vgg16"]
    assert find_ids(model="adain") == find_ids(capability="style") == [painted]
    assert (
        find_ids(model="ada")
        == find_ids(capability="sty")
        == find_ids(model="adain", capability="fake")
        == []
    )
    assert find_ids(capability="fake") == [plain]
