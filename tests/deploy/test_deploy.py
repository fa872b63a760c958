"""Image, compose file, unit and proxy notes: linted, read, and their health checks run without a container engine.

What was never run is said in docs/operators.md: no image was built and no container started.
"""

import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml
from typer.main import get_command

from api.app import create_app
from api.cli import app as command_line
from api.surroundings import QDRANT_AT_LEAST
from kb.settings import Settings
from tests import factories

ROOT = Path(__file__).resolve().parents[2]
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
UNIT = (ROOT / "docs" / "deploy" / "dublin-kb.service").read_text(encoding="utf-8")
NGINX = (ROOT / "docs" / "deploy" / "nginx.conf").read_text(encoding="utf-8")
CADDY = (ROOT / "docs" / "deploy" / "Caddyfile").read_text(encoding="utf-8")
SETTINGS = {f"KB_{name.upper()}" for name in Settings.model_fields}
# in compose.yaml: where the port is published, which is not the program's matter
OUTSIDE = {"KB_PUBLISHED_PORT"}


# -- the image --------------------------------------------------------------------------------------------------------------------


def test_the_containerfile_is_lint_free() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([linter, "--no-color", ROOT / "Containerfile"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def _stages() -> list[str]:
    return ["FROM " + part for part in re.split(r"^FROM ", CONTAINERFILE, flags=re.M)[1:]]


def test_the_image_runs_as_nobody_special_and_builds_nothing_at_run_time() -> None:
    stages = _stages()
    assert len(stages) == 2
    assert all(re.match(r"FROM docker\.io/library/python:3\.11-slim\b", stage) for stage in stages)
    assert re.findall(r"^USER (.+)$", stages[-1], re.M) == ["10001:10001"]
    assert "pip install" not in stages[-1]
    assert not re.search(r"\b(?:curl|wget|apt-get|ADD)\b", CONTAINERFILE)


def test_the_image_installs_the_pins_as_make_setup_does() -> None:
    wanted = [line.partition("$(PIP) ")[2] for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines() if "$(PIP)" in line][:3]
    assert len(wanted) == 3
    for line in wanted:
        words = [word for word in shlex.split(line) if word not in ("--progress-bar", "on", "--quiet")]
        assert f"-m pip {' '.join(words)}" in CONTAINERFILE


def test_everything_the_image_copies_is_in_the_repository_and_every_package_is_copied() -> None:
    copied = {word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.M) for word in line.split()}
    assert all((ROOT / name).exists() for name in copied)
    assert copied >= {"requirements.txt", "pyproject.toml", "kb", "ingest", "api", "evals", "corpus"}


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"\bKB_[A-Z_]+", CONTAINERFILE + (ROOT / "compose.yaml").read_text() + UNIT + NGINX + CADDY)))
)
def test_every_setting_that_is_written_there_exists(name: str) -> None:
    assert name in SETTINGS | OUTSIDE


def test_the_builder_of_the_image_is_given_what_it_copies_and_nothing_else() -> None:
    """Above all no `.env`, no data, no virtual environment."""
    first, *lines = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    copied = {word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.M) for word in line.split()}
    assert first == "*"
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == copied
    assert all(line.startswith(("!", "**/")) for line in lines)


# -- health checks ----------------------------------------------------------------------------------------------------------------


def health_command() -> list[str]:
    """What HEALTHCHECK runs."""
    found = re.search(r"^HEALTHCHECK .*CMD (\[.+\])$", CONTAINERFILE, re.M)
    assert found
    words: list[str] = yaml.safe_load(found[1])
    assert words[0] == "python"
    return [sys.executable, *words[1:]]


@contextmanager
def served(data_dir: Path, *, filled: bool) -> Iterator[int]:
    """The port of a running server over a small store, or over none."""
    base = factories.knowledge_base(data_dir) if filled else factories.empty_knowledge_base(data_dir)
    config = uvicorn.Config(create_app(base.settings, base), port=0, log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < end
        time.sleep(0.02)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)


def health(port: int, **more: str) -> int:
    environment = {"PATH": "/usr/bin:/bin", "KB_PORT": str(port), "KB_API_KEYS": f"reader:{'a' * 64}", **more}
    return subprocess.run(health_command(), cwd=ROOT, env=environment, timeout=60, check=False).returncode


def test_a_server_that_can_answer_is_healthy_also_when_it_listens_everywhere(tmp_path: Path) -> None:
    with served(tmp_path, filled=True) as port:
        assert health(port) == 0
        assert health(port, KB_HOST="0.0.0.0", http_proxy="http://127.0.0.1:9", no_proxy="") == 0


def test_a_server_without_an_index_is_not_healthy(tmp_path: Path) -> None:
    with served(tmp_path, filled=False) as port:
        assert health(port) == 1


def test_where_nothing_listens_nothing_is_healthy() -> None:
    assert health(9) == 1


@contextmanager
def qdrant(status: int) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()
            self.wfile.write(b"all shards are ready")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield listening.server_port
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_of_the_qdrant_container_tells_ready_from_not(status: int, healthy: bool) -> None:
    kind, *command = SERVICES["qdrant"]["healthcheck"]["test"]
    assert kind == "CMD"
    assert "/dev/tcp/127.0.0.1/6333" in command[-1]
    with qdrant(status) as port:
        command[-1] = command[-1].replace("6333", str(port))
        assert (subprocess.run(command, timeout=20, check=False).returncode == 0) is healthy
    assert subprocess.run(command, timeout=20, stderr=subprocess.DEVNULL, check=False).returncode != 0


