"""The application against its own description: requests that fit it and requests that break it, with every check that there is.

A few of each here; many more by hand: `TEST_API_EXAMPLES=200 pytest tests/api/test_schemathesis.py`.
"""

import os
import tempfile
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, settings

from api.app import create_app
from tests import factories

EXAMPLES = int(os.environ.get("TEST_API_EXAMPLES", "4"))
_FOLDER = Path(tempfile.mkdtemp(prefix="dublin-kb-api-"))
_BASE = factories.knowledge_base(_FOLDER)
schema = schemathesis.openapi.from_asgi(
    "/api/v1/openapi.json", create_app(_BASE.settings.model_copy(update={"allowed_hosts": "testserver"}), _BASE)
)


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_api_is_as_it_is_described(case: schemathesis.Case) -> None:
    case.call_and_validate(headers={"Host": "127.0.0.1"})
