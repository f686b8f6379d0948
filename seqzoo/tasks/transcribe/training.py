"""Batches of sounds, varied anew in each epoch, and the losses: CTC over true lengths, or cross-entropy of a word."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.errors import UserError, listing
from seqzoo.recipe import Recipe
from seqzoo.room import Batch, Training
from seqzoo.runtime import pad
from seqzoo.tasks.transcribe import augment
from seqzoo.tasks.transcribe.codec import SpeechCodec
from seqzoo.tasks.transcribe.data import Clips, Splits
from seqzoo.tasks.transcribe.options import CodecOptions, DataOptions, DecideOptions
from seqzoo.tasks.transcribe.timing import Timing

if TYPE_CHECKING:
    import keras

TranscribeRecipe = Recipe[DataOptions, CodecOptions, DecideOptions]
TARGET = "letters"
_POOL = 20  # batches whose strings are sorted by length together
_MEASURED = 400  # recordings whose frames set mean and deviation


def training(codec: SpeechCodec, splits: Splits, recipe: TranscribeRecipe, seed: int) -> Training:
    """Varied strings to learn from, recordings as they are to choose the epoch by."""
    rows, plain = recipe.fit.batch_size, CodecOptions(target=codec.target)

    def initialise(model: keras.Model) -> None:
        refuse_short(model, codec, splits.train + splits.validation)
        standardise(model, splits.train, seed)

    return Training(
        Strings(codec, splits.train, recipe.codec, rows, seed),
        Strings(codec, splits.validation, plain, rows, None),
        loss=ctc if codec.spelled else _of_word,
        metrics={"errors": _best_path_errors} if codec.spelled else {"accuracy": _accuracy},
        initialise=initialise,
    )


class Strings:
    """Batches of recordings of about the same length, several joined into one string where the recipe says so.

    Args:
        codec: what writes their texts.
        clips: recordings.
        options: how they are varied.
        rows: of a batch.
        seed: None: as they are, by length.
    """

    carried = False

    def __init__(self, codec: SpeechCodec, clips: Clips, options: CodecOptions, rows: int, seed: int | None) -> None:
        self.codec, self.clips, self.options, self.rows, self.seed = codec, clips, options, rows, seed
        self.ids = [codec.encode(text) for text in clips.texts]
        self.sizes = np.array([len(samples) for samples in clips.samples])
        self.plan = _plan(clips, options, seed)
        self.of_speaker: dict[str, list[int]] = {}
        for i, speaker in enumerate(clips.speakers):
            self.of_speaker.setdefault(speaker, []).append(i)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return math.ceil(len(self.plan) / self.rows)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one epoch: who says what in which string is drawn, and how it sounds."""
        random = np.random.default_rng([self.seed or 0, number])
        strings = self._drawn(random)
        lengths = np.array([self.sizes[list(one)].sum() for one in strings])
        order = np.arange(len(strings)) if self.seed is None else random.permutation(len(strings))
        pool = len(order) if self.seed is None else self.rows * _POOL
        parts = [order[begin : begin + pool] for begin in range(0, len(order), pool)]
        order = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in parts])
        chunks = [order[begin : begin + self.rows] for begin in range(0, len(order), self.rows)]
        if self.seed is not None:
            chunks = [chunks[i] for i in random.permutation(len(chunks))]
        for chunk in chunks:
            yield self._batch([strings[i] for i in chunk], random)

    def _drawn(self, random: np.random.Generator) -> list[tuple[int, ...]]:
        """Strings of one speaker each: which recordings they are made of."""
        if self.seed is None:
            return [(i,) for i in range(len(self.clips))]
        waiting: dict[str, list[int]] = {name: [] for name in self.of_speaker}
        return [tuple(self._next(speaker, waiting, random) for _ in range(count)) for speaker, count in self.plan]

    def _next(self, speaker: str, waiting: dict[str, list[int]], random: np.random.Generator) -> int:
        """The next recording of a speaker; once all were heard, they come anew in another order."""
        if not waiting[speaker]:
            waiting[speaker] += random.permutation(self.of_speaker[speaker]).tolist()
        return waiting[speaker].pop()

    def _batch(self, strings: Sequence[tuple[int, ...]], random: np.random.Generator) -> Batch:
        said = [self._said(string, random) for string in strings]
        inputs = pad([{"samples": samples} for samples in said])
        inputs["lengths"] = np.array([len(samples) for samples in said], np.int32)
        return Batch(inputs, pad([{TARGET: self._written(string)} for string in strings]))

    def _said(self, string: Sequence[int], random: np.random.Generator) -> np.ndarray:
        if self.seed is None:
            return self.clips.samples[string[0]]
        rate, options = self.clips.rate, self.options
        parts = [augment.varied(self.clips.samples[i], len(self.ids[i]), rate, options, random) for i in string]
        return augment.joined(parts, rate, options, random)

    def _written(self, string: Sequence[int]) -> np.ndarray:
        if not self.codec.spelled:
            return np.asarray(self.ids[string[0]][0])
        return self.codec.encode(" ".join(self.clips.texts[i] for i in string))


