"""`studio token`: tokens are given, replaced and revoked, also those of somebody whose work is gone."""

from __future__ import annotations

import json

import pytest

from studio import cli
from studio.core import tokens


def test_tokens_of_somebody_are_revoked(home, capsys):
    given = [tokens.give("visitor-ada"), tokens.give("visitor-ada")]
    other = tokens.give("visitor-bob")
    assert cli.main(["token", "--revoke", "visitor-ada", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"revoked": 2}
    assert [tokens.owner_of(token) for token in [*given, other]] == [None, None, "visitor-bob"]


@pytest.mark.parametrize(("name", "told"), [("visitor-eve", "has no token"), ("local", "--new")])
def test_who_has_no_token_that_can_be_revoked_is_told(home, capsys, name, told):
    assert cli.main(["token", "--revoke", name]) == 2
    assert told in capsys.readouterr().err
