"""The converter, layer by layer, against Keras."""

import keras
import numpy as np
import pytest
from keras import layers

from seqzoo import graph
from seqzoo.errors import UserError
from seqzoo.runtime import Graph
from seqzoo.tasks.classify.layers import ConcatenateUnderMask, MaskedConv1D, MaskedPooling, WordDropout
from seqzoo.tasks.forecast.layers import FirstFeature
from seqzoo.tasks.generate.layers import BothSides

FEATURES = 5


def model_of(*stack):
    x = entry = keras.Input((None, FEATURES), name="x")
    for one in stack:
        x = one(x)
    return keras.Model(entry, x)


def with_ids(*stack, tail=None):
    entry = keras.Input((None,), dtype="int32", name="ids")
    x = layers.Embedding(20, FEATURES, mask_zero=True)(entry)
    for one in stack:
        x = one(x)
    return keras.Model(entry, x if tail is None else tail(x))


def x_batches():
    random = np.random.default_rng(0)
    return [{"x": random.normal(size=(n, 9, FEATURES)).astype(np.float32)} for n in (1, 4)]


def id_batches():
    random = np.random.default_rng(0)
    ids = random.integers(1, 20, (5, 9)).astype(np.int32)
    for row, length in zip(ids, (9, 5, 1, 7, 2), strict=True):
        row[length:] = 0
    return [{"ids": ids}, {"ids": ids[1:2, :5]}]


PLAIN = {
    "around": [layers.Bidirectional(layers.LSTM(4, return_sequences=True)), BothSides()],
    "dense": [layers.Dense(3, activation="relu")],
    "dense without bias": [layers.Dense(3, use_bias=False, activation="tanh")],
    "time distributed": [layers.TimeDistributed(layers.Dense(3, activation="softmax"))],
    "conv same": [layers.Conv1D(4, 4, padding="same", activation="relu")],
    "conv causal dilated": [layers.Conv1D(4, 3, padding="causal", dilation_rate=2)],
    "conv valid strided": [layers.Conv1D(4, 3, strides=2)],
    "max pooling": [layers.MaxPooling1D(2)],
    "average pooling": [layers.AveragePooling1D(3)],
    "global max": [layers.GlobalMaxPooling1D()],
    "global mean": [layers.GlobalAveragePooling1D()],
    "layer normalization": [layers.LayerNormalization()],
    "activations": [layers.Activation("sigmoid"), layers.ReLU(), layers.Softmax()],
    "dropouts vanish": [layers.Dropout(0.5), layers.SpatialDropout1D(0.5), layers.GaussianNoise(0.5), layers.Dense(2)],
    "simple rnn": [layers.SimpleRNN(4)],
    "lstm sequences": [layers.LSTM(4, return_sequences=True)],
    "lstm without bias": [layers.LSTM(4, use_bias=False)],
    "gru": [layers.GRU(4)],
    "gru reset before": [layers.GRU(4, reset_after=False)],
    "gru relu": [layers.GRU(4, activation="relu")],
    "backwards": [layers.LSTM(4, go_backwards=True)],
    "first feature": [FirstFeature(), layers.RepeatVector(2)],
    "reshaped": [layers.GRU(4), layers.Reshape((2, 2))],
    "repeated": [layers.GRU(4), layers.RepeatVector(3), layers.LSTM(4, return_sequences=True)],
    "masking": [layers.Masking(0.0), layers.LSTM(4)],
    "bidirectional sum": [layers.Bidirectional(layers.GRU(4), merge_mode="sum")],
    "bidirectional mul": [layers.Bidirectional(layers.SimpleRNN(4), merge_mode="mul")],
    "bidirectional ave": [layers.Bidirectional(layers.LSTM(4, return_sequences=True), merge_mode="ave")],
    "unmasked pooling": [MaskedPooling("max+mean")],
    "unmasked conv": [MaskedConv1D(4, 3, padding="same")],
}