def _plan(clips: Clips, options: CodecOptions, seed: int | None) -> list[tuple[str, int]]:
    """Speaker and number of recordings of each string of an epoch; the same in every epoch."""
    if seed is None:
        return [(speaker, 1) for speaker in clips.speakers]
    random, found = np.random.default_rng([seed, 1]), []
    names, counts = np.unique(np.array(clips.speakers), return_counts=True)
    for name, count in zip(names.tolist(), counts.tolist(), strict=True):
        left = count * options.passes
        while left > 0:
            found.append((name, min(left, int(random.integers(1, options.joined + 1)))))
            left -= found[-1][1]
    return found


# --- before the first epoch --------------------------------------------------------------------------


def needed(ids: np.ndarray) -> int:
    """Steps that CTC needs at least: one for each letter, and a blank between two that are the same."""
    return max(1, len(ids) + int((ids[1:] == ids[:-1]).sum()))


def refuse_short(model: keras.Model, codec: SpeechCodec, clips: Clips) -> None:
    """Refuse recordings that are over before their text could be written.

    Raises:
        UserError: it lists them.
    """
    timing, found = Timing.of(model), []
    for name, samples, text in zip(clips.names, clips.samples, clips.texts, strict=True):
        have, need = timing.steps(len(samples)), needed(codec.encode(text)) if codec.spelled else 1
        if have < need:
            found.append(f"{name}: {len(samples) / clips.rate:.2f} s are {have} steps, {text!r} needs {need}")
    if found:
        raise UserError(
            f"{len(found)} recording(s) are too short for their text:{listing(found)}",
            "check these texts, or take shorter steps: --set model.stride=1",
        )


def standardise(model: keras.Model, train: Clips, seed: int) -> None:
    """Set the mean and the deviation of each feature by the frames of the training part."""
    from keras import Model

    layer = model.get_layer("standard")
    front = Model(model.inputs, layer.input)
    count = min(_MEASURED, len(train))
    some = np.random.default_rng(seed).choice(len(train), count, replace=False)
    width = next(one.width for one in model.layers if type(one).__name__ == "LogMel")
    long = [train.samples[i] for i in some if len(train.samples[i]) >= width]
    frames = [np.asarray(front([one[None], np.array([len(one)], np.int32)]))[0] for one in long]
    together = np.concatenate(frames).astype(np.float64)
    layer.set(together.mean(0), np.maximum(together.std(0), 1e-3))


# --- losses ------------------------------------------------------------------------------------------


def ctc(targets: Mapping[str, Any], logits: Any) -> Any:
    """Minus the log-probability of each text, over all alignments: (batch,) float32.

    Steps are counted by the mask under the logits and letters by the padding of the texts, so that nothing depends on
    what else is in a batch. TensorFlow's operator on sparse texts has its gradient written in C++; the one for dense
    texts, which Keras calls, takes several times as long.

    Args:
        targets: "letters" (batch, letters) int32, 0 where padded.
        logits: (batch, steps, classes) float32 with a mask.

    Source: Graves et al. 2006.
    """
    import tensorflow as tf

    length = _lengths(logits)
    texts = tf.sparse.from_dense(tf.cast(targets[TARGET], tf.int32))
    return tf.nn.ctc_loss(texts, logits, None, length, logits_time_major=False, blank_index=0)


def _lengths(logits: Any) -> Any:
    from keras import ops

    return ops.sum(ops.cast(logits._keras_mask, "int32"), 1)


def _best_path_errors(targets: Mapping[str, Any], logits: Any) -> Any:
    """Letters that the best path writes wrongly, as a share: (batch,)."""
    import tensorflow as tf

    paths, _ = tf.nn.ctc_greedy_decoder(tf.transpose(logits, (1, 0, 2)), _lengths(logits), blank_index=0)
    texts = tf.sparse.from_dense(tf.cast(targets[TARGET], tf.int64))
    return tf.reshape(tf.edit_distance(paths[0], texts), [-1])


def _of_word(targets: Mapping[str, Any], logits: Any) -> Any:
    from keras import losses

    return losses.sparse_categorical_crossentropy(targets[TARGET], logits, from_logits=True)


def _accuracy(targets: Mapping[str, Any], logits: Any) -> Any:
    from keras import metrics

    return metrics.sparse_categorical_accuracy(targets[TARGET], logits)
