"""Reporting an error in a digest, a place or a standing: what to send and where. Nothing of a case is in it, and we send nothing."""

import re
from urllib.parse import quote, urlsplit

from api.web.contexts import Link
from api.web.i18n import Words
from kb.domain.documents import Document, Expression

_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def report_text(document: Document, expression: Expression | None, made_on: str, t: Words) -> str:
    """What tells a report from others: the document, which text of it in which version, and the index that showed it."""
    text = f"{expression.form}, {t('report.version')} {expression.version}" if expression else "–"
    return f"{document.id} · {text} · {t('report.index')} {made_on[:19]}"


def report_link(to: str | None, told: str, t: Words) -> Link | None:
    """Where the operator wants reports: a mail with `told` in it, or a web address; None where neither is set."""
    if not to:
        return None
    if _MAIL.fullmatch(to):
        body = "\n".join((told, "", t("report.body")))
        return Link(f"mailto:{quote(to, safe='@')}?subject={quote(t('report.subject'))}&body={quote(body)}", t("report.by_mail", to=to))
    parts = urlsplit(to)
    if parts.scheme in ("http", "https") and parts.netloc:
        return Link(to, t("report.at", host=parts.hostname or ""))
    return None
