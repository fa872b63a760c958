"""The only way out: https to listed hosts, at an address that was looked up once, checked, and then connected to.

A name that leads to this machine, to its network or to a cloud's metadata service is refused before a connection is made. Because the
connection goes to the address that was checked, a second look-up cannot bring another one. Source: shared fault T18.
"""

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import httpcore2

from ingest.sources.problems import FetchProblem

Resolver = Callable[[str, int], Sequence[str]]
Connector = Callable[..., httpcore2.NetworkStream]
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.ip_network("::/96")


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses that the system knows for a name, in its order. Raises: OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address lies in the open internet; addresses that carry another one inside are judged by that one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.is_loopback or ip.is_unspecified:
            return False
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and (ip in _NAT64 or ip in _COMPATIBLE):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
    return ip.is_global and not (
        ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local or ip.is_private or ip.is_unspecified
    )


class Deadline:
    """The end of the answer under way, in seconds of the monotonic clock; shared by client and connection."""

    def __init__(self) -> None:
        self._at = float("inf")

    def start(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self, timeout: float | None = None) -> float:
        """Seconds that a read may take. Raises: FetchProblem `too-slow` when none is left."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise FetchProblem("too-slow", "the answer took longer than the total time limit")
        return left if timeout is None else min(left, timeout)


class CheckedBackend(httpcore2.NetworkBackend):
    """Looks a name up once, refuses what is not public, and connects to that very address.

    Tests give their own `resolver` and `connect`; there is no setting for it.
    """

    def __init__(self, deadline: Deadline, *, resolver: Resolver = resolve, connect: Connector | None = None) -> None:
        self._deadline = deadline
        self._resolver = resolver
        self._connect = connect or httpcore2.SyncBackend().connect_tcp

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            addresses = self._resolver(host, port)
        except OSError as error:
            raise httpcore2.ConnectError(f"{host} is not known to the name service ({error})") from error
        bad = [address for address in addresses if not is_public(address)]
        if bad or not addresses:
            raise FetchProblem("address-refused", f"{host} leads to {', '.join(bad) or 'no address'}: not an address of the open internet")
        last: Exception | None = None
        for address in addresses[:4]:
            try:
                stream = self._connect(
                    address, port, timeout=self._deadline.left(timeout), local_address=local_address, socket_options=socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                last = error
                continue
            return _LimitedStream(stream, self._deadline)
        raise last or httpcore2.ConnectError(f"{host}: no address answered")


class _LimitedStream(httpcore2.NetworkStream):
    """A connection whose every read and write ends by the deadline, so that a slow drip of bytes cannot hold a run."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> httpcore2.NetworkStream:
        return _LimitedStream(self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
