"""The dossier file of a case: readable with its password alone, refused after its end date, and nothing of it sent anywhere."""

import base64
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from playwright.sync_api import Browser, Page, expect

from tests.api.browsing import MARKS, Tab, fill_in_a_case
from tests.factories import MARK

pytestmark = MARKS

PASSWORD = "vier wörter zonder verband"


def save(page: Page, path: Path, *, password: str = PASSWORD, end: str | None = None) -> None:
    page.get_by_label("Wachtwoord", exact=True).fill(password)
    page.get_by_label("Hetzelfde wachtwoord nog eens").fill(password)
    if end:
        page.get_by_label("Einddatum").fill(end)
    with page.expect_download() as download:
        page.get_by_role("button", name="Dossierbestand bewaren").click()
    download.value.save_as(path)


def choose(page: Page, path: Path, *, password: str = PASSWORD) -> None:
    page.get_by_label("Dossierbestand", exact=True).set_input_files(path)
    page.get_by_label("Wachtwoord van het bestand").fill(password)
    page.get_by_role("button", name="Dossierbestand openen").click()


def opened(path: Path, password: str) -> dict[str, Any]:
    """The same as the page does, with another library and from the description of the format alone."""
    held = json.loads(path.read_text())
    head = json.loads(held["head"])
    kdf = PBKDF2HMAC(SHA256(), 32, base64.b64decode(head["kdf"]["salt"]), head["kdf"]["iterations"])
    key = kdf.derive(password.encode())
    plain = AESGCM(key).decrypt(base64.b64decode(head["cipher"]["iv"]), base64.b64decode(held["data"]), held["head"].encode())
    made: dict[str, Any] = json.loads(plain)
    return made


def seal(facts: dict[str, str], pins: list[Any], *, ends: str, path: Path) -> None:
    """A dossier as somebody else could have made it."""
    salt, iv = b"s" * 16, b"i" * 12
    head = json.dumps(
        {
            "format": "dublin-kb dossier",
            "version": 1,
            "ends_on": ends,
            "kdf": {"name": "PBKDF2", "hash": "SHA-256", "iterations": 100_000, "salt": base64.b64encode(salt).decode()},
            "cipher": {"name": "AES-GCM", "length": 256, "iv": base64.b64encode(iv).decode()},
        }
    )
    key = PBKDF2HMAC(SHA256(), 32, salt, 100_000).derive(PASSWORD.encode())
    data = AESGCM(key).encrypt(iv, json.dumps({"facts": facts, "pins": pins}).encode(), head.encode())
    path.write_text(json.dumps({"head": head, "data": base64.b64encode(data).decode()}))


def in_days(days: int) -> str:
    return (dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=days)).isoformat()


def test_a_case_is_saved_and_opened_again_with_its_pins_and_notes_and_nothing_is_sent(
    chromium: Browser, address: str, tmp_path: Path
) -> None:
    tab = Tab(chromium, address, accept_downloads=True)
    page = tab.page
    fill_in_a_case(page)
    page.get_by_role("button", name="Vastzetten: ").first.click()
    page.get_by_label("Aantekening").fill("belangrijk")
    cited = page.locator(".pin a").inner_text()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    path = tmp_path / "zaak.dublinkb"
    save(page, path, end=in_days(30))
    expect(page.locator("#dossier-saved")).to_contain_text("Door uw browser bewaard")
    assert page.get_by_label("Wachtwoord", exact=True).input_value() == "", "the password leaves the page's fields"
    content = path.read_text()
    assert MARK not in content
    assert "belangrijk" not in content
    held = opened(path, PASSWORD)
    assert held["facts"]["housing"] == f"dakloos {MARK}"
    assert held["pins"][0]["note"] == "belangrijk"

    page.goto("/case")
    asked.clear()
    choose(page, path)
    expect(page.locator("#dossier-opened")).to_contain_text("Geopend")
    assert page.get_by_label("Huisvesting daar").input_value() == f"dakloos {MARK}"
    assert page.get_by_label("Andere lidstaat").input_value() == "GR"
    assert page.get_by_label("de vluchtelingenstatus").is_checked()
    assert page.locator(".pin a").inner_text() == cited
    assert page.get_by_label("Aantekening").input_value() == "belangrijk"
    assert [url for url in asked if not url.startswith(("blob:", f"{address}/static/"))] == [], (
        "neither saving nor opening asks anybody for anything"
    )
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert tab.breaches() == []
    tab.context.close()