# -- compose ----------------------------------------------------------------------------------------------------------------------


def test_the_compose_file_is_lint_free() -> None:
    from yamllint import linter
    from yamllint.config import YamlLintConfig

    config = YamlLintConfig("{extends: default, rules: {line-length: {max: 140}, document-start: disable}}")
    with (ROOT / "compose.yaml").open(encoding="utf-8") as stream:
        assert [str(problem) for problem in linter.run(stream, config)] == []


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_shut_in(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    limits = service["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}
    assert [mount.partition(":")[0] for mount in service["tmpfs"]] == ["/tmp"]
    assert all(volume.partition(":")[0] in COMPOSE["volumes"] for volume in service["volumes"])


def test_nobody_outside_reaches_the_qdrant_server_and_it_has_a_key() -> None:
    service = SERVICES["qdrant"]
    assert "ports" not in service
    assert service["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    key = service["environment"]["QDRANT__SERVICE__API_KEY"]
    assert key.startswith("${KB_QDRANT_API_KEY:?"), "it must not start without one"
    assert SERVICES["app"]["environment"]["KB_QDRANT_API_KEY"] == key
    version = re.fullmatch(r"docker\.io/qdrant/qdrant:v(\d+)\.(\d+)\.\d+-unprivileged", service["image"])
    assert version
    assert (int(version[1]), int(version[2])) >= QDRANT_AT_LEAST


def test_the_server_is_published_to_this_machine_alone_and_asks_for_keys() -> None:
    (port,) = SERVICES["app"]["ports"]
    assert port.startswith("127.0.0.1:")
    assert SERVICES["app"]["environment"]["KB_API_KEYS"].startswith("${KB_API_KEYS:?")
    assert re.search(r"^    KB_HOST=0\.0\.0\.0 ", CONTAINERFILE, re.M)


def test_the_index_is_made_before_the_server_starts() -> None:
    assert SERVICES["index"]["command"] == ["ingest"]
    assert SERVICES["index"]["depends_on"] == {"qdrant": {"condition": "service_healthy"}}
    assert SERVICES["app"]["depends_on"] == {"index": {"condition": "service_completed_successfully"}}
    commands = get_command(command_line).commands  # type: ignore[attr-defined]
    started = yaml.safe_load(re.findall(r"^CMD (.+)$", CONTAINERFILE, re.M)[-1])
    assert {SERVICES["index"]["command"][0], started[0]} <= set(commands)


def test_both_containers_of_the_program_run_as_the_images_account() -> None:
    user = re.findall(r"^USER (.+)$", CONTAINERFILE, re.M)[-1]
    assert {SERVICES[name]["user"] for name in ("app", "index")} == {user}


# -- systemd ----------------------------------------------------------------------------------------------------------------------

ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not on this machine")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with commands that exist here, as `verify` looks for them."""
    path = tmp_path / "dublin-kb.service"
    path.write_text(UNIT.replace("/srv/dublin-kb/.venv/bin/dublin-kb", "/bin/true"), encoding="utf-8")
    return path


@needs_systemd
def test_systemd_understands_every_line_of_the_unit(unit: Path) -> None:
    done = subprocess.run([str(ANALYZE), "verify", "--man=no", unit], capture_output=True, text=True, timeout=60, check=False)
    complaints = [line for line in done.stderr.splitlines() if "dublin-kb" in line]
    assert (done.returncode, complaints) == (0, [])


@needs_systemd
def test_the_unit_is_exposed_little(unit: Path) -> None:
    done = subprocess.run(
        [str(ANALYZE), "security", "--offline=true", "--threshold=20", "--no-pager", unit],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout.splitlines()[-1:]


@pytest.mark.parametrize(
    "line",
    [
        "DynamicUser=yes",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "IPAddressDeny=any",
        "LimitCORE=0",
        "UMask=0077",
    ],
)
def test_the_unit_holds_what_shuts_it_in(line: str) -> None:
    assert line in UNIT.splitlines()


# -- the proxy --------------------------------------------------------------------------------------------------------------------


def test_no_proxy_keeps_what_people_search_for() -> None:
    formats = dict(re.findall(r"^log_format (\w+) '(.+)';$", NGINX, re.M))
    kept = [words for words in re.findall(r"^\s*access_log (.+);$", NGINX, re.M) if words != "off"]
    assert kept
    for words in kept:
        told = formats[words.split()[1]]
        assert not re.search(r"\$(?:request\b(?!_)|request_uri|args|query_string|http_|request_body)", told)
    assert len(re.findall(r"^\s*access_log ", NGINX, re.M)) == NGINX.count("server {")
    assert re.search(r"^\s*error_log \S+ crit;$", NGINX, re.M)
    assert not re.search(r"^\s*log\b", CADDY, re.M)
    assert "$request_uri" not in NGINX


def test_the_proxies_let_uploads_through_and_keep_the_name() -> None:
    upload = Settings.model_fields["upload_max_mb"].default
    assert f"client_max_body_size {upload + 1}m;" in NGINX
    assert f"max_size {upload + 1}MB" in CADDY
    assert "proxy_set_header Host $host;" in NGINX
    assert "header_up Host {host}" in CADDY
    for text in (NGINX, CADDY):
        assert "Strict-Transport-Security" in text
        assert "/metrics" in text
    assert NGINX.count("{") == NGINX.count("}")
    assert CADDY.count("{") == CADDY.count("}")
