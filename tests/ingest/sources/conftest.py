import datetime as dt
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.sources.client import Client
from ingest.sources.rules import SourceRules
from ingest.sources.state import State
from tests.ingest.builds import ROOT
from tests.ingest.sources.replay import Clock, Replay


@pytest.fixture(scope="session")
def rules() -> SourceRules:
    return SourceRules.load(ROOT / "corpus")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def replay() -> Iterator[Replay]:
    with Replay() as server:
        yield server


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    held = State(tmp_path)
    yield held
    held.close()


@pytest.fixture
def client(tmp_path: Path, rules: SourceRules, state: State, replay: Replay, clock: Clock) -> Iterator[Client]:
    with make_client(tmp_path, rules, state, replay, clock) as made:
        yield made


def make_client(data_dir: Path, rules: SourceRules, state: State, replay: Replay, clock: Clock) -> Client:
    return Client(rules, state, data_dir, contact="library@example.org", version="0.0", clock=clock, backend=replay.backend)


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A TLS server on loopback that vouches for itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "data.rechtspraak.nl")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("data.rechtspraak.nl")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "own.pem"
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem.write_bytes(own + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    class Here(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                context.wrap_socket(self.request, server_side=True).recv(1)
            except (ssl.SSLError, OSError):
                return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Here) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield pem, server.server_address[1]
        server.shutdown()
