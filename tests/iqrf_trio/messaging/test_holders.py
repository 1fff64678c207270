"""Who is judged anew when a token changes, and when."""

import gc
from datetime import UTC, datetime, timedelta

from attrs import define, field

from iqrf_trio.messaging.holders import Holders
from protocol.auth.authentication import AuthError, Grant, TokenRevokedError
from protocol.auth.rights import CONTROL, MANAGE, Rights

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@define(eq=False)
class Waiting:
    follows: bool = True
    rights: Rights = MANAGE
    refused: list[AuthError] = field(factory=list)

    def renew(self, granted: Grant) -> None:
        self.rights = granted.rights

    def refuse(self, error: AuthError) -> None:
        self.refused.append(error)


def grant(token_id: int = 1, rights: Rights = MANAGE, days: int = 1) -> Grant:
    return Grant(token_id, NOW + timedelta(days=days), rights)


def test_a_token_is_looked_at_when_it_is_new_when_it_expires_and_when_something_changed() -> None:
    holders, waiting = Holders(), Waiting()
    holders.add(waiting, grant())
    assert holders.doubtful(NOW, changed=False) == (1,)
    assert holders.doubtful(NOW, changed=False) == ()
    assert holders.doubtful(NOW, changed=True) == (1,)
    assert holders.doubtful(NOW + timedelta(days=1), changed=False) == (1,)


def test_a_holder_moves_along_to_the_token_in_place_of_its_own() -> None:
    holders, waiting = Holders(), Waiting()
    holders.add(waiting, grant())
    holders.renew(waiting, grant(2, CONTROL))
    assert waiting.rights == CONTROL
    assert holders.of(1) == ()
    assert holders.of(2) == (waiting,)


def test_a_holder_that_was_refused_is_asked_no_more() -> None:
    holders, waiting, other = Holders(), Waiting(), Waiting()
    for each in (waiting, other):
        holders.add(each, grant())
    holders.end(waiting, TokenRevokedError())
    assert len(waiting.refused) == 1
    assert holders.of(1) == (other,)
    assert other.refused == []


def test_who_has_nothing_under_way_is_forgotten() -> None:
    holders, gone = Holders(), Waiting()
    with holders.joined(Waiting(), grant(2)):
        assert len(holders.of(2)) == 1
    holders.add(gone, grant())
    del gone
    gc.collect()
    assert holders.of(1) == holders.of(2) == ()
    assert holders.doubtful(NOW, changed=True) == ()
