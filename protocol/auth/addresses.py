"""Addresses of clients: what counts as one host and one network, and who is behind a proxy."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

FORWARDED_FOR = "x-forwarded-for"

FORWARDING = frozenset({FORWARDED_FOR, "x-real-ip", "forwarded"})
"""Headers of a request that came through a proxy, in lower case."""

_HOST_BITS = {4: 32, 6: 64}
_NETWORK_BITS = {4: 24, 6: 56}
"""Whoever has one IPv6 address has 2^64 of them, and often 256 such networks."""


def host_of(address: str) -> str:
    """What counts as one host: an IPv4 address, or an IPv6 network of 64 bits."""
    return _prefix(address, _HOST_BITS)


def network_of(address: str) -> str:
    """What counts as one network: /24 of IPv4, /56 of IPv6; other text as it is."""
    return _prefix(address, _NETWORK_BITS)


def client_of(peer: str, headers: Mapping[str, str], trusted: Sequence[Network]) -> str:
    """The address of the client that `peer` speaks for.

    Where `peer` is a trusted proxy that is the last address in X-Forwarded-For which is none;
    everybody else may write into that header what they like. `headers` have lower-case names.
    """
    client = peer
    for hop in reversed(headers.get(FORWARDED_FOR, "").split(",")):
        if not _within(client, trusted):
            break
        named = _parsed(hop.strip().strip("[]"))
        if named is None:
            break
        client = str(named)
    return client


def is_local(peer: str, headers: Mapping[str, str]) -> bool:
    """Whether a client runs on this machine: by its address, and no proxy has sent it on."""
    address = _parsed(peer)
    return address is not None and address.is_loopback and not FORWARDING & headers.keys()


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks such as `10.0.0.0/8` or single addresses. Raises ValueError."""
    return tuple(ip_network(text) for text in texts)


def _within(address: str, networks: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    """An IPv4 address that a socket for both families has written as IPv6 is the IPv4 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def _prefix(address: str, bits: Mapping[int, int]) -> str:
    parsed = _parsed(address)
    if parsed is None:
        return address
    shift = parsed.max_prefixlen - bits[parsed.version]
    return str(type(parsed)(int(parsed) >> shift << shift))
