"""Tags <-> spans: every scheme, against seqeval and against itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from seqzoo.tasks.tag import schemes
from seqzoo.tasks.tag.schemes import Span

LETTERS = st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y", "E-X", "S-X", "E-Y", "S-Y"])


@st.composite
def marked(draw):
    """Spans that do not overlap, and the length of their sentence."""
    spans, place = [], 0
    for _ in range(draw(st.integers(0, 5))):
        start = place + draw(st.integers(0, 2))
        place = start + draw(st.integers(1, 3))
        spans.append(Span(start, place, draw(st.sampled_from(["X", "Y"]))))
    return spans, place + draw(st.integers(0, 2))


@given(marked(), st.sampled_from(["IOB1", "IOB2", "BIOES"]))
def test_spans_survive_every_scheme(case, scheme):
    spans, length = case
    tags = schemes.written(spans, length, scheme)
    assert schemes.spans(tags) == spans and not schemes.illegal(tags, scheme)


@given(st.lists(LETTERS, max_size=8))
def test_spans_are_those_that_seqeval_reads(tags):
    ours = [(one.kind, one.start, one.end - 1) for one in schemes.spans(tags)]
    assert ours == get_entities(tags)


@given(st.lists(LETTERS, min_size=1, max_size=6), st.sampled_from(["IOB2", "BIOES"]))
def test_what_is_legal_is_what_its_own_spans_are_written_as(tags, scheme):
    allowed = {"IOB2": "OBI", "BIOES": "OBIES"}[scheme]
    legal = all(tag[0] in allowed for tag in tags) and not schemes.illegal(tags, scheme)
    assert legal == (schemes.written(schemes.spans(tags), len(tags), scheme) == tags)


def test_what_breaks_a_rule_is_told_by_its_place():
    assert schemes.illegal(["O", "I-X", "I-X", "B-Y", "I-X"], "IOB2") == [1, 4]
    assert schemes.illegal(["B-X", "I-X"], "BIOES") == [1]
    assert schemes.illegal(["B-X", "B-X"], "IOB1") == [0]
    assert schemes.illegal(["NOUN", "VERB"], "plain") == []


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (["O", "I-X", "I-X", "B-X", "O"], "IOB1"),
        (["O", "B-X", "I-X", "B-X", "O"], "IOB2"),
        (["O", "S-X", "B-X", "E-X"], "BIOES"),
        (["U-X", "B-X", "L-X"], "BIOES"),
        (["NOUN", "O", "VERB"], "plain"),
        (["O", "O"], "IOB2"),
    ],
)
def test_the_scheme_is_detected(tags, scheme):
    assert schemes.detected([tags]) == scheme


def test_bilou_is_read_as_bioes():
    assert schemes.spans(["U-X", "B-Y", "I-Y", "L-Y"]) == [Span(0, 1, "X"), Span(1, 4, "Y")]
    assert schemes.names(["B-X", "O", "L-X"], "BIOES") == ("O", "B-X", "I-X", "E-X", "S-X")
