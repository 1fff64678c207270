"""Only what succeeded at the coordinator, and changed bonds or routes, is a reason to look."""

import pytest
from attrs import evolve

from protocol.dpa.packet import Request, answer
from protocol.dpa.peripherals.coordinator import bond_node, bonded_devices, remove_bond, set_mid
from protocol.dpa.peripherals.node import node_remove_bond
from protocol.dpa.peripherals.os import os_batch, os_restart
from protocol.dpa.transaction import Outcome
from protocol.network.triggers import changes_network, corrected_mid

CHANGES = {0x03, 0x04, 0x05, 0x07, 0x0C, 0x0D, 0x12, 0x13}
"""Clear all, bond, remove, discovery, restore, authorize, smart connect, set MID."""


def outcome(request: Request, rcode: int = 0) -> Outcome:
    response = answer(request, hwpid=2, rcode=rcode)
    return Outcome(request, rcode, None, response, 0.0, None, 0.1)


@pytest.mark.parametrize("pcmd", range(0x14))
def test_commands_of_the_coordinator(pcmd: int) -> None:
    done = outcome(Request(0, 0, pcmd))
    assert changes_network(done) is (pcmd in CHANGES)
    assert not changes_network(outcome(Request(0, 0, pcmd), rcode=1))
    assert not changes_network(evolve(done, status=-1, response=None))
    assert not changes_network(outcome(Request(5, 0, pcmd)))


def test_other_peripherals_change_nothing() -> None:
    assert not changes_network(outcome(os_restart(0).request))
    assert not changes_network(outcome(node_remove_bond(3).request))


def test_a_mid_that_was_put_right() -> None:
    request = set_mid(0x8100_0A0B, 7).request
    assert corrected_mid(outcome(request)) == {7: 0x8100_0A0B}
    assert not corrected_mid(outcome(request, rcode=1))
    assert not corrected_mid(outcome(evolve(request, pdata=request.pdata[:4])))
    assert not corrected_mid(outcome(evolve(request, nadr=1)))
    assert not corrected_mid(outcome(bond_node(7, 1).request))


@pytest.mark.parametrize(
    ("nodes", "changes"), [((3,), True), ((3, 4), True), ((), False)], ids=["one", "two", "none"]
)
def test_bonds_that_a_batch_removes(nodes: tuple[int, ...], changes: bool) -> None:
    requests = [bonded_devices().request]
    requests += [remove_bond(node).request for node in nodes]
    batch = os_batch(0, requests).request
    assert changes_network(outcome(batch)) is changes
    # A node's own batch does not reach the coordinator's table.
    assert not changes_network(outcome(evolve(batch, nadr=3)))
