"""Evidence: counted right, and never from the text that reads it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from seqzoo.tasks.classify.ratios import Ratios, crossfit
from seqzoo.vectors import ppmi_svd


def texts(n=80, seed=0):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, n).astype(np.int32)
    # ids 3..9 are common to both classes; 10 leans to class 1, 11 to class 0
    lean = [10 if (y == 1) == (random.random() < 0.8) else 11 for y in labels]
    return [np.array([2, *random.integers(3, 10, 6), word], np.int32) for word in lean], labels


def test_ratios_agree_with_counts_by_scikit_learn():
    sequences, labels = texts()
    lines = [" ".join(map(str, s)) for s in sequences]
    counter = CountVectorizer(token_pattern=r"\d+", ngram_range=(1, 2), binary=True)
    counts = counter.fit_transform(lines).toarray()
    totals = np.bincount(labels)
    table = Ratios.fit(sequences, labels, None, classes=2, orders=2)
    evidence = table.of(sequences[0])
    words = lines[0].split()
    for position in range(1, len(words)):
        for order, gram in enumerate((words[position], " ".join(words[position - 1 : position + 1]))):
            column = counts[:, counter.vocabulary_[gram]]
            pos, neg = (column[labels == y].sum() / (totals[y] / totals.mean()) for y in (1, 0))
            assert evidence[position, order] == pytest.approx(np.log((pos + 1) / (neg + 1)), abs=2e-3)


def test_a_class_word_has_evidence_and_an_unknown_one_has_none():
    sequences, labels = texts()
    table = Ratios.fit(sequences, labels, None, classes=2, orders=3)
    assert table.of(np.array([2, 10], np.int32))[1, 0] > 0.5
    assert table.of(np.array([2, 11], np.int32))[1, 0] < -0.5
    assert (table.of(np.array([99, 98], np.int32)) == 0).all()


def test_more_classes_have_a_column_each():
    sequences, labels = texts()
    table = Ratios.fit(sequences, labels + (np.arange(80) % 3 == 0), None, classes=3, orders=2)
    assert table.columns == 6
    assert table.of(sequences[0]).shape == (8, 6)


def test_an_ngram_must_occur_in_several_groups():
    sequences, labels = texts()
    alone = [np.array([2, 50, 51], np.int32)] * 3
    table = Ratios.fit(
        [*sequences, *alone], np.append(labels, [1, 1, 1]), [*map(str, range(80)), "x", "x", "x"], 2, 2, 2
    )
    assert (table.of(alone[0])[1:] == 0).all()


def test_a_text_never_sees_its_own_group():
    """Whatever the labels of one group are, the evidence of its own texts stays the same."""
    sequences, labels = texts()
    groups = [str(i % 20) for i in range(80)]
    before = crossfit(sequences, labels, groups, 2, 3)
    mine = np.array([g == "7" for g in groups])
    after = crossfit(sequences, np.where(mine, 1 - labels, labels), groups, 2, 3)
    for i in np.flatnonzero(mine):
        totals_shift = np.abs(before[i] - after[i]).max()
        assert totals_shift == 0
    others = [i for i in np.flatnonzero(~mine) if not np.array_equal(before[i], after[i])]
    assert others, "the other groups do see them"


def test_without_crossfitting_rare_words_would_give_the_label_away():
    """The trap that crossfit avoids: every text has a word of its own, and the labels are coin tosses."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 60).astype(np.int32)
    sequences = [np.array([2, 100 + i], np.int32) for i in range(60)]
    naive = np.array([Ratios.fit(sequences, labels, None, 2, 1).of(s)[1, 0] for s in sequences])
    honest = np.array([e[1, 0] for e in crossfit(sequences, labels, None, 2, 1)])
    assert ((naive > 0) == labels).all()
    assert (honest == 0).all()


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=8), min_size=2, max_size=8))
def test_ngrams_do_not_reach_into_another_text(lists):
    sequences = [np.array(ids, np.int32) for ids in lists]
    labels = (np.arange(len(lists)) % 2).astype(np.int32)
    table = Ratios.fit(sequences, labels, None, 2, 3)
    backwards = Ratios.fit(sequences[::-1], labels[::-1], None, 2, 3)
    for ids in sequences:
        np.testing.assert_array_equal(table.of(ids), backwards.of(ids))


@pytest.mark.parametrize("damage", ["keys", "shape", "text"])
def test_a_damaged_table_is_refused(tmp_path, damage):
    path = tmp_path / "ratios.npz"
    if damage == "keys":
        np.savez(path, orders=1)
    elif damage == "shape":
        np.savez(path, orders=1, hashes=np.zeros(3, np.uint32), values=np.zeros((2, 1), np.float16))
    else:
        path.write_text("not a zip")
    with pytest.raises(ValueError):
        Ratios.load(path)


def test_word_vectors_put_words_of_one_context_together():
    random = np.random.default_rng(0)
    sequences = []
    for _ in range(400):  # 5 and 6 stand between 3s, 7 and 8 between 4s
        frame = random.integers(3, 5)
        word = random.integers(5, 7) if frame == 3 else random.integers(7, 9)
        sequences.append(np.array([2, frame, word, frame], np.int32))
    vectors = ppmi_svd(sequences, 12, 4)
    assert ppmi_svd(sequences, 12, 20).shape == (12, 20)
    assert vectors.shape == (12, 4) and vectors.dtype == np.float32
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    assert unit[5] @ unit[6] > 0.9 > 0.5 > abs(unit[5] @ unit[7])
    assert np.abs(vectors[:3]).max() < 1e-6 > np.abs(vectors[9:]).max()
