"""What counts as one host and one network, and who is behind a proxy."""

import pytest

from protocol.auth.addresses import client_of, host_of, is_local, network_of, parse_networks


@pytest.mark.parametrize(
    ("address", "host", "network"),
    [
        ("192.0.2.77", "192.0.2.77", "192.0.2.0"),
        ("::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0"),
        ("2001:db8:1:2345::1", "2001:db8:1:2345::", "2001:db8:1:2300::"),
        ("memory", "memory", "memory"),
        ("", "", ""),
    ],
)
def test_hosts_and_networks(address: str, host: str, network: str) -> None:
    assert (host_of(address), network_of(address)) == (host, network)


PROXIES = parse_networks(["127.0.0.1", "10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        pytest.param("127.0.0.1", "192.0.2.1", "192.0.2.1", id="one proxy"),
        pytest.param("127.0.0.1", "192.0.2.1, 10.1.1.1", "192.0.2.1", id="two proxies"),
        pytest.param("127.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1", id="what the client claims"),
        pytest.param("192.0.2.9", "192.0.2.1", "192.0.2.9", id="nobody's proxy"),
        pytest.param("127.0.0.1", "10.1.1.1", "10.1.1.1", id="the proxy itself"),
        pytest.param("127.0.0.1", "[2001:db8::1]", "2001:db8::1", id="IPv6"),
        pytest.param("127.0.0.1", "unknown", "127.0.0.1", id="no address"),
        pytest.param("127.0.0.1", "192.0.2.1, ?, 10.1.1.1", "10.1.1.1", id="not beyond rubbish"),
        pytest.param("127.0.0.1", "", "127.0.0.1", id="empty"),
        pytest.param("memory", "192.0.2.1", "memory", id="no address of a peer"),
    ],
)
def test_the_client_that_a_proxy_speaks_for(peer: str, forwarded: str, client: str) -> None:
    assert client_of(peer, {"x-forwarded-for": forwarded}, PROXIES) == client
    assert client_of(peer, {"x-forwarded-for": forwarded}, ()) == peer
    assert client_of(peer, {}, PROXIES) == peer


def test_who_is_on_this_machine() -> None:
    assert is_local("127.0.0.1", {"host": "gateway"})
    assert is_local("::1", {})
    assert is_local("::ffff:127.0.0.1", {})
    assert not is_local("192.0.2.1", {})
    assert not is_local("memory", {})
    for header in ("x-forwarded-for", "x-real-ip", "forwarded"):
        assert not is_local("127.0.0.1", {header: ""})


@pytest.mark.parametrize("text", ["localhost", "10.0.0.1/8", "10.0.0.0/33", ""])
def test_what_is_no_network(text: str) -> None:
    with pytest.raises(ValueError, match=r"IP|host bits|netmask|network"):
        parse_networks([text])
