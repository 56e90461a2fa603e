"""Work of visitors who do not return expires in a studio for many users; other work does not."""

from __future__ import annotations

import json
import os
import time

import pytest

from studio.core import caches, clock, paths, tasks, tokens
from studio.core import owners as library
from studio.core.errors import InvalidInput
from studio.engine import quotas
from studio.engine.jobs.ledger import Ledger
from studio.gallery import disk_usage, index, items, owners, removal

VISITOR, USER = "visitor-0a", "user-0a"
LONG_AGO = time.time() - 200 * disk_usage.DAY_SECONDS


@pytest.fixture
def shared_studio(monkeypatch):
    """A studio for many users."""
    monkeypatch.setenv("STUDIO_USERS", "many")


def age_files(home, *places):
    """Makes all files old, or only some of them."""
    for path in [path for place in places or ["."] for path in [home / place, *(home / place).rglob("*")]]:
        os.utime(path, (LONG_AGO, LONG_AGO))


def list_owner_names():
    return {owner.name for owner in owners.list_owners() if owner.items}


def test_list_owners_measures_everyone(home, make_item):
    make_item(owner=VISITOR), make_item(owner=VISITOR, shade=3), make_item()
    removal.remove([make_item(owner=USER)], USER)
    by_name = {owner.name: owner for owner in owners.list_owners()}
    assert {name: owner.items for name, owner in by_name.items()} == {VISITOR: 2, "local": 1, USER: 0}
    assert by_name[VISITOR].bytes > by_name["local"].bytes > 1000 and by_name[USER].bytes > 1000
    assert abs(by_name[VISITOR].last_changed - time.time()) < 60
    assert owners.validate(VISITOR) == VISITOR and owners.validate("local") == "local"
    with pytest.raises(InvalidInput, match="Invalid owner: "):
        owners.validate("visitor-0b")


def test_remove_deletes_all_data_of_an_owner(home, make_item, shared_studio):
    removed, here = make_item(owner=VISITOR, shade=1), make_item(owner=USER, shade=2)
    removal.remove([make_item(owner=VISITOR, shade=3)], VISITOR)
    files = [items.find(id, name).result.files[0] for id, name in ((removed, VISITOR), (here, USER))]
    (library.folder(VISITOR) / "presets" / "language_model").mkdir(parents=True)
    age_files(home, "files")
    assert owners.remove(VISITOR).items == 1
    assert list_owner_names() == {USER} and not library.folder(VISITOR).exists()
    assert [file.is_available for file in files] == [False, True]
    assert not list(removal.removed_folder().iterdir())
    for name, why in ((VISITOR, "owner"), ("local", "who runs the studio")):
        with pytest.raises(InvalidInput, match=why):
            owners.remove(name)


def test_owner_with_a_running_job_is_not_removed(home, make_item, monkeypatch):
    make_item(owner=VISITOR)
    monkeypatch.setattr(quotas, "measure_usage", lambda name: quotas.Usage(is_busy=True))
    with pytest.raises(InvalidInput, match="Try again when it has ended"):
        owners.remove(VISITOR)
    assert list_owner_names() == {VISITOR}


def test_absent_visitors_are_removed_with_their_files(home, make_item, shared_studio):
    owners.remove_absent()
    expired, here, user, own = (
        make_item(owner=name, shade=n) for n, name in enumerate((VISITOR, "visitor-1", USER, "local"))
    )
    removal.remove([make_item(owner=VISITOR, shade=9)], VISITOR)
    file = items.find(expired, VISITOR).result.files[0]
    for name in (VISITOR, "visitor-1"):
        quotas.record_visit(name)
    (library.folder(VISITOR) / "presets" / "language_model").mkdir(parents=True)
    assert owners.remove_absent() == []
    age_files(home)
    quotas.record_visit("visitor-1")
    assert owners.remove_absent() == [VISITOR]
    assert list_owner_names() == {"visitor-1", USER, "local"}
    assert not (home / "jobs" / expired).exists() and not file.is_available
    assert list((home / "removed").iterdir()) == [] and not library.folder(VISITOR).exists()
    assert all(items.find(*item).is_complete for item in ((here, "visitor-1"), (user, USER), (own,)))


