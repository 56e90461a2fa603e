"""`studio token`: issue, replace and revoke tokens, also of owners without any work."""

from __future__ import annotations

import json

import pytest

from studio import cli
from studio.core import tokens


def test_revoke_removes_all_tokens_of_an_owner(home, capsys):
    revoked = [tokens.create("visitor-ada"), tokens.create("visitor-ada")]
    other = tokens.create("visitor-bob")
    assert cli.main(["token", "--revoke", "visitor-ada", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"revoked": 2}
    assert [tokens.find_owner(token) for token in [*revoked, other]] == [None, None, "visitor-bob"]


@pytest.mark.parametrize("name, message", [("visitor-eve", "has no token"), ("local", "--new")])
def test_revoke_without_a_token_is_rejected(home, capsys, name, message):
    assert cli.main(["token", "--revoke", name]) == 2
    assert message in capsys.readouterr().err
