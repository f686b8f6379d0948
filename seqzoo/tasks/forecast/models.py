"""Architectures that forecast. Documented numbers are the defaults.

Every builder returns an uncompiled functional `keras.Model`:

    Input past: (batch, window, features) float32, the last step is the origin.
    Input future, where there is one: (batch, horizon, known) float32, what is known of the steps ahead.
    Output: (batch, horizon * quantiles) or (batch, horizon, quantiles) float32, in the codec's unit.

Deviation that all share: a direct forecast of the whole horizon where the sources stop at one step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqzoo.registry import architecture

if TYPE_CHECKING:
    import keras


def _past(features: int) -> Any:
    from keras import Input

    return Input((None, features), name="past")


def _head(past: Any, x: Any, outputs: int) -> keras.Model:
    from keras import Model, layers

    return Model(past, layers.Dense(outputs, name="forecast")(x))


@architecture(task="forecast", source="S24: SML, sine wave", parameters=2_651, features=1, outputs=1)
def simple_rnn_forecaster(*, features: int, outputs: int, units: int = 50) -> keras.Model:
    """One plain recurrent layer over a window.

    Reference: Elman 1990, Finding structure in time.
    """
    from keras import layers

    past = _past(features)
    return _head(past, layers.SimpleRNN(units, name="rnn")(past), outputs)


@architecture(task="forecast", source="S7: AIT example 2", parameters=23_301, features=1, outputs=1)
def stacked_gru_forecaster(*, features: int, outputs: int, units: int = 50, dropout: float = 0.2) -> keras.Model:
    """Two stacked GRUs over the closing prices of sixty days.

    Reference: Cho et al. 2014, Learning phrase representations using RNN encoder-decoder.
    """
    from keras import layers

    past = _past(features)
    x = layers.GRU(units, return_sequences=True, name="gru_1")(past)
    x = layers.GRU(units, name="gru_2")(layers.Dropout(dropout)(x))
    return _head(past, layers.Dropout(dropout)(x), outputs)


@architecture(task="forecast", source="S17, S25, S31: CG 7", parameters=24_129, features=5, outputs=1)
def gru_forecaster(
    *,
    features: int,
    outputs: int,
    units: tuple[int, int] = (64, 32),
    dense_units: int = 32,
    dropout: float = 0.2,
) -> keras.Model:
    """Two GRUs that narrow, over thirty days of open, high, low, close and volume.

    Reference: Cho et al. 2014.
    """
    from keras import layers

    past = _past(features)
    x = layers.GRU(units[0], return_sequences=True, dropout=dropout, name="gru_1")(past)
    x = layers.GRU(units[1], name="gru_2")(x)
    x = layers.Dense(dense_units, activation="relu", name="dense")(x)
    return _head(past, layers.Dropout(dropout)(x), outputs)


@architecture(task="forecast", source="S21, S26: INT", parameters=31_901, features=1, outputs=1)
def lstm_forecaster(
    *, features: int, outputs: int, units: int = 50, dense_units: int = 25, dropout: float = 0.2
) -> keras.Model:
    """Two stacked LSTMs and a linear layer between them and the forecast.

    Reference: Hochreiter and Schmidhuber 1997, Long short-term memory.
    """
    from keras import layers

    past = _past(features)
    x = layers.LSTM(units, return_sequences=True, name="lstm_1")(past)
    x = layers.LSTM(units, name="lstm_2")(layers.Dropout(dropout)(x))
    return _head(past, layers.Dense(dense_units, name="dense")(layers.Dropout(dropout)(x)), outputs)


@architecture(task="forecast", source="S27: AIT app 4", parameters=54_658, parallel=True, features=9, outputs=1)
def bilstm_attention_forecaster(*, features: int, outputs: int, units: int = 64, dropout: float = 0.2) -> keras.Model:
    """A bidirectional LSTM over the window; its last state asks, by attention, which steps matter.

    The source gives no sizes; these are ours.
    Reference: Luong et al. 2015, Effective approaches to attention-based neural machine translation.
    """
    from keras import layers

    past = _past(features)
    states = layers.Bidirectional(layers.LSTM(units, return_sequences=True, name="lstm"), name="bidirectional")(past)
    query = layers.Dense(2 * units, name="query")(states)
    attended = layers.Attention(use_scale=True, name="attention")([query, states])
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(attended), layers.GlobalMaxPooling1D()(states)])
    return _head(past, layers.Dropout(dropout)(x), outputs)


@architecture(
    task="forecast", source="S28, S33: AIT app 4", parameters=85_213, parallel=True,
    window=168, features=18, known=17, horizon=24, quantiles=5,
)  # fmt: skip
def gru_encoder_decoder(
    *,
    window: int,
    features: int,
    known: int,
    horizon: int,
    quantiles: int,
    units: int = 64,
    dropout: float = 0.0,
) -> keras.Model:
    """A GRU reads the window; a bidirectional GRU reads what is known of the steps ahead, the summary beside each.

    What they find is added to a linear forecast from the window's targets: a recurrent layer alone is poor at the
    first steps, where a regression on the last values is hard to beat. The source names a GRU with external
    regressors without sizes; these are ours.
    Reference: Wen et al. 2017, A multi-horizon quantile recurrent forecaster; Lai et al. 2018, Modeling long- and
    short-term temporal patterns (the linear part).
    """
    from keras import Input, Model, layers

    from seqzoo.tasks.forecast.layers import FirstFeature

    past, future = Input((window, features), name="past"), Input((None, known), name="future")
    summary = layers.Dropout(dropout)(layers.GRU(units, name="encoder")(past))
    x = layers.Concatenate()([layers.RepeatVector(horizon)(summary), future])
    x = layers.Bidirectional(layers.GRU(units, return_sequences=True, name="gru"), name="decoder")(x)
    x = layers.Dense(units, activation="relu", name="dense")(layers.Dropout(dropout)(x))
    curved = layers.Dense(quantiles, name="quantiles")(x)
    linear = layers.Dense(horizon, kernel_initializer="zeros", name="linear")(FirstFeature()(past))
    return Model([past, future], layers.Add(name="forecast")([curved, layers.Reshape((horizon, 1))(linear)]))
