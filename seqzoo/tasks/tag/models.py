"""Architectures that give each word a tag. Documented numbers are the defaults.

Every builder returns an uncompiled functional `keras.Model`:

    Input words: (batch, time) int32, 0 is padding, on the right; letters, where they are read: (batch, time, width)
    int32.
    Output logits: (batch, time, classes) float32; of a conditional random field also transitions:
    (classes + 1, classes + 1) float32, see `layers.Transitions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqzoo.registry import architecture

if TYPE_CHECKING:
    import keras


def _outputs(x: Any, classes: int, crf: bool) -> Any:
    from keras import layers

    from seqzoo.tasks.tag.layers import Transitions

    logits = layers.Dense(classes, name="logits")(x)
    return [logits, Transitions(name="transitions")(logits)] if crf else logits


@architecture(task="tag", source="S14: AIT app 6", parameters=1_379_719, vocabulary_size=10_000, classes=7)
def bilstm_tagger(
    *,
    vocabulary_size: int,
    classes: int,
    embedding_dim: int = 128,
    units: int = 64,
    dropout: float = 0.0,
    crf: bool = False,
) -> keras.Model:
    """Words, an LSTM that reads both ways, a tag for each word.

    Deviations: a mask, where the source counts padding as right; logits instead of a softmax. The source calls it
    BiLSTM-CRF, but it has no CRF: `crf` adds one.
    Reference: Huang, Xu and Yu 2015, Bidirectional LSTM-CRF models for sequence tagging.
    """
    from keras import Input, Model, layers

    words = Input((None,), dtype="int32", name="words")
    x = layers.Dropout(dropout)(
        layers.Embedding(vocabulary_size, embedding_dim, mask_zero=True, name="embedding")(words)
    )
    x = layers.Bidirectional(layers.LSTM(units, return_sequences=True), name="bidirectional")(x)
    return Model(words, _outputs(layers.Dropout(dropout)(x), classes, crf), name="bilstm_tagger")


@architecture(
    task="tag", source="seqzoo; S35: CG", parameters=1_225_149, vocabulary_size=10_000, classes=17, alphabet=100,
    width=20, parallel=True,
)  # fmt: skip
def char_bilstm_tagger(
    *,
    vocabulary_size: int,
    classes: int,
    alphabet: int,
    width: int,
    embedding_dim: int = 100,
    letter_dim: int = 32,
    filters: int = 64,
    units: int = 100,
    depth: int = 1,
    dropout: float = 0.5,
    word_dropout: float = 0.1,
    letter_dropout: float = 0.0,
    frozen: bool = False,
    crf: bool = True,
) -> keras.Model:
    """Words and their letters, LSTMs that read both ways, and a conditional random field over the tags.

    Some words are hidden while training, so that letters and neighbours must tell what an unknown word is. `frozen`:
    word vectors stay as they were found, so that words without tags stay comparable with those that have them.
    Reference: Ma and Hovy 2016, End-to-end sequence labeling via bi-directional LSTM-CNNs-CRF.
    """
    from keras import Input, Model, layers

    from seqzoo.tasks.tag.layers import Spelled

    words = Input((None,), dtype="int32", name="words")
    letters = Input((None, width), dtype="int32", name="letters")
    embedding = layers.Embedding(vocabulary_size, embedding_dim, mask_zero=True, trainable=not frozen, name="embedding")
    x = layers.Dropout(word_dropout, noise_shape=(None, None, 1))(embedding(words))
    x = layers.Dropout(dropout)(Spelled(alphabet, letter_dim, filters, letter_dropout, name="spelled")([x, letters]))
    for number in range(depth):
        lstm = layers.LSTM(units, return_sequences=True, name=f"lstm_{number + 1}")
        x = layers.Dropout(dropout)(layers.Bidirectional(lstm, name=f"bidirectional_{number + 1}")(x))
    return Model([words, letters], _outputs(x, classes, crf), name="char_bilstm_tagger")
