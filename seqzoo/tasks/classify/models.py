"""Architectures that read a text and score its class. Documented numbers are the defaults.

Every builder returns an uncompiled functional `keras.Model`:

    Input: (batch, time) int32 token ids, 0 is padding, on the right.
    Output: (batch, classes) float32 logits; (batch, 1) for two classes.

Deviations that all share: logits instead of a sigmoid (a stabler loss), padding masked and on the right
(the sources pad without a mask, or on the left, where cuDNN asserts).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from seqzoo.registry import architecture

if TYPE_CHECKING:
    import keras

    Layer = Callable[[Any], Any]


def _embedded(vocabulary_size: int, dim: int, dropout: float = 0.0) -> tuple[Any, Any]:
    """An input of ids and its masked embedding."""
    from keras import Input, layers

    ids = Input((None,), dtype="int32", name="ids")
    x = layers.Embedding(vocabulary_size, dim, mask_zero=True, name="embedding")(ids)
    return ids, layers.Dropout(dropout)(x) if dropout else x


def _recurrent(x: Any, cell: str, units: Sequence[int], dropout: float = 0.0, bidirectional: bool = False) -> Any:
    """A stack of recurrent layers; only the last one drops its sequence."""
    from keras import layers

    kind = getattr(layers, cell)
    for depth, n in enumerate(units, start=1):
        layer = kind(n, return_sequences=depth < len(units), dropout=dropout, name=f"{cell.lower()}_{depth}")
        x = layers.Bidirectional(layer, name=f"bidirectional_{depth}")(x) if bidirectional else layer(x)
    return x


def _head(ids: Any, x: Any, classes: int) -> keras.Model:
    from keras import Model, layers

    return Model(ids, layers.Dense(classes, name="logits")(x))


@architecture(task="classify", source="S2: AIT, SimpleRNN", parameters=10_625, vocabulary_size=0, classes=1)
def simple_rnn_classifier(
    *,
    vocabulary_size: int,
    classes: int = 1,
    embedding_dim: int = 100,
    units: int = 64,
    embedding_dropout: float = 0.0,
) -> keras.Model:
    """One plain recurrent layer: what vanishing gradients cost.

    Reference: Elman 1990, Finding structure in time. The documented count leaves the embedding out.
    """
    ids, x = _embedded(vocabulary_size, embedding_dim, embedding_dropout)
    return _head(ids, _recurrent(x, "SimpleRNN", [units]), classes)


@architecture(task="classify", source="S23: CH, stacked SimpleRNN", parameters=7_809, vocabulary_size=0, classes=1)
def stacked_rnn_classifier(
    *,
    vocabulary_size: int,
    classes: int = 1,
    embedding_dim: int = 8,
    units: tuple[int, int] = (64, 32),
    embedding_dropout: float = 0.0,
) -> keras.Model:
    """Two plain recurrent layers over eight features a step; the embedding stands in for the features.

    Reference: Elman 1990. The documented count leaves the embedding out.
    """
    ids, x = _embedded(vocabulary_size, embedding_dim, embedding_dropout)
    return _head(ids, _recurrent(x, "SimpleRNN", units), classes)


@architecture(task="classify", source="S3, S6: AIT example 1", parameters=1_341_857, vocabulary_size=10_000, classes=1)
def lstm_classifier(
    *,
    vocabulary_size: int,
    classes: int = 1,
    embedding_dim: int = 128,
    units: tuple[int, ...] = (64, 32),
    dropout: float = 0.0,
    embedding_dropout: float = 0.0,
) -> keras.Model:
    """Two stacked LSTMs; S6 adds dropout .2 after the embedding and inside both.

    Reference: Hochreiter and Schmidhuber 1997, Long short-term memory.
    """
    ids, x = _embedded(vocabulary_size, embedding_dim, embedding_dropout)
    return _head(ids, _recurrent(x, "LSTM", units, dropout), classes)


@architecture(task="classify", source="S4: AIT, GRU", parameters=1_326_689, vocabulary_size=10_000, classes=1)
def gru_classifier(
    *,
    vocabulary_size: int,
    classes: int = 1,
    embedding_dim: int = 128,
    units: tuple[int, ...] = (64, 32),
    dropout: float = 0.0,
    embedding_dropout: float = 0.0,
) -> keras.Model:
    """Two stacked GRUs, to compare with the LSTMs.

    Reference: Cho et al. 2014, Learning phrase representations using RNN encoder-decoder.
    """
    ids, x = _embedded(vocabulary_size, embedding_dim, embedding_dropout)
    return _head(ids, _recurrent(x, "GRU", units, dropout), classes)


@architecture(
    task="classify",
    parallel=True,
    source="S5, S8: AIT, BiLSTM",
    parameters=1_420_097,
    vocabulary_size=10_000,
    classes=1,
)
def stacked_bilstm_classifier(
    *,
    vocabulary_size: int,
    classes: int = 1,
    embedding_dim: int = 128,
    units: tuple[int, int] = (64, 32),
    embedding_dropout: float = 0.0,
) -> keras.Model:
    """Two stacked bidirectional LSTMs straight into the logits.

    Reference: Schuster and Paliwal 1997, Bidirectional recurrent neural networks.
    """
    ids, x = _embedded(vocabulary_size, embedding_dim, embedding_dropout)
    return _head(ids, _recurrent(x, "LSTM", units, bidirectional=True), classes)


@architecture(task="classify", source="S9: AIT example 4", parameters=1_473_441, vocabulary_size=10_000, classes=1)
def funnel_lstm_classifier(
    *,
    vocabulary_size: int,
    classes: int = 1,
    embedding_dim: int = 128,
    units: tuple[int, int, int] = (128, 64, 32),
    dropout: float = 0.2,
    embedding_dropout: float = 0.0,
) -> keras.Model:
    """Three stacked LSTMs, each half as wide as the one below.

    Reference: Hochreiter and Schmidhuber 1997.
    """
    ids, x = _embedded(vocabulary_size, embedding_dim, embedding_dropout)
    return _head(ids, _recurrent(x, "LSTM", units, dropout), classes)


@architecture(task="classify", source="S16: CG section 6", parameters=3_644_418, vocabulary_size=10_000, classes=2)
def torch_bilstm_classifier(
    *,
    vocabulary_size: int,
    classes: int = 2,
    embedding_dim: int = 128,
    units: int = 256,
    layers_deep: int = 2,
    dropout: float = 0.3,
) -> keras.Model:
    """The tutorial's PyTorch classifier, rebuilt: two bidirectional LSTMs, last states side by side.

    Deviations: Keras keeps one bias where PyTorch keeps two, which the documented count (3,644,418,
    counted in Keras) has already settled; the padding row of the embedding is masked, not frozen at zero.
    Reference: Schuster and Paliwal 1997.
    """
    from keras import layers

    ids, x = _embedded(vocabulary_size, embedding_dim, dropout)
    for depth in range(1, layers_deep + 1):
        lstm = layers.LSTM(units, return_sequences=depth < layers_deep, name=f"lstm_{depth}")
        x = layers.Bidirectional(lstm, name=f"bidirectional_{depth}")(x)
        x = layers.Dropout(dropout)(x)
    return _head(ids, x, classes)


@architecture(
    task="classify", parallel=True, source="S18: CG section 8", parameters=751_489, vocabulary_size=10_000, classes=1
)
def bilstm_classifier(
    *,
    vocabulary_size: int,
    classes: int = 1,
    embedding_dim: int = 64,
    units: tuple[int, int] = (64, 32),
    dense_units: int = 64,
    dropout: float = 0.5,
    embedding_dropout: float = 0.0,
) -> keras.Model:
    """Two stacked bidirectional LSTMs that read a review, and a dense layer that scores it.

    Reference: Schuster and Paliwal 1997.
    """
    from keras import layers

    ids, x = _embedded(vocabulary_size, embedding_dim, embedding_dropout)
    x = _recurrent(x, "LSTM", units, bidirectional=True)
    x = layers.Dense(dense_units, activation="relu", name="dense")(x)
    return _head(ids, layers.Dropout(dropout)(x), classes)


@architecture(task="classify", source="S30: AIT project 1", parameters=1_477_377, vocabulary_size=10_000, classes=1)
def cnn_classifier(
    *,
    vocabulary_size: int,
    classes: int = 1,
    embedding_dim: int = 128,
    filters: int = 128,
    widths: tuple[int, ...] = (3, 4, 5),
    dropout: float = 0.5,
    embedding_dropout: float = 0.0,
) -> keras.Model:
    """Convolutions of three widths and the maximum over time: the row to hold beside every recurrent one.

    The source names a CNN without sizes; these are Kim's, with 128 filters a width.
    Reference: Kim 2014, Convolutional neural networks for sentence classification.
    """
    from keras import layers

    from seqzoo.tasks.classify.layers import MaskedConv1D, MaskedPooling

    ids, x = _embedded(vocabulary_size, embedding_dim, embedding_dropout)
    found = [
        MaskedPooling("max")(MaskedConv1D(filters, w, padding="same", activation="relu", name=f"conv_{w}")(x))
        for w in widths
    ]
    return _head(ids, layers.Dropout(dropout)(layers.Concatenate()(found)), classes)


@architecture(
    parallel=True,
    task="classify",
    source="ours, after S18",
    parameters=4_106_884,
    vocabulary_size=30_000,
    classes=1,
    evidence=3,
)
def evidence_bilstm_classifier(
    *,
    vocabulary_size: int,
    evidence: int,
    classes: int = 1,
    embedding_dim: int = 128,
    units: int = 128,
    frozen_embedding: bool = True,
    word_dropout: float = 0.25,
    embedding_dropout: float = 0.3,
    evidence_dropout: float = 0.2,
    dropout: float = 0.5,
) -> keras.Model:
    """A bidirectional LSTM that reads, beside each word, how n-grams ending there divide the classes.

    A second input, evidence, is (batch, time, evidence) float32 log-count ratios (see `ratios`). The states are
    pooled over time, maximum and mean, and the mean of what was read goes past them to the logits. A frozen
    embedding (see `vectors`) cannot learn which film a review is about.

    Reference: Wang and Manning 2012 for the ratios; Johnson and Zhang 2016 for pooling.
    """
    from keras import Input, Model, layers

    from seqzoo.tasks.classify.layers import ConcatenateUnderMask, MaskedPooling, WordDropout

    ids = Input((None,), dtype="int32", name="ids")
    ratios = Input((None, evidence), dtype="float32", name="evidence")
    words = layers.Embedding(
        vocabulary_size, embedding_dim, mask_zero=True, trainable=not frozen_embedding, name="embedding"
    )
    x = layers.SpatialDropout1D(embedding_dropout)(words(WordDropout(word_dropout)(ids)))
    both = ConcatenateUnderMask()([x, layers.Dropout(evidence_dropout, noise_shape=(None, None, 1))(ratios)])
    x = layers.Bidirectional(layers.LSTM(units, return_sequences=True, name="lstm"), name="bidirectional")(both)
    states = layers.Dropout(dropout)(MaskedPooling("max+mean")(x))
    pooled = layers.Concatenate()([states, MaskedPooling("mean")(both)])
    return Model([ids, ratios], layers.Dense(classes, name="logits")(pooled))
