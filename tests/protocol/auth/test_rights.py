"""Scopes and the service permission: what includes what."""

import pytest

from protocol.auth.rights import CONTROL, MANAGE, READ, Rights, Scope


def test_each_scope_includes_those_before_it() -> None:
    scopes = list(Scope)
    for one in scopes:
        for other in scopes:
            assert one.includes(other) is (scopes.index(one) >= scopes.index(other))


@pytest.mark.parametrize("rights", [READ, CONTROL, MANAGE, Rights(Scope.READ, service=True)])
def test_rights_allow_what_takes_the_same(rights: Rights) -> None:
    assert rights.missing(rights) is None


def test_what_is_missing_is_told() -> None:
    assert CONTROL.missing(MANAGE) == "The token's scope is control, this takes the scope manage."
    leaving = Rights(Scope.MANAGE, service=True)
    assert MANAGE.missing(leaving) == "The token lacks the service permission."
    assert leaving.missing(MANAGE) is None
    # The permission does not stand in for a scope.
    assert Rights(Scope.READ, service=True).missing(CONTROL) is not None
