"""The README's Python examples run, as they stand, over the shipped corpus."""

import re
from pathlib import Path

import pytest

from kb.wiring import KnowledgeBase

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S)


def test_there_is_one_of_about_ten_lines() -> None:
    (example,) = EXAMPLES
    assert len([line for line in example.splitlines() if line.strip()]) <= 11


@pytest.mark.slow
def test_the_llama_index_example_prints_citation_standing_and_offsets(
    corpus_index: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("kb.wiring.open_knowledge_base", lambda: corpus_index)
    exec(compile(EXAMPLES[0], "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.count(" | ") == 15, printed
    assert "C-297/17" in printed or "C-163/17" in printed
    assert re.search(r"^\d+ \d+ \S", printed, re.M)
