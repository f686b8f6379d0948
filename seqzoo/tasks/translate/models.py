"""Architectures that turn one sequence into another. Documented numbers are the defaults.

Every builder returns an uncompiled functional `keras.Model` for training, made of two that `get_layer` gives:

    Input source: (batch, time) int32 ids; target: (batch, steps) int32 ids of the start unit and what follows it;
    0 is padding, on the right.
    Output: (batch, steps, target_units) float32 logits of the next unit; column i is of id i + 1.
    "encoder": source -> what the decoder begins with and looks at, each output named after the input it becomes.
    "decoder": target, states (`h_in`, `c_in`), and what it looks at -> logits, states (`h`, `c`), attention.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqzoo.registry import architecture

if TYPE_CHECKING:
    import keras


def _ids(name: str) -> Any:
    from keras import Input

    return Input((None,), dtype="int32", name=name)


def _inputs(shapes: Mapping[str, Sequence[int | None]]) -> dict[str, Any]:
    from keras import Input

    return {name: Input(shape, name=name) for name, shape in shapes.items()}


def _named(tensors: Mapping[str, Any]) -> list[Any]:
    """Outputs are called after their layers."""
    from keras import layers

    return [layers.Identity(name=name)(tensor) for name, tensor in tensors.items()]


def _taught(encoder: keras.Model, decoder: keras.Model) -> keras.Model:
    """Both as one: the decoder reads the true target, shifted."""
    from keras import Model

    source, target = _ids("source"), _ids("target")
    known = encoder(source)
    logits = decoder([target, *(known if isinstance(known, list) else [known])])[0]
    return Model([source, target], logits)


@architecture(
    task="translate", source="S11: AIT app 2", parameters=718_173, source_units=71, target_units=93
)  # fmt: skip
def lstm_translator(*, source_units: int, target_units: int, units: int = 256) -> keras.Model:
    """An LSTM reads the source; another begins with its states and writes the target. Symbols are one-hot.

    Deviations: masks; logits instead of a softmax; the encoder and the one-step decoder that the source forgot.
    Reference: Sutskever et al. 2014, Sequence to sequence learning with neural networks; Keras' lstm_seq2seq.
    """
    from keras import Model, layers

    from seqzoo.tasks.translate.layers import OneHot

    source, target = _ids("source"), _ids("target")
    _, h, c = layers.LSTM(units, return_state=True, name="reader")(OneHot(source_units)(source))
    encoder = Model(source, _named({"h_in": h, "c_in": c}), name="encoder")
    begin = _inputs({"h_in": (units,), "c_in": (units,)})
    writer = layers.LSTM(units, return_sequences=True, return_state=True, name="writer")
    y, h, c = writer(OneHot(target_units, mask_zero=False)(target), initial_state=list(begin.values()))
    logits = layers.Dense(target_units, name="output")(y)
    decoder = Model([target, *begin.values()], _named({"logits": logits, "h": h, "c": c}), name="decoder")
    return _taught(encoder, decoder)


@architecture(
    task="translate", source="S11, with attention; S39", parameters=2_709_240,
    source_units=3000, target_units=3000,
)  # fmt: skip
def luong_translator(
    *, source_units: int, target_units: int, embedding: int = 192, units: int = 384, dropout: float = 0.2
) -> keras.Model:
    """GRUs read both ways; a GRU writes, and looks at what was read after each step.

    Reference: Luong et al. 2015, Effective approaches to attention-based neural machine translation ("general").
    """
    from keras import Model, layers

    from seqzoo.tasks.translate.layers import LuongAttention

    encoder = _reader(source_units, embedding, units, dropout)
    begin, looked = _inputs({"h_in": (units,)}), _looked_at(units, units)
    target = _ids("target")
    gru = layers.GRU(units, return_sequences=True, return_state=True, name="writer")
    words = _units(target_units, embedding)
    y, h = gru(layers.Dropout(dropout)(words(target)), initial_state=begin["h_in"])
    context, weights = LuongAttention(name="look")(y, *looked.values())
    x = layers.Concatenate()([y, context])
    outputs = _named({"logits": _logits(x, words, dropout), "h": h, "attention": weights})
    return _taught(encoder, Model([target, *begin.values(), *looked.values()], outputs, name="decoder"))


@architecture(
    task="translate", source="S11, with attention", parameters=3_336_312,
    source_units=3000, target_units=3000,
)  # fmt: skip
def bahdanau_translator(
    *, source_units: int, target_units: int, embedding: int = 192, units: int = 384, dropout: float = 0.2
) -> keras.Model:
    """GRUs read both ways; a GRU looks at what was read before each step, and writes.

    Reference: Bahdanau et al. 2015, Neural machine translation by jointly learning to align and translate.
    """
    from keras import Model, layers

    from seqzoo.tasks.translate.layers import BahdanauGRU

    encoder = _reader(source_units, embedding, units, dropout)
    begin, looked = _inputs({"h_in": (units,)}), _looked_at(units, units)
    target = _ids("target")
    words = _units(target_units, embedding)
    x = layers.Dropout(dropout)(words(target))
    y, context, weights, h = BahdanauGRU(units, name="writer")(x, begin["h_in"], *looked.values())
    x = layers.Concatenate()([x, y, context])
    outputs = _named({"logits": _logits(x, words, dropout), "h": h, "attention": weights})
    return _taught(encoder, Model([target, *begin.values(), *looked.values()], outputs, name="decoder"))


@architecture(
    task="translate", source="S11, with embeddings and GRUs", parameters=2_487_672,
    source_units=3000, target_units=3000,
)  # fmt: skip
def gru_translator(
    *, source_units: int, target_units: int, embedding: int = 192, units: int = 384, dropout: float = 0.2
) -> keras.Model:
    """As `luong_translator` without attention: all that is known of the source is the state the writer begins with.

    Reference: Cho et al. 2014, Learning phrase representations using RNN encoder-decoder.
    """
    from keras import Model, layers

    encoder = _reader(source_units, embedding, units, dropout, looked_at=False)
    begin = _inputs({"h_in": (units,)})
    target = _ids("target")
    gru = layers.GRU(units, return_sequences=True, return_state=True, name="writer")
    words = _units(target_units, embedding)
    y, h = gru(layers.Dropout(dropout)(words(target)), initial_state=begin["h_in"])
    outputs = _named({"logits": _logits(y, words, dropout), "h": h})
    return _taught(encoder, Model([target, *begin.values()], outputs, name="decoder"))


def _reader(size: int, embedding: int, units: int, dropout: float, looked_at: bool = True) -> keras.Model:
    """Two GRUs of half the units each; their last states begin the writer, and all of them are what it looks at."""
    from keras import Model, layers

    from seqzoo.tasks.translate.layers import Hidden

    source = _ids("source")
    table = layers.Embedding(size + 1, embedding, mask_zero=True, name="embedding")
    x = layers.Dropout(dropout)(table(source))
    gru = layers.GRU(units // 2, return_sequences=True, return_state=True)
    y, *ends = layers.Bidirectional(gru, name="reader")(x)
    known = {"h_in": layers.Dense(units, activation="tanh", name="bridge")(layers.Concatenate()(ends))}
    if looked_at:
        known |= {"keys": layers.Dense(units, name="keying")(y), "memory": y, "hidden": Hidden(name="hiding")(source)}
    return Model(source, _named(known), name="encoder")


def _looked_at(units: int, width: int) -> dict[str, Any]:
    """What the encoder tells of each step, as inputs of the decoder."""
    return _inputs({"keys": (None, units), "memory": (None, width), "hidden": (None,)})


def _units(size: int, width: int) -> Any:
    from seqzoo.tasks.translate.layers import ReversibleEmbedding

    return ReversibleEmbedding(size, width, name="units")


def _logits(x: Any, units: Any, dropout: float) -> Any:
    """What is written next: as wide as an embedding, and held against each of them."""
    from keras import layers

    x = layers.Dense(units.width, activation="tanh", name="meant")(x)
    return units(layers.Dropout(dropout)(x), reverse=True)
