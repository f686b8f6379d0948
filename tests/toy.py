"""A whole room: a network that says each symbol again, one step later; conftest.py puts it into `tasks.ROOMS`."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from seqzoo import bundle, graph, runs
from seqzoo.fitting.batches import SortedBatches
from seqzoo.judge import Metric, Scores, value
from seqzoo.registry import architecture, dataset
from seqzoo.report import Table
from seqzoo.room import Judgement, Room, Sealed, Training
from seqzoo.runtime import Graph, run_sorted


@dataclass(frozen=True)
class CodecOptions:
    def problems(self):
        return []


@dataclass(frozen=True)
class DataOptions(CodecOptions):
    dataset: str = "echoes"
    path: str = ""


@dataset("echoes", task="echo", url="", file="", hash="", size_mb=0, licence="none needed")
def echoes(options):
    """Sequences of three to nine symbols, made at random."""
    random = np.random.default_rng(0)
    return ["".join(random.choice(list("abcde"), random.integers(3, 10))) for _ in range(120)]


def load(options, quiet=False):
    lines = Path(options.path).read_text().split() if options.path else echoes(options)
    a, b = len(lines) * 6 // 10, len(lines) * 8 // 10
    return SimpleNamespace(train=lines[:a], validation=lines[a:b], test=Sealed(lambda: lines[b:]), facts=FACTS)


@dataclass(frozen=True)
class Codec:
    symbols: str

    def sizes(self):
        return {"symbols": len(self.symbols)}

    def encode(self, text):
        return {"ids": np.array([self.symbols.index(c) + 1 for c in text], np.int32)}

    def save(self, folder):
        (folder / "codec.json").write_text(json.dumps(asdict(self)))


def echoed(text):
    return text[:1] + text[:-1]


@architecture(task="echo", source="none", parameters=1_013, symbols=5)
def echo(*, symbols: int, units: int = 12):
    """An LSTM and a choice at each step. Reference: Hochreiter and Schmidhuber 1997."""
    from keras import Input, Model, layers

    x = layers.Embedding(symbols + 1, 6, mask_zero=True)(ids := Input((None,), dtype="int32", name="ids"))
    return Model(ids, layers.Dense(symbols, name="logits")(layers.LSTM(units, return_sequences=True)(x)))


def training(codec, splits, recipe, seed):
    from keras import losses

    def batches(texts, seed):
        targets = [{"symbol": codec.encode(echoed(text))["ids"] - 1} for text in texts]
        weights = [np.ones(len(text), np.float32) for text in texts]
        return SortedBatches([*map(codec.encode, texts)], targets, recipe.fit.batch_size, seed, weights)

    train, held = batches(splits.train, seed), batches(splits.validation, None)
    return Training(train, held, lambda t, logits: losses.sparse_categorical_crossentropy(t["symbol"], logits, True))


@dataclass(frozen=True)
class Echoer:
    codec: Codec
    graph: Graph

    def save(self, folder): ...  # nothing was decided

    def predict(self, texts):
        rows = run_sorted(self.graph, [*map(self.codec.encode, texts)])
        return ["".join(self.codec.symbols[i] for i in row.argmax(1)) for row in rows]


def judge(echoer, splits, test, recipe):
    def scores(said):
        wrong = [(sum(a != b for a, b in zip(one, echoed(text), strict=True)), len(text)) for one, text in said]
        return Scores(np.array(wrong, float))

    said = list(zip(echoer.predict(test), test, strict=True))
    baseline = {"the same symbol": scores(list(zip(test, test, strict=True)))}
    return Judgement(scores(said), "to say it again", baseline, sections=[Table("Three", ("said", "read"), said[:3])])


def command(text: str, run: str | None = None) -> None:
    """Say a text again, one step later."""
    print(runs.load(run, "echo").predict([text])[0])


FLAGS, FACTS, DecideOptions = {}, {"name": "echoes", "licence": "none needed"}, CodecOptions
ROOM = Room(
    name="echo", metric=Metric("error rate", kind="share"), default="", try_next="seqzoo echo abc", items="sequences",
    load=load, read_other=lambda options, echoer: Path(options.path).read_text().split(),
    open_test=lambda splits: splits.test.open(), graphs=lambda model, codec, batches: graph.checked(model, batches),
    validate=lambda echoer, splits: value(judge(echoer, None, splits.validation, None).scores, ROOM.metric),
    fit_codec=lambda splits, options: Codec("".join(sorted(set("".join(splits.train))))),
    predictor=lambda folder: Echoer(Codec(**bundle.read_json(folder, "codec.json")), Graph(folder / "model.onnx")),
    examples=lambda echoer: [*map(echoer.codec.encode, ("abcde", "ed"))], training=training, judge=judge,
    decide=lambda codec, files, splits, recipe: Echoer(codec, Graph(files["model.onnx"])),
)  # fmt: skip
