"""How often a wrong password may be tried. Pure: the time is given.

Each peer has a few tries at hand and gets one back every second. Who has none left is not even
compared, so that guessing at speed is of no use. The peers that are remembered are bounded: the one
that has been quiet the longest is forgotten first. An IPv6 peer is the network that one machine is
usually given, or each of its 2**64 addresses would have tries of its own.
"""

from __future__ import annotations

from collections import OrderedDict

from msgspec import Struct

TRIES = 10.0  # wrong passwords that a person may type in a row
BACK = 1.0  # tries that are given back a second
MOST_PEERS = 1024


class Purse(Struct):
    """What a peer has left."""

    tries: float
    at: float  # seconds, when that was so


class Throttle:
    """Counts wrong passwords, by peer."""

    def __init__(self) -> None:
        self._purses: OrderedDict[str, Purse] = OrderedDict()

    def wait_of(self, peer: str, now: float) -> float:
        """Seconds until this peer may try again; 0 if it may now."""
        purse = self._purses.get(network_of(peer))
        return 0.0 if purse is None else max(0.0, (1.0 - left_in(purse, now)) / BACK)

    def note_wrong(self, peer: str, now: float) -> None:
        """This peer gave a wrong password."""
        key = network_of(peer)
        purse = self._purses.pop(key, None)
        left = TRIES if purse is None else left_in(purse, now)
        self._purses[key] = Purse(max(0.0, left - 1.0), now)
        if len(self._purses) > MOST_PEERS:
            self._purses.popitem(last=False)


def left_in(purse: Purse, now: float) -> float:
    """The tries that a peer has now."""
    return min(TRIES, purse.tries + (now - purse.at) * BACK)


def network_of(peer: str) -> str:
    """What counts as one peer: an IPv4 address, or the first 64 bits of an IPv6 one."""
    if ":" not in peer:
        return peer
    import ipaddress  # only for who comes over IPv6 with a wrong password

    address = ipaddress.IPv6Address(peer.partition("%")[0])
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(int(address) >> 64)
