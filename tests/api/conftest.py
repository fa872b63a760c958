"""One small knowledge base for the tests of the doors."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from kb.wiring import KnowledgeBase
from tests import factories


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
