"""Architectures that hear: documented numbers are the defaults.

Every builder returns an uncompiled functional `keras.Model`:

    Input samples: (batch, samples) float32 at `rate` a second, 0 where padded, on the right; lengths: (batch,) int32,
    the true number of samples.
    Output: of letters (batch, steps, classes) float32 logits, column 0 is CTC's blank; of one word a recording
    (batch, classes) float32 logits.

What comes before the layer "steps" sees only a few frames; what comes after it, if it reads one way, can be stepped
through while the sound still goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqzoo.registry import architecture

if TYPE_CHECKING:
    import keras


def _heard(rate: int, bands: int, coefficients: int, robust: bool = False) -> tuple[list[Any], Any]:
    """The inputs, and standardised cepstral coefficients of their frames.

    `robust`: what lies 30 dB under the loudest band of a frame is drowned, and how far away somebody speaks is gone.
    """
    from keras import Input

    from seqzoo.tasks.transcribe.layers import Cosines, LogMel, Rise, Standard

    samples, lengths = Input((None,), name="samples"), Input((), dtype="int32", name="lengths")
    x = Cosines(coefficients)(LogMel(rate, bands, depth=30.0 if robust else 0.0)([samples, lengths]))
    return [samples, lengths], Standard(name="standard")(Rise()(x) if robust else x)


@architecture(task="transcribe", source="S12: AIT app 3", parameters=547_101, classes=29, rate=16_000)
def bilstm_ctc(*, classes: int, rate: int, units: int = 128, depth: int = 2) -> keras.Model:
    """13 MFCC of each frame, two LSTMs that read both ways, a letter or the blank for each frame.

    Deviations: masks; logits instead of a softmax; the blank is column 0, where Keras wants it.
    Reference: Graves et al. 2006, Connectionist temporal classification.
    """
    from keras import Model, layers

    inputs, x = _heard(rate, 40, 13)
    for _ in range(depth):
        x = layers.Bidirectional(layers.LSTM(units, return_sequences=True))(x)
    return Model(inputs, layers.Dense(classes, name="logits")(x), name="bilstm_ctc")


def _convolved(x: Any, filters: int, stride: int, ahead: int, dropout: float, stripes: tuple[int, int]) -> Any:
    """Two convolutions: the first takes every `stride`-th frame, both look `ahead`."""
    from keras import layers

    from seqzoo.tasks.transcribe.layers import FrameConv, Stripes

    x = layers.LayerNormalization()(FrameConv(filters, 2 * ahead + 1, stride, ahead)(Stripes(*stripes)(x)))
    x = layers.LayerNormalization()(FrameConv(filters, 3, 1, 1)(layers.Dropout(dropout)(x)))
    return layers.Dropout(dropout, name="steps")(x)


@architecture(task="transcribe", source="seqzoo", parameters=133_200, classes=16, rate=8000)
def conv_gru_ctc(
    *,
    classes: int,
    rate: int,
    bands: int = 24,
    coefficients: int = 24,
    filters: int = 96,
    stride: int = 3,
    ahead: int = 3,
    units: int = 128,
    depth: int = 1,
    dropout: float = 0.2,
    times: int = 0,
    stripes: int = 0,
) -> keras.Model:
    """Convolutions that take every third frame, and GRUs that read forward only, so that it can follow a stream.

    Reference: Amodei et al. 2016, Deep Speech 2 (convolutions, recurrent layers one way, CTC).
    """
    from keras import Model, layers

    inputs, x = _heard(rate, bands, coefficients, robust=True)
    x = _convolved(x, filters, stride, ahead, dropout, (times, stripes))
    for number in range(depth):
        x = layers.GRU(units, return_sequences=True, name=f"gru_{number + 1}")(x)
        x = layers.Dropout(dropout)(x)
    return Model(inputs, layers.Dense(classes, name="logits")(x), name="conv_gru_ctc")


@architecture(task="transcribe", source="seqzoo", parameters=580_637, classes=29, rate=8000, parallel=True)
def conv_bigru_ctc(
    *,
    classes: int,
    rate: int,
    bands: int = 32,
    coefficients: int = 32,
    filters: int = 128,
    stride: int = 3,
    ahead: int = 3,
    units: int = 128,
    depth: int = 2,
    dropout: float = 0.3,
    times: int = 1,
    stripes: int = 1,
) -> keras.Model:
    """Convolutions that take every third frame, and GRUs that read both ways: for recordings that have ended.

    Reference: Amodei et al. 2016, Deep Speech 2 (convolutions, recurrent layers both ways, CTC).
    """
    from keras import Model, layers

    inputs, x = _heard(rate, bands, coefficients, robust=True)
    x = _convolved(x, filters, stride, ahead, dropout, (times, stripes))
    for _ in range(depth):
        x = layers.Bidirectional(layers.GRU(units, return_sequences=True))(x)
        x = layers.Dropout(dropout)(x)
    return Model(inputs, layers.Dense(classes, name="logits")(x), name="conv_bigru_ctc")


def _parts(rate: int, steps: int, features: int) -> tuple[list[Any], Any]:
    """The inputs, and a sound of any length as so many steps of so many coefficients."""
    from seqzoo.tasks.transcribe.layers import Segments

    inputs, x = _heard(rate, 24, features, robust=True)
    return inputs, Segments(steps)(x)


@architecture(task="transcribe", source="S19: INT", parameters=8_106, classes=10, rate=8000)
def simple_rnn_word(*, classes: int, rate: int, units: int = 64, last: int = 32) -> keras.Model:
    """Ten steps of eight cepstral coefficients, two plain recurrent layers, one word.

    Deviations: the source never says what the (10, 8) numbers are: here they are means over tenths of the sound;
    logits instead of a softmax.
    Reference: Elman 1990, Finding structure in time.
    """
    from keras import Model, layers

    inputs, x = _parts(rate, 10, 8)
    x = layers.SimpleRNN(last)(layers.SimpleRNN(units, return_sequences=True)(x))
    return Model(inputs, layers.Dense(classes, name="logits")(x), name="simple_rnn_word")


@architecture(task="transcribe", source="S22: INT", parameters=79_242, classes=10, rate=8000, parallel=True)
def bilstm_word(*, classes: int, rate: int, units: int = 64, last: int = 32) -> keras.Model:
    """Ten steps of eight cepstral coefficients, two LSTMs that read both ways, one word.

    Deviations: as in `simple_rnn_word`.
    Reference: Graves and Schmidhuber 2005, Framewise phoneme classification with bidirectional LSTM.
    """
    from keras import Model, layers

    inputs, x = _parts(rate, 10, 8)
    x = layers.Bidirectional(layers.LSTM(units, return_sequences=True))(x)
    x = layers.Bidirectional(layers.LSTM(last))(x)
    return Model(inputs, layers.Dense(classes, name="logits")(x), name="bilstm_word")
