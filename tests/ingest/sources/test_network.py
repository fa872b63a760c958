"""No way into a private network: by name, by address, by redirect, by a second look-up. Source: shared fault T18."""

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpcore2
import pytest

from ingest.sources import recognise
from ingest.sources.client import Client
from ingest.sources.network import CheckedBackend, Deadline, is_public
from ingest.sources.problems import FetchProblem
from ingest.sources.rules import SourceRules
from ingest.sources.state import State
from tests.ingest.sources import shapes
from tests.ingest.sources.replay import PUBLIC, Clock, Question, Replay, Reply

CLOSED = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:c0a8:101::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "localhost",
    "",
]
ECLI = "ECLI:NL:RBDHA:2099:1"
URL = f"https://data.rechtspraak.nl/uitspraken/content?id={ECLI}"


def _client(tmp_path: Path, rules: SourceRules, state: State, clock: Clock, resolver: Any, connect: Any) -> Client:
    return Client(
        rules,
        state,
        tmp_path,
        contact="library@example.org",
        version="0.0",
        clock=clock,
        backend=lambda deadline: CheckedBackend(deadline, resolver=resolver, connect=connect),
    )


def _never(address: str, *_: Any, **__: Any) -> httpcore2.NetworkStream:
    raise AssertionError(f"a connection to {address}")


@pytest.mark.parametrize("address", CLOSED)
def test_a_name_that_leads_to_a_closed_address_is_refused_before_any_connection(
    tmp_path: Path, rules: SourceRules, state: State, clock: Clock, address: str
) -> None:
    with _client(tmp_path, rules, state, clock, lambda _h, _p: [address], _never) as client, pytest.raises(FetchProblem) as caught:
        client.get(URL, accept="application/xml", recognise=recognise.rechtspraak(ECLI))
    assert caught.value.reason == "address-refused"
    assert clock.slept == []  # not a failure that may pass: asked once


@pytest.mark.parametrize("address", ["151.101.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_open_internet_is_let_through(address: str) -> None:
    assert is_public(address)


def test_one_closed_address_among_open_ones_refuses_the_name(tmp_path: Path, rules: SourceRules, state: State, clock: Clock) -> None:
    with (
        _client(tmp_path, rules, state, clock, lambda _h, _p: [PUBLIC, "10.0.0.1"], _never) as client,
        pytest.raises(FetchProblem, match=r"10\.0\.0\.1"),
    ):
        client.get(URL, accept="application/xml", recognise=recognise.rechtspraak(ECLI))


def test_the_connection_goes_to_the_address_that_was_checked_and_a_name_is_looked_up_once(
    tmp_path: Path, rules: SourceRules, state: State, clock: Clock, replay: Replay
) -> None:
    replay.answer = lambda _: Reply(shapes.ruling(ECLI, ["De rechtbank oordeelt."]))
    answers = [[PUBLIC], ["127.0.0.1"]]  # rebinding: the second look-up would lead inside
    looked_up: list[str] = []

    def resolver(host: str, _port: int) -> Sequence[str]:
        looked_up.append(host)
        return answers[min(len(looked_up) - 1, 1)]

    with _client(tmp_path, rules, state, clock, resolver, replay.connect) as client:
        client.get(URL, accept="application/xml", recognise=recognise.rechtspraak(ECLI))
    assert looked_up == ["data.rechtspraak.nl"]
    assert len(replay.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://data.rechtspraak.nl/uitspraken/content?id=x",
        "https://data.rechtspraak.nl:8443/x",
        "https://user@data.rechtspraak.nl/x",
        "https://user:pass@data.rechtspraak.nl/x",
        "https://data.rechtspraak.nl.evil.example/x",
        "https://evil.example/?https://data.rechtspraak.nl/",
        "https://evil.example\\@data.rechtspraak.nl/",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://localhost/x",
        "https://metadata.example/computeMetadata/v1/",
        "https://uitspraken.rechtspraak.nl/details?id=x",
        "ftp://data.rechtspraak.nl/x",
        "file:///etc/passwd",
        "gopher://data.rechtspraak.nl/",
        "//data.rechtspraak.nl/x",
        "https://data.rechtspraak.nl:99999/",
        "",
    ],
)
def test_only_https_to_listed_hosts_is_asked(tmp_path: Path, rules: SourceRules, state: State, clock: Clock, url: str) -> None:
    with _client(tmp_path, rules, state, clock, _never, _never) as client, pytest.raises(FetchProblem) as caught:
        client.get(url, accept="application/xml", recognise=recognise.rechtspraak(ECLI))
    assert caught.value.reason == "address-refused"


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/x",
        "http://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1/x",
        "//evil.example/x",
        "https://data.rechtspraak.nl@evil.example/x",
        "https://data.rechtspraak.nl:8443/x",
        "http://data.rechtspraak.nl:8080/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_elsewhere_is_not_followed(client: Client, replay: Replay, status: int, location: str) -> None:
    replay.answer = lambda _: Reply(b"", status, headers={"Location": location})
    with pytest.raises(FetchProblem) as caught:
        client.get(URL, accept="application/xml", recognise=recognise.rechtspraak(ECLI))
    assert caught.value.reason == "address-refused"
    assert len(replay.asked) == 1


def test_a_redirect_to_a_listed_host_is_followed_and_the_final_address_is_kept(client: Client, replay: Replay) -> None:
    final = "/resource/cellar/0b1c.0002.02/DOC_1"

    def answer(question: Question) -> Reply:
        if question.path == final:
            return Reply(shapes.arrest("C-297/17", None, ["One."]), kind="application/xhtml+xml")
        # as the Publications Office does it: back to http on its own host
        return Reply(b"", 303, headers={"Location": f"http://publications.europa.eu{final}"})

    replay.answer = answer
    got = client.get(
        "https://publications.europa.eu/resource/celex/62017CJ0297",
        accept="application/xhtml+xml",
        recognise=recognise.court_of_justice(["C-297/17"], "xhtml"),
    )
    assert got.url == f"https://publications.europa.eu{final}"
    assert got.asked_url.endswith("62017CJ0297")


def test_redirects_that_do_not_end_are_given_up(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = lambda question: Reply(b"", 302, headers={"Location": question.path + "1"})
    with pytest.raises(FetchProblem, match="more than 5 times"):
        client.get(URL, accept="application/xml", recognise=recognise.rechtspraak(ECLI))
    assert len(replay.asked) == rules.client.redirects + 1


def test_a_host_that_cannot_prove_who_it_is_is_not_read(
    tmp_path: Path, rules: SourceRules, state: State, clock: Clock, self_signed: tuple[Path, int]
) -> None:
    _, port = self_signed

    def connect(_address: str, _port: int, **options: Any) -> httpcore2.NetworkStream:
        return httpcore2.SyncBackend().connect_tcp("127.0.0.1", port, options.get("timeout"), None, None)

    with _client(tmp_path, rules, state, clock, lambda _h, _p: [PUBLIC], connect) as client, pytest.raises(FetchProblem) as caught:
        client.get(URL, accept="application/xml", recognise=recognise.rechtspraak(ECLI))
    assert caught.value.reason == "certificate"


def test_the_system_s_own_names_for_this_machine_are_refused() -> None:
    backend = CheckedBackend(Deadline(), connect=_never)
    with pytest.raises(FetchProblem, match="not an address of the open internet"):
        backend.connect_tcp("localhost", 443)


def test_a_name_that_is_not_known_is_no_answer() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(httpcore2.ConnectError, match="not known to the name service"):
        CheckedBackend(Deadline(), resolver=unknown, connect=_never).connect_tcp("data.rechtspraak.nl", 443)
