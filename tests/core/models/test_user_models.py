"""Stored models are renamed, removed and restored; references follow them or explain why they cannot."""

from __future__ import annotations

import numpy as np
import paint  # adds the task `paint.invert`
import pytest
import saved_models

from studio.core import owners, paths, recipes
from studio.core.errors import InvalidInput, Unavailable
from studio.core.models import pinned_weights, presets, shelves, user_models
from studio.core.weights import pretrained
from tests.wording import SECOND_SENTENCE


class Model:
    """Saves an array as a Keras model would."""

    def __init__(self, values):
        self.values = np.asarray(values, "float32")

    def save_weights(self, path):
        path.write_bytes(self.values.tobytes())


def save_model(name, values=(1, 2)):
    settings = paint.PaintSettings()
    recipe = recipes.make("paint.invert", settings, {}, {})
    return saved_models.save(name, Model(values), "paint.invert", settings, "# Tiny\n", recipe)


def test_a_renamed_model_is_found_by_its_former_names(home):
    digest = save_model("first").digest
    assert user_models.rename("first", "  The second ") == "The second"
    assert user_models.rename("The second", "third") == "third"
    assert user_models.list_own() == ["third"] and "first" not in presets.list_names()
    for name in ("first", "The second", "FIRST", "third"):
        assert presets.find(name).digest == digest and presets.is_known(name)
    assert presets.find("third").former == ["The second", "first"]
    pinned_weights.check({"first": digest})
    assert user_models.rename("third", "first") == "first"
    assert presets.find("first").former == ["third", "The second"]


def test_a_model_can_be_renamed_to_another_case(home):
    save_model("cat")
    assert user_models.rename("cat", "Cat") == "Cat"
    assert user_models.list_own() == ["Cat"] and presets.find("cat").name == "Cat"


def test_a_new_model_takes_a_former_name_except_in_old_recipes(home):
    old = save_model("net", (1, 2)).digest
    user_models.rename("net", "painter")
    new = save_model("net", (3, 4)).digest
    assert presets.find("net").digest == new != old
    with pretrained.pin({"net": old}):
        assert presets.find("net").digest == old


@pytest.mark.parametrize("to", ["other", "OTHER", "digits-vae", "", "a/b", "..", "x" * 61])
def test_renaming_to_an_invalid_or_used_name_is_refused(home, to):
    save_model("mine"), save_model("other")
    with pytest.raises(InvalidInput, match=SECOND_SENTENCE):
        user_models.rename("mine", to)
    assert user_models.list_own() == ["mine", "other"] and presets.find("mine").former == []


def test_a_suggested_name_is_free(home):
    assert user_models.suggest_free_name("cup, street") == "cup street"
    assert user_models.suggest_free_name("***") == ""
    save_model("cup street"), save_model("Cup street 2")
    assert user_models.suggest_free_name("cup, street") == "cup street 3"
    save_model("a" * 60)
    assert user_models.suggest_free_name("a" * 99) == f"{'a' * 55} 2"


def test_a_removed_model_is_reported_and_can_be_restored(home):
    digest = save_model("mine").digest
    user_models.rename("mine", "yours")
    assert user_models.remove("yours") == "yours"
    assert (user_models.list_own(), user_models.list_removed()) == ([], ["yours"])
    for name in ("mine", "yours"):
        with pytest.raises(Unavailable, match="was removed"):
            presets.find(name)
    with pytest.raises(Unavailable, match="no longer here"):
        pinned_weights.check({"mine": digest})
    assert user_models.restore("yours") == "yours"
    assert presets.find("mine").digest == digest and user_models.list_removed() == []


def test_two_removed_models_of_one_name_can_be_restored(home):
    first = save_model("net", (1, 2)).digest
    user_models.remove("net")
    second = save_model("net", (3, 4)).digest
    with pytest.raises(InvalidInput, match="named net already"):
        user_models.restore("net")
    assert user_models.remove("net") == "net 2"
    assert user_models.list_removed() == ["net 2", "net"], "newest first"
    assert [user_models.restore(name) for name in ("net", "net 2")] == ["net", "net 2"]
    assert [presets.find(name).digest for name in ("net", "net 2")] == [first, second]


def test_a_deleted_model_cannot_be_found(home):
    save_model("mine")
    user_models.remove("mine")
    user_models.delete("mine")
    assert user_models.list_removed() == [] and not any(home.rglob("*.weights.h5"))
    with pytest.raises(InvalidInput, match="Use a name"):
        presets.find("mine")


@pytest.mark.parametrize(
    "name", ["digits-vae", "nothing", "..", "../../presets/mine", ".removed", "", "x" * 60_000]
)
@pytest.mark.parametrize("act", ["remove", "restore", "delete"])
def test_only_own_models_can_be_removed_restored_or_deleted(home, name, act):
    save_model("mine")
    with pytest.raises(Unavailable, match="is not among the models"):
        getattr(user_models, act)(name)
    assert user_models.list_own() == ["mine"]


def test_visitors_cannot_change_shared_or_other_users_models(home):
    save_model("for-all")
    with owners.acting_as("visitor-ada"):
        digest = save_model("ada's own").digest
    with owners.acting_as("visitor-bob"):
        for name in ("for-all", "ada's own"):
            for act in (lambda one: user_models.rename(one, "bob's"), user_models.remove):
                with pytest.raises(Unavailable, match="is not among the models"):
                    act(name)
        save_model("ada's own", (9, 9))
        user_models.rename("ada's own", "bob's")
        user_models.remove("bob's")
    with owners.acting_as("visitor-ada"):
        assert presets.find("ada's own").digest == digest and user_models.list_removed() == []
        with pytest.raises(InvalidInput):
            presets.find("bob's")
    assert user_models.list_own() == ["for-all"]


@pytest.mark.parametrize("content", [b"{", b"[1, 2]", b'["../../x", "/etc"]', b"7", b"\xff\xfe", b'"old"'])
def test_a_damaged_list_of_former_names_is_ignored(home, content):
    folder = save_model("mine").folder
    paths.write(folder / "former_names.json", content)
    assert shelves.read_former_names(folder) == [] and presets.find("mine").name == "mine"
    assert user_models.rename("mine", "yours") == "yours" and presets.find("mine").name == "mine"
