"""Translating one sentence and many, beside what a tutorial's reader would run: medians, as ratios.

Run: SEQZOO_DATA=... python tests/bench/translation.py RUN     (a run of fra-eng-attention with its model.keras; PyTorch
is measured where it is installed, with the same weights, and must give the same words)
"""

import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from seqzoo import fetch, registry
from seqzoo.door import Run
from seqzoo.tasks.translate.codec import START, STOP, sentences
from seqzoo.tasks.translate.decode import Search
from seqzoo.tasks.translate.predict import Translator

warnings.simplefilter("ignore")
SENTENCES, LONG, TIMES = 20, 10_000, 15
GREEDY, BEAM = Search(beam=1), Search(beam=4)


def sources(count: int) -> list[str]:
    """Single sentences of the data set, evenly spread."""
    data = registry.find_dataset("fra-eng")
    rows = [row.source for row in data.load(fetch.fetch(data))]
    rows = [source for source in rows if len(sentences(source)) == 1]
    return [rows[i] for i in np.linspace(0, len(rows) - 1, count).astype(int)]


def medians(asked: dict[str, Callable[[str], object]], texts: list[str], times: int = TIMES) -> dict[str, float]:
    """Milliseconds for one sentence, each system in turn, so that a slow minute is one for all."""
    found: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(times):
        for name, answer in asked.items():
            answer(texts[0])
            started = time.perf_counter()
            for text in texts:
                answer(text)
            found[name].append(1000 * (time.perf_counter() - started) / len(texts))
    return {name: statistics.median(each) for name, each in found.items()}


def with_keras(translator: Translator, run: Run) -> Callable[[str], str]:
    """The tutorials' loop: `predict` for the encoder, and once for each unit."""
    model = run.model
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")

    def answer(text: str) -> str:
        known = encoder.predict(translator.codec.encode(text)[None], verbose=0)
        state, looked = known[0], known[1:]
        units, unit = [], START
        for _ in range(translator.longest(len(translator.codec.encode(text)))):
            logits, state, *_ = decoder.predict([np.array([[unit]], np.int32), state, *looked], verbose=0)
            unit = int(logits[0, 0, 1:].argmax()) + 2
            if unit == STOP:
                break
            units.append(unit)
        return translator.codec.decode(units)

    return answer


def with_torch(translator: Translator, run: Run) -> Callable[[str], str]:
    """A plain PyTorch loop over modules with the run's own weights."""
    import torch
    from torch import nn

    layers = {layer.name: layer for part in ("encoder", "decoder") for layer in run.model.get_layer(part).layers}
    units = layers["units"]
    table = nn.Embedding.from_pretrained(tensor(layers["embedding"].embeddings))
    words, bias = tensor(units.embeddings), tensor(units.bias)
    reader = gru([layers["reader"].forward_layer, layers["reader"].backward_layer])
    writer = gru([layers["writer"]])
    bridge, keying, meant = (linear(layers[name]) for name in ("bridge", "keying", "meant"))

    @torch.inference_mode()
    def answer(text: str) -> str:
        ids = translator.codec.encode(text)
        memory, last = reader(table(torch.from_numpy(ids[None]).long()))
        state = torch.tanh(bridge(torch.cat([last[0], last[1]], -1)))[None]
        keys = keying(memory).transpose(1, 2)
        found, unit, score = [], START, 0.0
        for _ in range(translator.longest(len(ids))):
            y, state = writer(words[unit][None, None], state)
            context = torch.softmax(y @ keys, -1) @ memory
            logits = torch.tanh(meant(torch.cat([y, context], -1))) @ words[1:].T + bias
            logp = torch.log_softmax(logits[0, 0, 1:], -1)  # ours tells how sure it is, too
            unit = int(logp.argmax()) + 2
            score += float(logp[unit - 2])
            if unit == STOP:
                break
            found.append(unit)
        return translator.codec.decode(found)

    return answer


def tensor(weight: object):
    import torch

    return torch.from_numpy(np.array(weight))


def linear(dense):
    from torch import nn

    kernel, bias = np.array(dense.kernel), np.array(dense.bias)
    layer = nn.Linear(*kernel.shape)
    layer.weight.data, layer.bias.data = tensor(kernel.T.copy()), tensor(bias)
    return layer


def gru(directions):
    """Keras' gates are z, r, h; PyTorch's r, z, n."""
    from torch import nn

    cells = [layer.cell for layer in directions]
    kernel = np.array(cells[0].kernel)
    found = nn.GRU(kernel.shape[0], cells[0].units, batch_first=True, bidirectional=len(cells) > 1)
    for cell, end in zip(cells, ("", "_reverse"), strict=False):
        for name, value in (("weight_ih", cell.kernel), ("weight_hh", cell.recurrent_kernel)):
            z, r, h = np.split(np.array(value), 3, 1)
            getattr(found, f"{name}_l0{end}").data = tensor(np.concatenate([r, z, h], 1).T.copy())
        for name, value in zip(("bias_ih", "bias_hh"), np.array(cell.bias), strict=True):
            z, r, h = np.split(value, 3)
            getattr(found, f"{name}_l0{end}").data = tensor(np.concatenate([r, z, h]))
    return found


def main(folder: str) -> None:
    translator, run, texts = Translator.load(Path(folder)), Run(Path(folder)), sources(SENTENCES)

    def ours(search: Search) -> Callable[[str], str]:
        return lambda text: next(translator.predict([text], search)).text

    asked = {"greedy": ours(GREEDY), "beam 4": ours(BEAM)}
    try:
        asked["PyTorch, greedy"] = with_torch(translator, run)
    except ModuleNotFoundError:
        print("PyTorch is not installed: not measured")
    asked["model.predict, greedy"] = with_keras(translator, run)
    for name, answer in asked.items():
        if "greedy" in name and [answer(text) for text in texts] != [asked["greedy"](text) for text in texts]:
            raise SystemExit(f"{name} says something else")
    slow = {name: asked.pop(name) for name in ("model.predict, greedy",)}
    found = medians(asked, texts) | medians(slow, texts[::4], 1)
    for name, ms in found.items():
        print(f"{name:24} {ms:9.2f} ms a sentence, {ms / found['greedy']:7.2f} x greedy")
    many = sources(LONG)
    for search, name in ((GREEDY, "greedy"), (BEAM, "beam 4")):
        for batch in (1, 64):
            some = many[: LONG if batch > 1 else 500]
            before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
            count = sum(1 for _ in translator.predict(iter(some), search, batch=batch))
            rate = count / (time.perf_counter() - started)
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            print(
                f"{name}, {batch:2} at a time: {rate:6,.0f} sentences a second ({count:,}; memory grew {grown:.0f} MB)"
            )


if __name__ == "__main__":
    main(sys.argv[1])
