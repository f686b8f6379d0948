"""Recognising speech, beside the same network in PyTorch: medians, as ratios; a stream of an hour.

Run: SEQZOO_DATA=... OMP_NUM_THREADS=1 python tests/bench/transcription.py RUN     (a run of digits-ctc with its
model.keras; PyTorch is measured where it is installed, with the same weights, and must say the same)
"""

import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from seqzoo.door import Run
from seqzoo.runtime import pad
from seqzoo.tasks.transcribe import data
from seqzoo.tasks.transcribe.options import DataOptions
from seqzoo.tasks.transcribe.predict import Transcriber

warnings.simplefilter("ignore")
TIMES, TOGETHER, CHUNK_S = 15, 16, 0.1
Answer = Callable[[list[np.ndarray]], list[np.ndarray]]


def with_torch(run: Run) -> Answer:
    """The network in PyTorch, features included: (steps, classes) logits of each sound."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    layers = {type(layer).__name__: layer for layer in run.model.layers}
    mel, cosines, standard = layers["LogMel"], layers["Cosines"], layers["Standard"]
    kernel = torch.from_numpy(mel.kernel.transpose(2, 1, 0).copy())
    filters, rotated = torch.from_numpy(mel.filters), torch.from_numpy(cosines.kernel)
    mean, scale = torch.from_numpy(standard.mean), torch.from_numpy(standard.scale)
    convs = [layer for layer in run.model.layers if type(layer).__name__ == "FrameConv"]
    weights = [(tensor(one.kernel).permute(2, 1, 0).contiguous(), tensor(one.bias), one) for one in convs]
    norms = [(tensor(one.gamma), tensor(one.beta), one.epsilon) for one in run.model.layers
             if type(one).__name__ == "LayerNormalization"]  # fmt: skip
    grus = [gru(layer) for layer in run.model.layers if type(layer).__name__ == "GRU"]
    last = nn.Linear(grus[-1].hidden_size, layers["Dense"].units)
    last.load_state_dict({"weight": tensor(layers["Dense"].kernel).T, "bias": tensor(layers["Dense"].bias)})

    @torch.inference_mode()
    def answer(sounds: list[np.ndarray]) -> list[np.ndarray]:
        samples = torch.from_numpy(pad([{"x": one} for one in sounds])["x"])[:, None]
        lengths = torch.tensor([(len(one) - mel.width) // mel.stride + 1 for one in sounds])
        energy = torch.conv1d(samples, kernel, stride=mel.stride).square().transpose(1, 2) @ filters
        x = torch.log(energy + mel.drown * energy.amax(-1, keepdim=True) + 1e-7) @ rotated
        loud = x[..., :1]
        x = torch.cat([loud - torch.cat([loud[:, :1], loud[:, :-1]], 1), x[..., 1:]], -1)
        x = ((x - mean) * scale).transpose(1, 2)
        for (weight, bias, one), (gamma, beta, epsilon) in zip(weights, norms, strict=True):
            x = x * (torch.arange(x.shape[2]) < lengths[:, None])[:, None]
            x = nn.functional.pad(x, (one.width - 1 - one.ahead, one.ahead))
            x = torch.relu(torch.conv1d(x, weight, bias, stride=one.stride)).transpose(1, 2)
            x = nn.functional.layer_norm(x, gamma.shape, gamma, beta, epsilon).transpose(1, 2)
            lengths = -(-lengths // one.stride)
        x = x.transpose(1, 2)
        for layer in grus:
            x, _ = layer(x)
        return [row[:n].numpy() for row, n in zip(last(x), lengths.tolist(), strict=True)]

    return answer


def tensor(weight: object):
    import torch

    return torch.from_numpy(np.array(weight))


def gru(layer: object):
    """A Keras GRU as PyTorch's: its gates in another order."""
    from torch import nn

    def gates(matrix: object):
        z, r, h = np.split(np.array(matrix), 3, -1)
        return tensor(np.concatenate([r, z, h], -1).T.copy())

    found = nn.GRU(layer.cell.kernel.shape[0], layer.units, batch_first=True)
    entry, recurrent = (gates(row) for row in np.array(layer.cell.bias))
    found.load_state_dict(
        {"weight_ih_l0": gates(layer.cell.kernel), "weight_hh_l0": gates(layer.cell.recurrent_kernel),
         "bias_ih_l0": entry, "bias_hh_l0": recurrent}
    )  # fmt: skip
    return found