def test_users_are_kept_unless_a_limit_is_set(home, make_item, shared_studio, monkeypatch):
    owners.remove_absent()
    make_item(owner=USER), make_item(owner="ann"), make_item()
    age_files(home)
    assert owners.remove_absent() == []
    monkeypatch.setenv("STUDIO_USER_DAYS", "300")
    assert owners.remove_absent() == []
    monkeypatch.setenv("STUDIO_USER_DAYS", "100")
    assert owners.remove_absent() == [USER]
    assert list_owner_names() == {"ann", "local"}


def test_visitors_are_kept_for_the_set_days(home, make_item, shared_studio, monkeypatch):
    owners.remove_absent()
    make_item(owner=VISITOR)
    age_files(home)
    for days in ("0", "201"):
        monkeypatch.setenv("STUDIO_VISITOR_DAYS", days)
        assert owners.remove_absent() == []
    monkeypatch.setenv("STUDIO_VISITOR_DAYS", "soon")
    with pytest.raises(InvalidInput):
        owners.remove_absent()
    assert list_owner_names() == {VISITOR}


def test_single_user_studio_removes_nothing(home, make_item, monkeypatch):
    owners.remove_absent()
    make_item(), make_item(owner=VISITOR)
    age_files(home)
    monkeypatch.setenv("STUDIO_USERS", "one")
    assert owners.remove_absent() == [] and list_owner_names() == {"local", VISITOR}


def test_owner_with_a_waiting_job_is_kept(home, make_item, shared_studio):
    owners.remove_absent()
    make_item(owner=VISITOR)
    state = home / "jobs" / make_item(owner=VISITOR, shade=4) / "state.json"
    state.write_text(json.dumps(json.loads(state.read_bytes()) | {"state": "queued"}))
    age_files(home)
    assert owners.remove_absent() == []


def test_clock_far_ahead_removes_nothing(home, make_item, shared_studio, monkeypatch):
    make_item(owner=VISITOR)
    with library.acting_as(VISITOR):
        unnamed = tasks.File.store(b"brought", "text", "brought.txt")
    owners.remove_absent()
    now = time.time() + 100 * disk_usage.DAY_SECONDS
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(clock, "_last_readings", {})  # as another process
    assert owners.remove_absent() == [] and list_owner_names() == {VISITOR}
    assert paths.is_stored(unnamed.digest)


def test_tokens_of_a_removed_owner_are_revoked(home, make_item, shared_studio):
    make_item(owner=VISITOR)
    token = tokens.create(VISITOR)
    owners.remove(VISITOR)
    assert tokens.find_owner(token) is None


def test_tokens_are_revoked_before_data_are_removed(home, make_item, shared_studio, monkeypatch):
    make_item(owner=VISITOR)
    tokens.create(VISITOR)
    open_while_evicting = []
    evict = caches.evict
    monkeypatch.setattr(
        caches, "evict", lambda *args: (open_while_evicting.append(tokens.has_token(VISITOR)), evict(*args))
    )
    owners.remove(VISITOR)
    assert open_while_evicting and not any(open_while_evicting)


def test_owner_with_a_paused_job_is_removed(home, make_item, shared_studio):
    state = home / "jobs" / make_item(owner=VISITOR) / "state.json"
    state.write_text(json.dumps(json.loads(state.read_bytes()) | {"state": "queued"}))
    ledger = Ledger(home / "jobs")  # of a server that is running
    ledger.load()
    with pytest.raises(InvalidInput, match="Try again when it has ended"):
        owners.remove(VISITOR)
    [waiting] = ledger.queue
    ledger.pause(waiting, True)
    owners.remove(VISITOR)
    assert not list((home / "jobs").iterdir())
    assert not ledger.list_newest(VISITOR, 9) and not ledger.queue


def test_owners_without_a_recorded_visit_get_the_full_time(home, make_item, shared_studio):
    make_item(owner=VISITOR)
    age_files(home)
    assert owners.remove_absent() == [], "as after an update of a studio that has been for many for long"
    age_files(home, "owners")
    assert owners.remove_absent() == [VISITOR]


@pytest.mark.slow
def test_unreferenced_files_are_removed_after_a_week(home, make_item, shared_studio):
    owners.remove_absent()
    referenced, old, new = make_item(owner=USER), paths.store(b"an upload"), paths.store(b"another")
    age_files(home)
    paths.store(b"another")
    owners.remove_absent()
    assert paths.is_stored(new) and not paths.is_stored(old) and items.find(referenced, USER).is_complete
    assert index.find(owner=USER)[1] == 1
