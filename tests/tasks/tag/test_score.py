"""F1 of spans, against seqeval; surface forms and unknown words by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report, f1_score

from seqzoo.judge import value
from seqzoo.tasks.tag import schemes, score
from seqzoo.tasks.tag.schemes import Span

TAG = st.sampled_from(["O", "O", "B-X", "I-X", "B-Y", "I-Y"])
PAIRS = st.lists(st.lists(st.tuples(TAG, TAG), min_size=1, max_size=8), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(PAIRS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_f1_is_that_of_seqeval(pairs):
    said, true = ([[one[i] for one in row] for row in pairs] for i in (0, 1))
    ours = [[schemes.spans(tags) for tags in part] for part in (said, true)]
    assert score.f1(*ours) == pytest.approx(f1_score(true, said, zero_division=0), abs=1e-9)
    if any(ours[1]):
        report = classification_report(true, said, output_dict=True, zero_division=0)
        for kind, (precision, recall, f1, count) in score.by_kind(*ours).items():
            theirs = report[kind]
            assert (precision, recall, f1) == pytest.approx(
                (theirs["precision"], theirs["recall"], theirs["f1-score"]), abs=1e-9
            )
            assert count == theirs["support"]


def test_of_plain_tags_f1_is_accuracy():
    said, true = ["A", "B", "A"], ["A", "A", "A"]
    spans = [[schemes.each(tags, "plain")] for tags in (said, true)]
    assert score.f1(*spans) == pytest.approx(2 / 3) == score.word_accuracy([said], [true])


def test_names_are_counted_once_each():
    words = [["Rome", "is", "Rome"], ["Bob"]]
    true = [[Span(0, 1, "LOC"), Span(2, 3, "LOC")], [Span(0, 1, "PER")]]
    said = [[Span(0, 1, "LOC")], [Span(0, 1, "LOC")]]
    assert score.surface_f1(words, said, true) == pytest.approx(2 * 1 / (2 + 2))


def test_unknown_words_and_frequencies():
    words = [["a", "b", "c"]]
    found = score.unknown_accuracy(words, [["X", "Y", "X"]], [["X", "X", "X"]], lambda word: word == "a")
    assert found == (0.5, 2)
    spans = [[Span(0, 1, "X"), Span(1, 2, "X")]]
    rows = score.by_frequency(words, spans, spans, ["a", "a", "a"])
    assert rows == [("never", 1.0, 1), ("3 to 9 times", 1.0, 1)]


def test_groups_are_kept():
    spans = [[Span(0, 1, "X")], []]
    scores = score.span_scores(spans, [[], []], np.array([0, 0]))
    assert scores.summed().tolist() == [[0, 1]] and value(scores, score.metric()) == 0