def medians(asked: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds, each system in turn, so that a slow minute is one for all."""
    found: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(TIMES):
        for name, answer in asked.items():
            started = time.perf_counter()
            answer()
            found[name].append(time.perf_counter() - started)
    return {name: statistics.median(each) for name, each in found.items()}


def main(folder: Path) -> None:
    """Print ratios for single recordings and batches, then an hour of a stream."""
    ears, run = Transcriber.load(folder), Run(folder)
    clips = data.load(DataOptions("fsdd", held=("george",), rate=ears.codec.rate)).validation
    sounds = clips.samples[:64]
    seconds = sum(map(len, sounds)) / clips.rate
    asked: dict[str, Callable[[], object]] = {
        "seqzoo, one at a time": lambda: [ears.log_probs([one]) for one in sounds],
        f"seqzoo, {TOGETHER} together": lambda: ears.log_probs(sounds, TOGETHER),
        "seqzoo, to texts": lambda: list(ears.predict(sounds)),
    }
    try:
        other = with_torch(run)
    except ModuleNotFoundError:
        print("PyTorch is not installed")
    else:
        padded = [ears.padded(one) for one in sounds]
        order = sorted(range(len(sounds)), key=lambda i: len(sounds[i]))
        groups = [[padded[i] for i in order[a : a + TOGETHER]] for a in range(0, len(sounds), TOGETHER)]
        ours, theirs = ears.log_probs(sounds[:8]), other([ears.padded(one) for one in sounds[:8]])
        apart = max(np.abs((a - a.mean(1, keepdims=True)) - (b - b.mean(1, keepdims=True))).max()
                    for a, b in zip(ours, theirs, strict=True))  # fmt: skip
        print(f"the largest difference from PyTorch: {apart:.1e}")
        asked |= {
            "PyTorch, one at a time": lambda: [other([one]) for one in padded],
            f"PyTorch, {TOGETHER} together": lambda: [other(group) for group in groups],
        }
    found = medians(asked)
    for name, value in found.items():
        print(f"{name:<26} {1000 * value / len(sounds):7.2f} ms a recording   {value / seconds:.5f} of real time")
    for kind in ("one at a time", f"{TOGETHER} together"):
        if f"PyTorch, {kind}" in found:
            print(f"{kind}: PyTorch takes {found[f'PyTorch, {kind}'] / found[f'seqzoo, {kind}']:.2f} times as long")
    hour(ears, clips.samples)


def hour(ears: Transcriber, samples: list[np.ndarray]) -> None:
    """What a chunk of a stream takes, and the memory, at the beginning and at the end of an hour."""
    rate, stream, chunk = ears.codec.rate, ears.stream(), int(CHUNK_S * ears.codec.rate)
    minute = np.concatenate(samples)[: 60 * rate]
    minute = np.concatenate([minute, np.zeros(60 * rate - len(minute), np.float32)])
    taken, memory = [], []
    for _ in range(60):
        each = []
        for begin in range(0, len(minute), chunk):
            started = time.perf_counter()
            stream.feed(minute[begin : begin + chunk])
            each.append(time.perf_counter() - started)
        taken.append(1000 * statistics.median(each))
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    first, last = taken[0], taken[-1]
    print(f"a stream, chunks of {1000 * CHUNK_S:.0f} ms: {first:.2f} ms a chunk in minute 1, {last:.2f} in minute 60")
    print(f"peak memory: {memory[0]:.0f} MB after minute 1, {memory[9]:.0f} after 10, {memory[-1]:.0f} after 60")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
