"""Text -> units -> text loses nothing; long texts are cut and put together again."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqzoo.errors import UserError
from seqzoo.tasks.translate.codec import START, STOP, PairCodec, joined, sentences
from seqzoo.tasks.translate.data import Pairs
from seqzoo.tasks.translate.options import CodecOptions
from seqzoo.tasks.translate.units import Characters, Subwords, units

FRENCH = ["Qu'est-ce que c'est ?", "L’été, j'ai vu « la mer » !", "Où es-tu\u202f?", "Il a dit : non.", "œuvre"]
ENGLISH = ["What is it?", "Last summer I saw the sea!", "Where are you?", "He said: no.", "Don't go."]
PAIRS = Pairs(ENGLISH, [[text] for text in FRENCH], ENGLISH)
SUBWORDS = PairCodec.fit(PAIRS, CodecOptions(source_units=320, target_units=330))
CHARACTERS = PairCodec.fit(PAIRS, CodecOptions(unit="character"))
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(ANY)
def test_subwords_bring_any_text_back(text):
    for side in (SUBWORDS.source, SUBWORDS.target):
        assert side.decode(side.encode(text)) == text


@given(st.text(sorted(set("".join(FRENCH))), max_size=60))
def test_characters_bring_back_what_they_know(text):
    ids = CHARACTERS.encode_target(text)
    assert ids[0] == START and ids[-1] == STOP and CHARACTERS.decode(ids) == text


@pytest.mark.parametrize("text", FRENCH)
def test_french_blanks_and_apostrophes_survive(text):
    assert SUBWORDS.decode(SUBWORDS.encode_target(text)) == text


def test_half_a_surrogate_pair_is_no_crash():
    assert SUBWORDS.encode("a\ud800b").size == 3


def test_sizes_count_what_a_model_writes():
    assert SUBWORDS.sizes() == {"source_units": len(SUBWORDS.source), "target_units": 2 + len(SUBWORDS.target)}
    assert 256 < len(SUBWORDS.source) <= 320 and 256 < len(SUBWORDS.target) <= 328
    letters = {"source_units": len(set("".join(ENGLISH))), "target_units": 2 + len(set("".join(FRENCH)))}
    assert CHARACTERS.sizes() == letters


def test_what_characters_have_not_seen_is_left_out():
    assert CHARACTERS.encode("W€hat").size == 4
    assert CHARACTERS.knows("What") and not CHARACTERS.knows("Привет") and not CHARACTERS.knows("😀 !")


@settings(max_examples=50)
@given(st.lists(st.sampled_from([*ENGLISH, "mr. x", "Mr. X", "a, b", " ", "\n", "\t", "word " * 30]), max_size=12))
def test_parts_are_the_text_and_short_enough(pieces):
    text = "".join(pieces)
    for codec in (SUBWORDS, CHARACTERS):
        parts = codec.parts(text)
        assert "".join(parts) == text
        assert all(len(codec.encode(part)) <= codec.longest for part in parts)
        assert joined(parts, [part.strip() for part in parts]) == text


def test_what_is_read_whole_keeps_its_end():
    whole = PairCodec.fit(PAIRS, CodecOptions(source_units=320, target_units=330, longest=8, whole=True))
    text = "He said: no.\nWhere are you?\nDon't go."
    assert whole.parts(text) == [text] and "".join(whole.spelled(text)).endswith("Don't go.")
    assert list(whole.encode(text)) == [unit + 1 for unit in whole.source.encode(text)][-8:]


def test_a_long_line_is_cut_in_no_time():
    line = "a" * 100_000
    parts = SUBWORDS.parts(line)
    assert "".join(parts) == line and max(map(len, parts)) <= SUBWORDS.longest


def test_sentences_end_where_a_reader_would_end_them():
    text = 'Mr. Smith left. "Why?" he asked. I don\'t know... maybe. U.S. troops! Yes.'
    assert sentences(text) == [
        "Mr. Smith left. ", "\"Why?\" he asked. ", "I don't know... maybe. ", "U.S. troops! ", "Yes.",
    ]  # fmt: skip


@pytest.mark.parametrize("codec", [SUBWORDS, CHARACTERS])
def test_a_codec_survives_its_file(codec, tmp_path):
    codec.save(tmp_path)
    again = PairCodec.load(tmp_path)
    assert again.sizes() == codec.sizes() and again.letters == codec.letters
    for text in ENGLISH:
        assert list(again.encode(text)) == list(codec.encode(text))


@pytest.mark.parametrize(
    "change",
    [
        {"unit": "syllable"},
        {"more": 1},
        {"source": "aab"},
        {"source": ""},
        {"source": {"model": {"type": "WordLevel"}}},
        {"target": {"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}, "decoder": None}},
        {"longest": None},
    ],
)
def test_a_damaged_codec_is_refused(change, tmp_path):
    SUBWORDS.save(tmp_path)
    values = json.loads((tmp_path / "codec.json").read_text()) | change
    (tmp_path / "codec.json").write_text(json.dumps(values))
    with pytest.raises(UserError, match="missing or damaged"):
        PairCodec.load(tmp_path)


def test_units_know_their_kind():
    assert isinstance(units("ab"), Characters)
    assert isinstance(units(SUBWORDS.source.to_json()), Subwords)
