"""Architectures that continue texts. Documented numbers are the defaults.

Every builder returns an uncompiled functional `keras.Model`:

    Input ids: (batch, time) int32.
    Output: (batch, time, vocabulary_size) float32 logits of the unit that follows each; (batch, vocabulary_size)
    after the last one when `every_step` is false, as the sources have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqzoo.registry import architecture

if TYPE_CHECKING:
    import keras


def _ids() -> Any:
    from keras import Input

    return Input((None,), dtype="int32", name="ids")


def _words(ids: Any, vocabulary_size: int, dim: int) -> Any:
    """Embedded words; Keras' +-.05 would start the LSTMs so near zero that the first hundred thousand teach little."""
    from keras import initializers, layers

    start = initializers.RandomNormal(stddev=0.3)
    return layers.Embedding(vocabulary_size, dim, embeddings_initializer=start, name="embedding")(ids)


@architecture(task="generate", source="S13, S32: AIT app 5", parameters=944_577, vocabulary_size=65)
def char_lstm(
    *, vocabulary_size: int, embedding: int = 128, units: int = 256, dropout: float = 0.2, every_step: bool = True
) -> keras.Model:
    """Two LSTMs over characters.

    Reference: Graves 2013, Generating sequences with recurrent neural networks.
    """
    from keras import Model, layers

    ids = _ids()
    x = layers.Embedding(vocabulary_size, embedding, name="embedding")(ids)
    x = layers.LSTM(units, return_sequences=True, name="lstm_1")(x)
    x = layers.Dropout(dropout)(x)
    x = layers.LSTM(units, return_sequences=every_step, name="lstm_2")(x)
    return Model(ids, layers.Dense(vocabulary_size, name="logits")(x))


@architecture(task="generate", source="S20: INT", parameters=2_529_616, vocabulary_size=10_000)
def word_lstm(
    *,
    vocabulary_size: int,
    embedding: int = 128,
    units: tuple[int, int] = (256, 128),
    bottleneck: int = 64,
    dropout: float = 0.0,
    every_step: bool = True,
) -> keras.Model:
    """Two narrowing LSTMs over words, a bottleneck before the wide output.

    Reference: Mikolov et al. 2010, Recurrent neural network based language model.
    """
    from keras import Model, layers

    ids = _ids()
    x = layers.Dropout(dropout)(_words(ids, vocabulary_size, embedding))
    x = layers.Dropout(dropout)(layers.LSTM(units[0], return_sequences=True, name="lstm_1")(x))
    x = layers.Dropout(dropout)(layers.LSTM(units[1], return_sequences=every_step, name="lstm_2")(x))
    x = layers.Dense(bottleneck, activation="relu", name="bottleneck")(x)
    return Model(ids, layers.Dense(vocabulary_size, name="logits")(x))


@architecture(task="generate", source="S32, with GRUs", parameters=716_225, vocabulary_size=65)
def char_gru(
    *, vocabulary_size: int, embedding: int = 128, units: int = 256, dropout: float = 0.2, every_step: bool = True
) -> keras.Model:
    """Two GRUs over characters: a quarter fewer recurrent parameters than `char_lstm`.

    Reference: Cho et al. 2014, Learning phrase representations using RNN encoder-decoder.
    """
    from keras import Model, layers

    ids = _ids()
    x = layers.Embedding(vocabulary_size, embedding, name="embedding")(ids)
    x = layers.GRU(units, return_sequences=True, name="gru_1")(x)
    x = layers.Dropout(dropout)(x)
    x = layers.GRU(units, return_sequences=every_step, name="gru_2")(x)
    return Model(ids, layers.Dense(vocabulary_size, name="logits")(x))


@architecture(task="generate", source="S44: AIT; context2vec", parameters=2_209_616, vocabulary_size=10_000)
def cloze_lstm(
    *, vocabulary_size: int, embedding: int = 128, units: int = 128, bottleneck: int = 64, dropout: float = 0.0
) -> keras.Model:
    """Each word from an LSTM over what stands before it and one over what stands after it.

    Output: (batch, time - 2, vocabulary_size): the first and the last word have no two sides.
    Reference: Melamud et al. 2016, context2vec, learning generic context embedding with bidirectional LSTM.
    """
    from keras import Model, layers

    from seqzoo.tasks.generate.layers import BothSides

    ids = _ids()
    x = layers.Dropout(dropout)(_words(ids, vocabulary_size, embedding))
    x = layers.Bidirectional(layers.LSTM(units, return_sequences=True), name="bilstm")(x)
    x = layers.Dropout(dropout)(BothSides(name="around")(x))
    x = layers.Dense(bottleneck, activation="relu", name="bottleneck")(x)
    return Model(ids, layers.Dense(vocabulary_size, name="logits")(x))