MASKED = {
    "simple rnn": [layers.SimpleRNN(4)],
    "lstm": [layers.LSTM(4)],
    "gru": [layers.GRU(4)],
    "two lstm": [layers.LSTM(4, return_sequences=True), layers.LSTM(3)],
    "bidirectional": [layers.Bidirectional(layers.LSTM(4, return_sequences=True)), layers.Bidirectional(layers.GRU(3))],
    "normalized": [layers.LSTM(4, return_sequences=True), layers.LayerNormalization(), layers.GRU(4)],
    "dense between": [layers.Dense(4, activation="tanh"), layers.SimpleRNN(4)],
    "max+mean": [layers.Bidirectional(layers.LSTM(4, return_sequences=True)), MaskedPooling("max+mean")],
    "keras mean": [layers.GRU(4, return_sequences=True), layers.GlobalAveragePooling1D()],
    "conv": [MaskedConv1D(4, 4, padding="same"), MaskedPooling("max")],
}


@pytest.mark.parametrize("name", PLAIN)
def test_layer(name):
    model = model_of(*PLAIN[name])
    assert graph.check(model, graph.convert(model), x_batches()) < 1e-5


@pytest.mark.parametrize("name", MASKED)
def test_masked_layer(name):
    model = with_ids(*MASKED[name])
    assert graph.check(model, graph.convert(model), id_batches()) < 1e-5


def test_outputs_at_every_step_are_held_against_keras_where_there_is_something_to_tell():
    model = with_ids(layers.LSTM(4, return_sequences=True), layers.Dense(3))
    proto = graph.convert(model)
    assert graph.check(model, proto, id_batches()) < 1e-5
    model.layers[-1].bias.assign([1.0, 0.0, 0.0])
    with pytest.raises(UserError, match="differs from Keras"):
        graph.check(model, proto, id_batches())


def test_merging_and_attention():
    entry = keras.Input((None,), dtype="int32", name="ids")
    x = layers.Embedding(20, FEATURES, mask_zero=True)(entry)
    a, b = layers.GRU(4, return_sequences=True)(x), layers.LSTM(4, return_sequences=True)(x)
    merged = [layers.Add()([a, b]), layers.Multiply()([a, b]), layers.Average()([a, b]), layers.Maximum()([a, b])]
    seen = [layers.Attention()([a, b]), layers.Attention(use_scale=True)([b, a]), layers.AdditiveAttention()([a, b])]
    pooled = MaskedPooling("mean")(layers.Concatenate()(merged + seen))
    model = keras.Model(entry, layers.Dense(2)(pooled))
    assert graph.check(model, graph.convert(model), id_batches()) < 1e-5


def test_two_inputs_and_two_outputs():
    ids, x = keras.Input((None,), dtype="int32", name="ids"), keras.Input((None, 2), name="x")
    words = layers.Embedding(20, FEATURES, mask_zero=True)(WordDropout(0.3)(ids))
    state = layers.GRU(4)(ConcatenateUnderMask()([words, x]))
    model = keras.Model([ids, x], [layers.Dense(2, name="first")(state), layers.Dense(3, name="second")(state)])
    proto = graph.convert(model)
    batch = {**id_batches()[0], "x": np.random.default_rng(1).normal(size=(5, 9, 2)).astype(np.float32)}
    assert graph.check(model, proto, [batch]) < 1e-5
    assert Graph(proto.SerializeToString()).outputs == ["first", "second"]


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
def test_states_in_and_out_continue_a_sequence(cell):
    recurrent = getattr(layers, cell)(4, return_sequences=True, name="cell")
    model = model_of(recurrent)
    whole = Graph(graph.convert(model).SerializeToString())
    step = Graph(graph.convert(model, carry=["cell"]).SerializeToString())
    x = x_batches()[1]["x"]
    states = step.states(4)
    assert len(states) == (2 if cell == "LSTM" else 1)
    pieces = []
    for part in (x[:, :3], x[:, 3:4], x[:, 4:]):
        y, *after = step({"x": part, **states})
        states = {f"{name}_in": value for name, value in zip(step.outputs[1:], after, strict=True)}
        pieces.append(y)
    np.testing.assert_allclose(np.concatenate(pieces, 1), whole({"x": x})[0], atol=1e-6)


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
def test_an_encoders_last_states_begin_the_decoder(cell):
    source, entry = keras.Input((None,), dtype="int32", name="ids"), keras.Input((None, FEATURES), name="x")
    words = layers.Embedding(20, FEATURES, mask_zero=True)(source)
    kind = getattr(layers, cell)
    seen, *states = kind(4, return_state=True, return_sequences=True)(words)
    told = kind(4, return_sequences=True)(entry, initial_state=states)
    memory = layers.Attention()([told, seen])
    model = keras.Model([source, entry], layers.Dense(2)(layers.Concatenate()([told, memory])))
    random = np.random.default_rng(2)
    batch = {**id_batches()[0], "x": random.normal(size=(5, 4, FEATURES)).astype(np.float32)}
    assert graph.check(model, graph.convert(model), [batch]) < 1e-5


