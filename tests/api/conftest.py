"""One small knowledge base for the tests of the doors."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from api.app import create_app
from kb.wiring import KnowledgeBase
from tests import factories
from tests.api.browsing import Tab, launched, served


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return factories.knowledge_base(tmp_path_factory.mktemp("kb"))


@pytest.fixture(scope="module")
def client(base: KnowledgeBase) -> Iterator[TestClient]:
    with TestClient(create_app(base.settings, base), base_url="http://127.0.0.1:8000") as opened:
        yield opened


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over the small knowledge base, for a browser."""
    with served(factories.knowledge_base(tmp_path_factory.mktemp("kb"))) as there:
        yield there


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def tab(chromium: Browser, address: str) -> Iterator[Tab]:
    """A tab in Dutch that must not breach the content policy, open a dialog or ask elsewhere for anything."""
    opened = Tab(chromium, address)
    yield opened
    assert opened.breaches() == []
    opened.context.close()
