"""A whole room in one module: a network that says each symbol of a sequence again, one step later.

It adds no line to the corridor. `tests/conftest.py` puts it into `tasks.ROOMS`; the contract tests run over it.
"""

import json
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from seqzoo import graph
from seqzoo.judge import Metric, Scores
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


FLAGS, DecideOptions = {}, CodecOptions


@dataset("echoes", task="echo", url="", file="", hash="", size_mb=0, licence="none needed")
def echoes(options):
    """Sequences of three to nine symbols, made at random."""
    random = np.random.default_rng(0)
    return ["".join(random.choice(list("abcde"), random.integers(3, 10))) for _ in range(120)]


def load(options, quiet=False):
    lines = Path(options.path).read_text().split() if options.path else echoes(options)
    a, b = len(lines) * 6 // 10, len(lines) * 8 // 10
    test, facts = Sealed(lambda: lines[b:]), {"name": "echoes", "licence": "none needed"}
    return SimpleNamespace(train=lines[:a], validation=lines[a:b], test=test, facts=facts)


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
    """An LSTM and a choice at each step.

    Reference: Hochreiter and Schmidhuber 1997.
    """
    from keras import Input, Model, layers

    ids = Input((None,), dtype="int32", name="ids")
    x = layers.LSTM(units, return_sequences=True)(layers.Embedding(symbols + 1, 6, mask_zero=True)(ids))
    return Model(ids, layers.Dense(symbols, name="logits")(x))


def training(codec, splits, recipe, seed):
    from keras import losses

    from seqzoo.fitting.batches import SortedBatches

    def batches(texts, seed):
        targets = [{"symbol": codec.encode(echoed(text))["ids"] - 1} for text in texts]
        weights = [np.ones(len(text), np.float32) for text in texts]
        return SortedBatches([*map(codec.encode, texts)], targets, recipe.fit.batch_size, seed, weights)

    entropy = partial(losses.sparse_categorical_crossentropy, from_logits=True)
    train, held = batches(splits.train, seed), batches(splits.validation, None)
    return Training(train, held, lambda targets, logits: entropy(targets["symbol"], logits))


@dataclass(frozen=True)
class Echoer:
    codec: Codec
    graph: Graph

    def save(self, folder):
        pass  # nothing was decided

    def predict(self, texts):
        found = run_sorted(self.graph, [*map(self.codec.encode, texts)])
        return ["".join(self.codec.symbols[i] for i in row.argmax(1)) for row in found]


def judge(echoer, splits, test, recipe):
    def scores(said):
        wrong = [(sum(a != b for a, b in zip(one, echoed(text), strict=True)), len(text)) for one, text in said]
        return Scores(np.array(wrong, float))

    said = list(zip(echoer.predict(test), test, strict=True))
    baseline = {"the same symbol": scores(list(zip(test, test, strict=True)))}
    shown = Table("Three of them", ("said", "read"), said[:3])
    return Judgement(scores(said), "to say again what it read", baseline, sections=[shown])


def predictor(folder):
    return Echoer(Codec(**json.loads((folder / "codec.json").read_text())), Graph(folder / "model.onnx"))


def command(text: str, run: str | None = None) -> None:
    """Say a text again, one step later."""
    from seqzoo import runs

    print(runs.load(run, "echo").predict([text])[0])


ROOM = Room(
    name="echo", metric=Metric("error rate", kind="share"), default="", try_next="seqzoo echo abc", items="sequences",
    load=load, open_test=lambda splits: splits.test.open(), training=training, judge=judge, predictor=predictor,
    read_other=lambda options, echoer: Path(options.path).read_text().split(),
    fit_codec=lambda splits, options: Codec("".join(sorted(set("".join(splits.train))))),
    graphs=lambda model, codec, batches: graph.checked(model, batches),
    decide=lambda codec, files, splits, recipe: Echoer(codec, Graph(files["model.onnx"])),
)  # fmt: skip
