"""Sounds in a page: the picture is a PNG that others read, the player plays what was given, letters stand in time."""

import io
import re
import wave
from base64 import b64decode, b64encode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seqzoo.page import charts, html
from seqzoo.page.axes import LETTER, WIDTH
from seqzoo.page.sound import png, sound
from seqzoo.report import Figure
from tests.page.cases import SOUND, wav
from tests.page.test_charts import NAMES, NUMBERS, parsed
from tests.page.test_html import EVIL, Elements


def opened(picture):
    """The picture's shades, as another reader of PNG has them."""
    image = Image.open(io.BytesIO(b64decode(picture)))
    image.load()
    assert image.mode == "L"
    return np.asarray(image)


def drawn(**changes):
    return parsed(sound({**SOUND, **changes}, "A and B"))


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 99))
def test_a_picture_is_read_as_it_was_written(rows, columns, seed):
    levels = np.random.default_rng(seed).uniform(0, 1, (rows, columns))
    np.testing.assert_allclose(opened(png(levels.tolist())), 255 * levels, atol=8.6)


def test_levels_out_of_range_are_cut():
    assert opened(png([[-3.0, float("nan"), 7.0, 1.0]])).tolist() == [[0, 0, 255, 255]]


def test_the_first_row_is_on_top():
    assert opened(png([[1.0, 1.0], [0.0, 0.0]]))[:, 0].tolist() == [255, 0]


def test_the_player_plays_what_was_given_and_loads_nothing():
    (audio,) = drawn().iter("audio")
    kind, carried = audio.get("src").split(",")
    assert kind == "data:audio/wav;base64" and audio.get("preload") == "none" and audio.get("controls") is not None
    assert wave.open(io.BytesIO(b64decode(carried))).getnframes() == 800
    assert audio.get("aria-label") == "A and B"


def test_the_spectrogram_takes_its_colour_from_the_page():
    root = drawn()
    (image,) = root.iter("image")
    assert image.get("href") == "data:image/png;base64," + SOUND["picture"]
    (mask,) = root.iter("mask")
    (loud,) = (one for one in root.iter("rect") if one.get("class") == "loud")
    assert loud.get("mask") == f"url(#{mask.get('id')})" and loud.get("fill") is None
    page = html.page(_report(), {})
    assert "svg .loud{fill:var(--a)}" in page


def _report():
    from tests.page.cases import report

    return report(sections=[Figure("A and B", "sound", SOUND)])


def test_two_pictures_do_not_share_a_mask():
    other = png([[0.0, 1.0, 0.0]])
    names = {mask.get("id") for one in (SOUND["picture"], other) for mask in drawn(picture=one).iter("mask")}
    assert len(names) == 2


def test_letters_stand_where_they_were_heard():
    root = drawn(letters=[["o", 0.05], [" ", 0.06], ["n", 0.075]])
    texts = {one.text: float(one.get("x")) for one in root.iter("text")}
    assert texts["o"] == pytest.approx(WIDTH / 2) and texts["n"] == pytest.approx(WIDTH * 0.75)
    assert [one.get("d").split(",")[0] for one in root.iter("path")] == [f"M{x * WIDTH:.1f}" for x in (0.5, 0.75)]


def test_letters_too_close_to_read_become_words_that_begin_there():
    letters = [[letter, 0.02 + 0.0008 * i] for i, letter in enumerate("go to it")]
    found = [one for one in drawn(letters=letters).iter("text") if one.get("class") != "tick"]
    assert [one.text for one in found] == ["go", "to", "it"]
    wide = [2 * LETTER] * 3
    lefts, rows = [float(one.get("x")) - LETTER for one in found], [float(one.get("y")) for one in found]
    assert lefts[0] == pytest.approx(0.2 * WIDTH - LETTER / 2, abs=0.1)
    assert rows[0] != rows[1] and (rows[0] != rows[2] or lefts[2] >= lefts[0] + wide[0])


@given(st.lists(st.tuples(st.sampled_from(["a", "bcd", " "]), st.floats(-1, 2)), max_size=40))
def test_texts_stay_in_the_picture(letters):
    for one in drawn(letters=letters, seconds=1.0).iter("text"):
        half = LETTER * len(one.text) / 2 if one.get("class") != "tick" else 0
        assert -0.1 <= float(one.get("x")) - half and float(one.get("x")) + half <= WIDTH + 0.1
        assert float(one.get("y")) >= 10


def test_the_picture_is_told_to_those_who_do_not_see_it():
    (svg,) = drawn(letters=[["o", 0.01], ["n", 0.02], ["e", 0.03]]).iter("svg")
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == "A and B: spectrogram of 0.1 seconds, heard as one"


@given(st.lists(st.tuples(NAMES, NUMBERS), max_size=30), NUMBERS, NAMES, NAMES, NAMES)
def test_any_values_are_stood(letters, seconds, carried, kind, picture):
    data = {"sound": carried, "kind": kind, "seconds": seconds, "letters": letters, "picture": picture}
    parsed(charts.draw(Figure("", "sound", data)))


@pytest.mark.parametrize("evil", [EVIL, '" onerror="alert(1)', "https://example.org/a.wav", "AAAA=A", "AAAA\n"])
def test_what_is_no_base64_is_left_out(evil):
    for changes in ({"sound": evil}, {"picture": evil}, {"picture": SOUND["picture"][:-1] + evil}):
        elements = Elements(sound({**SOUND, **changes}, EVIL))
        assert elements.attributes.count("src") + elements.attributes.count("href") == 1
        assert not {"src", "href"} & {*elements.elsewhere} and "onerror" not in elements.attributes


def test_only_sounds_are_played_and_only_pngs_are_shown():
    assert not [*drawn(kind="text/html").iter("audio")]
    assert not [*drawn(picture=b64encode(b"<svg onload='alert(1)'/>").decode()).iter("image")]
    assert not [*drawn(sound="").iter("audio")]


def test_without_a_length_nothing_is_drawn():
    for seconds in (0, -1, float("nan"), None):
        assert charts.draw(Figure("", "sound", {**SOUND, "seconds": seconds})) == ""


def test_a_page_with_ten_sounds_is_small_and_whole():
    from tests.page.cases import report

    ten = [Figure(f"Sound {i}", "sound", {**SOUND, "sound": wav(24_000)}) for i in range(10)]
    page = html.page(report(sections=ten), {})
    assert len(page) < 1_000_000 and page.count("<audio") == 10
    assert not re.search(r'\b(src|href)="(?!data:)', page)
