"""Settings refuse what they do not know, and say what was meant."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from kb.errors import SettingsInvalid
from kb.settings import Settings

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.upper().startswith("KB_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)  # no .env


def test_without_any_setting_the_defaults_hold() -> None:
    found = Settings.load()
    assert (found.data_dir, found.host, found.port, found.embedder) == (Path("var"), "127.0.0.1", 8000, "bundled")
    assert found.api_keys is None
    assert found.qdrant_url is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("KB_DATADIR", "KB_DATA_DIR"),
        ("KB_PROT", "KB_PORT"),
        ("KB_API_KEY", "KB_API_KEYS"),
        ("KB_QDRANT_URI", "KB_QDRANT_URL"),
        ("kb_thread", "KB_THREADS"),
    ],
)
def test_an_unknown_setting_is_an_error_that_names_the_nearest(monkeypatch: pytest.MonkeyPatch, name: str, meant: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsInvalid, match=rf"unknown setting {name}; did you mean {meant}\?"):
        Settings.load()


def test_a_setting_like_no_other_is_told_all_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_XQWZ", "1")
    with pytest.raises(SettingsInvalid, match="known are") as caught:
        Settings.load()
    assert all(f"KB_{name.upper()}" in str(caught.value) for name in Settings.model_fields)


def test_an_unknown_setting_in_the_file_is_an_error_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KB_DATADIR=/x\n", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=r"(?i)datadir"):
        Settings.load()


def test_the_file_is_read_and_the_environment_goes_before_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KB_PORT=9000\nKB_HOST=10.0.0.1\n", encoding="utf-8")
    monkeypatch.setenv("KB_PORT", "9001")
    found = Settings.load()
    assert (found.port, found.host) == (9001, "10.0.0.1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KB_PORT", "0"),
        ("KB_PORT", "65536"),
        ("KB_PORT", "http"),
        ("KB_THREADS", "-1"),
        ("KB_THREADS", "257"),
        ("KB_UPLOAD_MAX_MB", "0"),
        ("KB_UPLOAD_MAX_MB", "1025"),
        ("KB_PARSE_TIMEOUT_S", "0"),
        ("KB_KEEP_GENERATIONS", "0"),
        ("KB_KEEP_GENERATIONS", "21"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid, match=name):
        Settings.load()


@pytest.mark.parametrize(("name", "value"), [("KB_PORT", "1"), ("KB_PORT", "65535"), ("KB_THREADS", "0"), ("KB_KEEP_GENERATIONS", "1")])
def test_a_value_on_its_bound_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert getattr(Settings.load(), name.removeprefix("KB_").lower()) == int(value)


def test_keys_are_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_API_KEYS", "editor:0badc0de")
    monkeypatch.setenv("KB_QDRANT_API_KEY", "0badc0de")
    found = Settings.load()
    assert isinstance(found.api_keys, SecretStr)
    assert "0badc0de" not in repr(found)
    monkeypatch.setenv("KB_PORT", "http")
    with pytest.raises(SettingsInvalid) as caught:
        Settings.load()
    assert "0badc0de" not in str(caught.value)


def test_settings_cannot_be_changed_once_made() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().port = 1


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def _table() -> dict[str, tuple[str, str]]:
    rows = re.findall(r"^\| `(KB_\w+)` \| (.+?) \| (.+?) \|$", README.read_text(encoding="utf-8"), re.M)
    return {name: (default.strip("`"), meaning) for name, default, meaning in rows}


def test_the_readme_tells_every_setting_with_its_default_and_meaning() -> None:
    told = {}
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "unset" if default is None else f"./{default}" if isinstance(default, Path) else str(default)
        told[f"KB_{name.upper()}"] = (shown, field.description)
    assert _table() == told
