"""Nothing of a library leaves: the runtime of the bundled model reports to its maker unless it is told not to before it is loaded."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_SESSION = """
from onnx import TensorProto, helper
from kb.adapters.e5_onnx import runtime

value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1])
graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value("x")], [value("y")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
session = runtime().InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
import numpy
session.run(None, {"x": numpy.ones(1, numpy.float32)})
"""


@pytest.mark.parametrize("given", [{}, {"ORT_DISABLE_TELEMETRY": "0"}, {"ORT_DISABLE_TELEMETRY": ""}], ids=["unset", "off", "empty"])
def test_the_runtime_keeps_no_identifier_of_this_machine_and_nothing_to_send(tmp_path: Path, given: dict[str, str]) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **given}
    done = subprocess.run([sys.executable, "-c", _SESSION], cwd=ROOT, env=environment, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()[-500:]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_runtime_is_loaded_in_one_place_only() -> None:
    places = [
        f"{path.relative_to(ROOT)}"
        for package in ("kb", "ingest", "api", "evals")
        for path in sorted((ROOT / package).rglob("*.py"))
        if re.search(r"^\s*(?:import|from) onnxruntime", path.read_text(encoding="utf-8"), re.M)
    ]
    assert places == ["kb/adapters/e5_onnx.py"]
