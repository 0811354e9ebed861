"""Token buckets per client, so that nobody walks through all plates or passwords.

Kept in memory: each web process counts for itself, so N processes allow at most N times the rate. Time is an argument.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass
class TokenBuckets:
    """`burst` requests at once, then one every `1 / rate_per_s` seconds, counted for each key."""

    rate_per_s: float
    burst: int
    max_keys: int = 20_000
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, key: str, now_s: float) -> float:
        """Take one token. 0 if there was one, else the seconds until there will be."""
        with self._lock:
            tokens, at_s = self._buckets.pop(key, (float(self.burst), now_s))
            tokens = min(float(self.burst), tokens + max(0.0, now_s - at_s) * self.rate_per_s)
            wait_s = 0.0 if tokens >= 1.0 else (1.0 - tokens) / self.rate_per_s
            self._buckets[key] = (tokens - 1.0 if wait_s == 0.0 else tokens, now_s)
            while len(self._buckets) > self.max_keys:
                self._buckets.popitem(last=False)
            return wait_s


def client_key(address: str) -> str:
    """One bucket per IPv4 address or IPv6 /64: a household has one of the latter, and 2**64 addresses in it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def client_address(peer: str | None, forwarded_for: str | None, trusted_proxies: Collection[str]) -> str:
    """The address to count: the peer, or, behind a proxy of ours, the last hop that is none of our proxies."""
    if peer not in trusted_proxies or not forwarded_for:
        return peer or "unknown"
    hops = [hop.strip() for hop in forwarded_for.split(",")]
    return next((hop for hop in reversed(hops) if hop and hop not in trusted_proxies), peer or "unknown")
