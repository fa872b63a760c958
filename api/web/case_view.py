"""An assessment as its page shows it: warnings and gaps first, both sides of every step, and two days beside each other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api import countries
from api.web.contexts import AuthorityView, Badge, Link, Pages, PassageView, badge, document_href
from api.web.i18n import Words
from kb.law.assess import FACT_LABELS, AssessedElement, AssessedPosition, Assessment, Authority, SideHit

if TYPE_CHECKING:
    from kb.wiring import View

_SHOWN = 520  # characters of a passage beside another
_COMPARED = 400  # characters of a text in the comparison of two days


@dataclass(frozen=True, slots=True)
class SideView:
    """One passage on one side of a step."""

    passage: PassageView
    title: str
    href: str
    badge: Badge | None
    comparable: list[str]
    reviewed: bool
    note: str | None


class CaseView:
    """Turns an assessment into what its page shows."""

    def __init__(self, view: "View", t: Words, lang: str | None) -> None:
        self._t, self._lang = t, lang
        self._pages = Pages(view, t, lang)

    def assessment(self, found: Assessment) -> dict[str, Any]:
        t, language = self._t, self._t.language
        return {
            "title": found.framework.title[language],
            "href": self._framework_href(found),
            "version": found.version.title[language],
            "summary": found.version.summary[language],
            "track": t(f"track.{found.track}"),
            "regime": found.regime.sentence[language],
            "why": found.choice.why[language],
            "others": [(self.framework_title(found, name), t(f"track.{track}")) for name, track in found.choice.others],
            "possible": [version.title[language] for version in found.possible_versions] if len(found.possible_versions) > 1 else [],
            "as_of": found.as_of,
            "weighs_nothing": found.weighs_nothing[language],
            "advice": found.framework.not_legal_advice[language],
            "open": [text[language] for text in (found.regime.open, found.version.open) if text],
            "warnings": self.warnings(found),
            "gaps": self.gaps(found),
            "proposed": [
                {
                    "id": fact.id,
                    "key": FACT_LABELS[fact.key][language] if fact.key in FACT_LABELS else fact.key,
                    "label": fact.label[language],
                    "words": fact.words,
                }
                for fact in found.proposed_facts
            ],
            "positions": [self.position(item) for item in found.positions],
            "elements": [self.element(item) for item in found.elements],
            "manifest": found.manifest.id,
        }

    def framework_title(self, found: Assessment, framework_id: str) -> str:
        return (
            self._t.or_self("case.framework_name", framework_id)
            if framework_id != found.framework.id
            else found.framework.title[self._t.language]
        )

    def _framework_href(self, found: Assessment) -> str:
        lang = f"&lang={self._lang}" if self._lang else ""
        registered = f"&registered_on={found.case.registered_on.value}" if found.case.registered_on else ""
        return f"/frameworks/{found.framework.id}?as_of={found.as_of.isoformat()}&track={found.track}{registered}{lang}"

    def warnings(self, found: Assessment) -> list[dict[str, Any]]:
        """What to stop at before what to look at; a warning that holds for more documents once, with all of them."""
        by_rule: dict[tuple[str, str], list[Any]] = {}
        for warning in sorted(found.warnings, key=lambda warning: warning.severity != "stop"):
            by_rule.setdefault((warning.severity, warning.rule), []).append(warning)
        language = self._t.language
        return [
            {
                "severity": severity,
                "code": same[0].code,
                "message": same[0].message[language],
                "others": [each.subject[language] for each in same[1:] if each.subject],
                "documents": [
                    Link(document_href(id_, lang=self._lang), id_) for id_ in dict.fromkeys(i for each in same for i in each.document_ids)
                ][:12],
            }
            for (severity, _), same in by_rule.items()
        ]

    def gaps(self, found: Assessment) -> dict[str, Any]:
        """Each lacking fact once with the steps that ask for it, and the steps where one side is empty."""
        lacking: dict[str, list[int]] = {}
        for number, item in enumerate(found.elements, 1):
            for name in item.lacking:
                lacking.setdefault(name, []).append(number)
        return {
            "lacking": [(name, FACT_LABELS[name][self._t.language], steps) for name, steps in lacking.items()],
            "supporting": [number for number, item in enumerate(found.elements, 1) if not item.supporting],
            "contrary": [number for number, item in enumerate(found.elements, 1) if not item.contrary],
        }

    def position(self, item: AssessedPosition) -> dict[str, Any]:
        return {
            "text": item.position.text[self._t.language],
            "country": countries.name(item.country, self._t.language) if item.country else None,
            "authorities": [self.authority(each) for each in item.authorities],
        }

    def element(self, item: AssessedElement) -> dict[str, Any]:
        element, language, t = item.element, self._t.language, self._t
        return {
            "id": element.id,
            "title": element.title[language],
            "burden": t(f"framework.burden_is.{element.burden}"),
            "bears": element.bears[language],
            "standard": element.standard[language],
            "rule": element.rule[language],
            "counts": element.counts[language],
            "does_not_count": element.does_not_count[language],
            "open": element.open[language] if element.open else None,
            "questions": element.questions[language],
            "authorities": [self.authority(each) for each in item.authorities if str(each.ref.side) == "rule"],
            "supporting": [self.side(hit) for hit in item.supporting],
            "contrary": [self.side(hit) for hit in item.contrary],
            "gaps": item.gaps[language],
        }

    def authority(self, item: Authority) -> AuthorityView:
        language, t = self._t.language, self._t
        place = item.ref.place
        marked = item.standing is not None and str(item.standing.value) in ("caution", "overtaken")
        return AuthorityView(
            name=item.citation[language],
            href=document_href(item.document_id, place=place.slug if place else None, lang=self._lang) if item.document else None,
            side=str(item.ref.side),
            verification=t.or_self("framework.verification", str(item.ref.verification)),
            badge=badge(item.standing, t, self._lang) if item.standing and marked else None,
            note=item.ref.note[language] if item.ref.note else None,
        )

    def side(self, item: SideHit) -> SideView:
        hit, t = item.hit, self._t
        language = t.language
        marked = str(hit.standing.value) in ("caution", "overtaken")
        return SideView(
            passage=self._pages.hit(hit, whole=_SHOWN),
            title=item.plain[language],
            href=document_href(hit.document.id, lang=self._lang),
            badge=badge(hit.standing, t, self._lang) if marked else None,
            comparable=list(dict.fromkeys(shared.label[language] for shared in item.comparable)),
            reviewed=item.reviewed,
            note=item.note[language] if item.note else None,
        )

    # -- two days beside each other -----------------------------------------------------------------------------------------------

    def comparison(self, first: Assessment, second: Assessment) -> dict[str, Any]:
        """The same facts on two days: what is said on one and not on the other, the rest counted."""
        language, t = self._t.language, self._t
        rows = [
            self._row(t("case.row_version"), *(self._said(found, _version) for found in (first, second))),
            self._row(
                t("case.row_regime"),
                *(self._said(found, lambda each: [(each.regime.sentence[language],) * 2]) for found in (first, second)),
            ),
            self._row(t("case.row_warnings"), *(self._said(found, self._warned) for found in (first, second))),
            self._row(t("case.row_positions"), *(self._said(found, self._positions) for found in (first, second))),
        ]
        titles = {item.element.id: item.element.title[language] for found in (second, first) for item in found.elements}
        order = list(dict.fromkeys(item.element.id for found in (first, second) for item in found.elements))
        for element_id in order:
            rows.append(self._row(titles[element_id], *(self._said(found, self._of_element(element_id)) for found in (first, second))))
        return {"days": (first.as_of, second.as_of), "rows": [row for row in rows if row["sides"][0] or row["sides"][1] or row["same"]]}

    def _row(self, title: str, first: list[tuple[str, str]], second: list[tuple[str, str]]) -> dict[str, Any]:
        here, there = {key for key, _ in first}, {key for key, _ in second}
        return {
            "title": title,
            "sides": ([text for key, text in first if key not in there], [text for key, text in second if key not in here]),
            "same": len(here & there),
        }

    def _said(self, found: Assessment, what: Callable[[Assessment], Iterable[tuple[str, str]]]) -> list[tuple[str, str]]:
        return [
            (key, text if len(text) < _COMPARED else text[:_COMPARED].rpartition(" ")[0] + " …") for key, text in dict(what(found)).items()
        ]

    def _warned(self, found: Assessment) -> Iterable[tuple[str, str]]:
        for item in self.warnings(found):
            others = f" {self._t('case.likewise')}: {'; '.join(item['others'])}." if item["others"] else ""
            yield f"{item['code']} {item['message']}{others}", f"{item['message']}{others}"

    def _positions(self, found: Assessment) -> Iterable[tuple[str, str]]:
        return [(item.position.id, item.position.text[self._t.language]) for item in found.positions]

    def _of_element(self, element_id: str) -> Callable[[Assessment], Iterable[tuple[str, str]]]:
        language, t = self._t.language, self._t

        def said(found: Assessment) -> Iterable[tuple[str, str]]:
            for item in found.elements:
                if item.element.id != element_id:
                    continue
                yield f"rule {item.element.rule['en']}", f"{t('framework.rule')}: {item.element.rule[language]}"
                if item.element.open:
                    yield f"open {item.element.open['en']}", f"{t('framework.open')}: {item.element.open[language]}"
                for authority in item.authorities:
                    value = str(authority.standing.value) if authority.standing else "unknown"
                    key = f"{authority.citation['en']} {value if value in ('caution', 'overtaken') else ''}"
                    mark = f" ({t(f'standing.{value}').lower()})" if value in ("caution", "overtaken") else ""
                    yield key, f"{t(f'framework.authorities_{authority.ref.side}')}: {authority.citation[language]}{mark}"
                for side in ("supporting", "contrary"):
                    for hit in getattr(item, side):
                        yield f"{side} {hit.stored_id}", f"{t(f'case.{side}')}: {hit.hit.citation[language]}"

        return said


def _version(found: Assessment) -> Iterable[tuple[str, str]]:
    return [(found.version.id, found.version.title[found.language])]
