"""Adding and erasing over HTTP: the server stores the bytes, counts them, and hands over to the builder process."""

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from api import builder, deps, trace
from api.deps import Services
from api.errors import BodyInvalid, BodyTooLarge
from kb.domain.documents import Kind
from kb.errors import InputRejected

_SLICE = 256 * 1024
_BUILD_TIMEOUT_S = 900.0
# the only part of a sender's file name that reaches the disk
_SUFFIX = re.compile(r"\.(pdf|docx|xml|html?|xhtml|txt|md|json|jsonl|csv)", re.I)


class LedgerEntryOut(BaseModel):
    input: str
    document_id: str | None
    kind: str | None
    status: str
    reason: str | None = None
    passages: int = 0
    detail: str | None = None


class LedgerOut(BaseModel):
    inputs: list[LedgerEntryOut]
    totals: dict[str, int]


async def add_upload(request: Request) -> LedgerOut:
    """One uploaded file through the builder. Raises: BodyInvalid, BodyTooLarge, InputRejected, StoreBusy, BuildFailed."""
    held = deps.services(request)
    limit = held.settings.upload_max_mb * 2**20
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BodyInvalid("send the document as multipart/form-data with a field `file`")
    try:
        async with request.form(max_files=1, max_fields=4, max_part_size=4096) as form:
            upload, kind = form.get("file"), form.get("kind")
            if not isinstance(upload, UploadFile):
                raise BodyInvalid("the form has no file in its field `file`")
            if unknown := sorted(set(form) - {"file", "kind"}):
                raise BodyInvalid(f"the form holds {len(unknown)} unknown fields; known are `file` and `kind`")
            if kind is not None and kind not in {str(k) for k in Kind}:
                raise BodyInvalid(f"`kind` must be one of {', '.join(Kind)}")
            folder = held.settings.data_dir / "uploads"
            path = await run_in_threadpool(_keep, upload, folder, limit)
            name = (upload.filename or "upload")[:200]
    except MultiPartException as error:
        raise BodyInvalid(f"the form cannot be read: {error.message}") from None
    try:
        arguments = ["--trust", "upload", *(["--kind", str(kind)] if kind else []), "--", str(path)]
        run = await run_in_threadpool(builder.run_quietly, held.settings, arguments, timeout_s=_BUILD_TIMEOUT_S)
    finally:
        shutil.rmtree(path.parent, ignore_errors=True)
    ledger = LedgerOut.model_validate(run.report)
    ledger = LedgerOut(inputs=[entry.model_copy(update={"input": name}) for entry in ledger.inputs], totals=ledger.totals)
    for entry in ledger.inputs:
        if entry.document_id:
            trace.changed(entry.document_id, entry.status)
    failed = next((entry for entry in ledger.inputs if entry.status == "failed"), None)
    if failed is not None:
        raise InputRejected(failed.reason or "unreadable", f"the document was not added: {failed.detail or failed.reason}")
    return ledger


def _keep(upload: UploadFile, folder: Path, limit: int) -> Path:
    """The upload as a file named by its content, in a directory of its own that only we can read."""
    folder.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(dir=folder))
    try:
        digest, total = hashlib.sha256(), 0
        part = own / "part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            while piece := upload.file.read(_SLICE):
                total += len(piece)
                if total > limit:
                    raise BodyTooLarge(f"the file is larger than the {limit // 2**20} MiB that this server takes (KB_UPLOAD_MAX_MB)")
                digest.update(piece)
                target.write(piece)
        match = _SUFFIX.search(upload.filename or "", max(0, len(upload.filename or "") - 6))
        suffix = match[0].lower() if match and (upload.filename or "").lower().endswith(match[0].lower()) else ""
        return part.rename(own / f"{digest.hexdigest()}{suffix}")
    except BaseException:
        shutil.rmtree(own, ignore_errors=True)
        raise


def forget_document(held: Services, document_id: str) -> dict[str, Any]:
    """Erases a document through the builder; returns what was removed. Raises: NotFound, StoreBusy, BuildFailed."""
    document = held.knowledge_base.view().library.document(document_id)
    report = builder.run_quietly(held.settings, [f"--forget={document.id}"], timeout_s=_BUILD_TIMEOUT_S).report
    trace.changed(document.id, "erased")
    return report