@pytest.mark.parametrize("sequences", [True, False])
def test_both_directions_give_their_last_states(sequences):
    entry = keras.Input((None,), dtype="int32", name="ids")
    words = layers.Embedding(20, FEATURES, mask_zero=True)(entry)
    both = layers.Bidirectional(layers.LSTM(4, return_state=True, return_sequences=sequences))
    seen, *states = both(words)
    pooled = [layers.GRU(3)(seen) if sequences else seen, *states]
    model = keras.Model(entry, layers.Dense(2)(layers.Concatenate()(pooled)))
    assert graph.check(model, graph.convert(model), id_batches()) < 1e-5


def test_a_way_to_call_a_layer_that_is_not_converted_is_refused_by_name():
    entry, state = keras.Input((None, FEATURES), name="x"), keras.Input((4,), name="state")
    both = layers.Bidirectional(layers.GRU(4), name="culprit")
    model = keras.Model([entry, state], both(entry, initial_state=[state, state]))
    with pytest.raises(UserError, match=r"culprit.*initial_state"):
        graph.convert(model)


@pytest.mark.parametrize(
    "layer",
    [
        layers.BatchNormalization(name="culprit"),
        layers.LSTM(4, stateful=False, return_state=False, activation="elu", name="culprit"),
        layers.TimeDistributed(layers.LayerNormalization(), name="culprit"),
        layers.GRU(4, return_sequences=True, go_backwards=True, name="culprit"),
        layers.Dense(3, activation="gelu", name="culprit"),
        layers.Conv1D(3, 3, strides=2, padding="same", name="culprit"),
    ],
)
def test_an_unsupported_layer_is_refused_by_name(layer):
    with pytest.raises(UserError, match="culprit"):
        graph.convert(model_of(layer))


def test_arithmetic_between_layers_is_refused():
    entry = keras.Input((None, FEATURES), name="x")
    model = keras.Model(entry, layers.Dense(2)(keras.ops.exp(entry)))
    with pytest.raises(UserError, match="cannot be written"):
        graph.convert(model)


def test_a_mask_that_keras_would_undo_is_refused():
    ids, x = keras.Input((None,), dtype="int32", name="ids"), keras.Input((None, 2), name="x")
    words = layers.Embedding(20, FEATURES, mask_zero=True)(ids)
    model = keras.Model([ids, x], layers.GRU(4)(layers.Concatenate(name="culprit")([words, x])))
    with pytest.raises(UserError, match="culprit"):
        graph.convert(model)


def test_a_wrong_graph_is_caught():
    model = model_of(layers.Dense(3))
    proto = graph.convert(model)
    model.layers[-1].bias.assign([1.0, 0.0, 0.0])
    with pytest.raises(UserError, match="differs from Keras"):
        graph.check(model, proto, x_batches())


def test_half_precision_weights_are_half_as_large_and_nearly_the_same():
    model = model_of(layers.LSTM(64), layers.Dense(3))
    proto = graph.convert(model)
    small = graph.with_half_weights(proto)
    assert len(small.SerializeToString()) < 0.6 * len(proto.SerializeToString())
    assert graph.check(model, small, x_batches(), tolerance=5e-3) > 0


def test_every_writer_has_been_tested():
    tested = {type(layer).__name__ for stack in [*PLAIN.values(), *MASKED.values()] for layer in stack}
    tested |= {"Embedding", "Add", "Multiply", "Average", "Maximum", "Attention", "AdditiveAttention", "Concatenate"}
    tested |= {"WordDropout", "ConcatenateUnderMask"}
    tested |= {"OneHot", "ReversibleEmbedding", "Hidden", "LuongAttention", "BahdanauGRU", "Identity"}  # step by step
    tested |= {"LogMel", "Cosines", "Rise", "Standard", "Stripes", "FrameConv", "Segments"}  # in networks that hear
    tested |= {"Spelled", "Transitions"}  # in networks that tag
    assert set(graph.supported()) - tested <= {"GaussianDropout", "ActivityRegularization"}