def test_without_the_password_or_with_another_end_date_it_stays_closed(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "zaak.dublinkb"
    seal({"housing": MARK}, [], ends=in_days(1), path=path)
    page = tab.open("/case")
    choose(page, path, password="vijf andere woorden hier")
    expect(page.locator("#dossier-opened")).to_contain_text("Het gaat niet open")
    with pytest.raises(InvalidTag):
        opened(path, "vijf andere woorden hier")
    held = json.loads(path.read_text())
    held["head"] = held["head"].replace(in_days(1), in_days(400))
    path.write_text(json.dumps(held))
    choose(page, path)
    expect(page.locator("#dossier-opened")).to_contain_text("het bestand is veranderd")
    assert page.get_by_label("Huisvesting daar").input_value() == ""


def test_after_its_end_date_it_is_refused_with_the_right_password_too(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "zaak.dublinkb"
    seal({"housing": MARK}, [], ends=in_days(-2), path=path)
    page = tab.open("/case")
    choose(page, path)
    expect(page.locator("#dossier-opened")).to_contain_text(f"Dit dossier eindigde op {in_days(-2)}")
    assert page.get_by_label("Huisvesting daar").input_value() == ""


def test_what_cannot_be_kept_safely_is_not_saved(tab: Tab) -> None:
    page = tab.open("/case")
    assert "Zonder het wachtwoord kan niemand dit bestand nog openen" in page.locator("#dossier").inner_text()
    said = page.locator("#dossier-saved")
    page.get_by_label("Wachtwoord", exact=True).fill("te kort")
    page.get_by_role("button", name="Dossierbestand bewaren").click()
    expect(said).to_contain_text("ten minste 12 tekens")
    page.get_by_label("Wachtwoord", exact=True).fill(PASSWORD)
    page.get_by_label("Hetzelfde wachtwoord nog eens").fill(f"{PASSWORD}.")
    page.get_by_role("button", name="Dossierbestand bewaren").click()
    expect(said).to_contain_text("niet gelijk")
    page.get_by_label("Hetzelfde wachtwoord nog eens").fill(PASSWORD)
    page.get_by_label("Einddatum").fill(in_days(-1))
    page.get_by_role("button", name="Dossierbestand bewaren").click()
    expect(said).to_contain_text("einddatum ligt na vandaag")


def test_a_dossier_from_elsewhere_brings_text_and_nothing_that_runs(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "zaak.dublinkb"
    hostile = "<img src=x onerror=alert(1)>\u202e"
    pins = [
        {"citation": hostile, "href": "/documents/x", "quote": f"<svg/onload=alert(2)>{hostile}", "lang": '"><b>', "note": hostile},
        *(
            {"citation": "x", "href": href}
            for href in ("javascript:alert(3)", "//evil.example", "/\\evil.example", "/documents/\\x", 7, None)
        ),
        None,
        "x",
    ]
    facts: dict[str, Any] = {"housing": hostile, "status_there": "none", "__proto__": "x", "member_state": "no such state", "work": 7}
    seal(facts, pins, ends=in_days(1), path=path)
    page = tab.open("/case")
    choose(page, path)
    expect(page.locator("#dossier-opened")).to_contain_text("Geopend")
    assert page.locator(".pin").count() == 1
    assert page.locator(".pin a").text_content() == hostile
    assert page.locator("main img, main svg").count() == 0
    assert page.get_by_label("Huisvesting daar").input_value() == hostile


@pytest.mark.parametrize(
    "content", ["", "{}", '{"head": "{}", "data": ""}', "x" * 100, '{"head": 1}'], ids=["empty", "no head", "no format", "text", "number"]
)
def test_another_file_is_no_dossier(tab: Tab, tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.dublinkb"
    path.write_text(content)
    page = tab.open("/case")
    choose(page, path)
    expect(page.locator("#dossier-opened")).to_contain_text("geen dossierbestand")


def test_without_a_script_no_dossier_is_promised(chromium: Browser, address: str) -> None:
    tab = Tab(chromium, address, java_script_enabled=False)
    assert tab.open("/case").locator("#dossier").is_hidden()
    tab.context.close()
