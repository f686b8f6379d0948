"""imdb-bilstm: an epoch of ours against an epoch of the source's literal code, in one process, alternating.

The literal code: integers by rank with the tutorial's off-by-some word index, padded on the left to 200, batch 64,
`model.fit` as it comes, a random fifth for validation. Ours: the recipe.

Run: SEQZOO_DATA=... python tests/bench/training.py [EPOCHS]
"""

import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tempfile
from pathlib import Path

import numpy as np

from seqzoo import fitting, recipe, registry
from seqzoo.tasks import open_room

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 1
chosen = recipe.load("imdb-bilstm", [f"fit.epochs={epochs}"])
room = open_room("classify")
splits = room.load(chosen.data, False)
codec = room.fit_codec(splits, chosen.codec)
test = room.open_test(splits)
truth = codec.encode_labels(test.labels)


def literal() -> tuple[float, float]:
    """Seconds for each epoch, and test accuracy, of the source's code on the same words."""
    import keras

    def left_padded(tokens):
        rows = np.zeros((len(tokens), 200), np.int32)
        for row, words in zip(rows, tokens, strict=True):
            ids = codec.ids(words)[-200:]
            row[200 - len(ids) :] = ids
        return rows

    tokens = splits.train.tokens + splits.validation.tokens
    labels = codec.encode_labels(splits.train.labels + splits.validation.labels).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(tokens))
    x, y = left_padded([tokens[i] for i in order]), labels[order]
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((200,)),
            layers.Embedding(10_000, 64, mask_zero=True),
            layers.Bidirectional(layers.LSTM(64, return_sequences=True)),
            layers.Bidirectional(layers.LSTM(32)),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    started = time.perf_counter()
    model.fit(x, y, batch_size=64, epochs=epochs, validation_split=0.2, verbose=0)
    seconds = (time.perf_counter() - started) / epochs
    predicted = model.predict(left_padded(test.tokens), batch_size=256, verbose=0)[:, 0] > 0.5
    return seconds, float(np.mean(predicted == truth))


def ours() -> float:
    """Seconds for each epoch of the recipe, validation and checkpoint included."""
    fitting.prepare(0, parallel=registry.find_architecture(chosen.architecture).parallel)

    from seqzoo.fitting.fit import fit

    model = registry.build(chosen.architecture, chosen.model, codec.sizes())
    training = room.training(codec, splits, chosen, 0)
    with tempfile.TemporaryDirectory() as folder:
        history = fit(model, training, chosen.fit, Path(folder), quiet=True)
    return sum(row["seconds"] for row in history) / len(history)


if "--literal" in sys.argv:
    print("literal: {:.1f} s an epoch, test accuracy {:.4f}".format(*literal()))
elif "--ours" in sys.argv:
    print(f"ours: {ours():.1f} s an epoch")
else:
    import subprocess

    for flag in ("--literal", "--ours", "--literal", "--ours"):  # processes of their own: threads are set once
        subprocess.run([sys.executable, __file__, str(epochs), flag], check=True)
