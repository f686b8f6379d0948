"""The page: one for all rooms, self-contained, and safe whatever a text says."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from seqzoo import runs
from seqzoo.page import html, tables
from seqzoo.report import Figure, Measured, Report, Table, Text
from tests.page.cases import FIGURES, SECTIONS, TIMELINE, report, verdict

EVIL = '</script><script>alert(1)</script><img src=x onerror="alert(2)">&\'{{ 7*7 }}'

CARRIED = ("data:image/png;base64,", "data:audio/wav;base64,")


class Elements(HTMLParser):
    """Tags and attributes of a page, and the text in its scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.scripts, self.text, self.inside = [], [], [], "", ""
        self.elsewhere = []  # attributes, but those that carry a picture or a sound themselves
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attributes]
        self.elsewhere += [name for name, value in attributes if not (value or "").startswith(CARRIED)]
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts[-1] += data
        elif self.inside != "style":
            self.text += data


def shown(text):
    """What a reader sees, in one line."""
    return " ".join(Elements(text).text.split())


def hostile(value):
    """A value with hostile text in place of each text, keys too; dates stay, so that they are read."""
    if isinstance(value, str):
        return value if value.startswith("2024-") else EVIL + value
    if isinstance(value, dict):
        return {(EVIL + k if k in ("what came", "forecast", "a", "b") else k): hostile(v) for k, v in value.items()}
    return [hostile(one) for one in value] if isinstance(value, list | tuple) else value


def hostile_section(section):
    changed = {"title": EVIL, "note": EVIL}
    if isinstance(section, Figure):
        kept = {"kind": section.data["kind"]} if section.kind == "bars" else {}
        return replace(section, **changed, data=hostile(section.data) | kept)
    if isinstance(section, Table):
        return replace(section, **changed, columns=hostile(section.columns), rows=hostile(section.rows))
    return replace(section, **changed, text=EVIL)


def test_hostile_text_is_shown_and_never_obeyed():
    texts = {name: EVIL for name in ("recipe", "title", "source", "architecture", "learnt", "claim", "unit", "items",
                                     "machine", "metric", "created")}  # fmt: skip
    page = html.page(
        report(
            **texts,
            sections=[*map(hostile_section, SECTIONS)],
            baselines={EVIL: Measured(0.9, (0.8, 1.0)), EVIL + "2": Measured(0.1, (0.0, 0.2), 0.8, (0.7, 0.9))},
            verdict=verdict(baseline=EVIL),
            data={"name": EVIL, EVIL: [EVIL, {EVIL: EVIL}]},
            facts={EVIL: EVIL},
            metrics={EVIL: 1.0},
            counts={EVIL: 1},
        ),
        {EVIL: 1},
    )
    elements = Elements(page)
    assert "img" not in elements.tags
    assert not {name for name in elements.attributes if name.startswith("on") or name in ("src", "href")}
    assert len(elements.scripts) == 2
    assert [name for name, _ in json.loads(elements.scripts[0])["lines"]] == [EVIL + "what came", EVIL + "forecast"]
    assert "alert" not in elements.scripts[1]
    assert "{{ 7*7 }}" in elements.text and "49" not in re.findall(r"\d+", elements.text)


def test_a_page_holds_all_it_needs():
    pages = [html.page(report(), {"model.onnx": 5}), html.alone(FIGURES[-1])]
    for page in pages:
        elements = Elements(page)
        assert not {"src", "href", "http-equiv", "srcset", "action"} & {*elements.elsewhere}
        assert not {"link", "iframe", "img", "object", "embed", "base"} & {*elements.tags}
        assert "url(" not in page.replace("url(#", "") and "@import" not in page and "fetch(" not in page


def test_script_comes_only_with_what_can_be_zoomed():
    still = [section for section in SECTIONS if getattr(section, "kind", "") != "timeline"]
    assert "script" not in Elements(html.page(report(sections=still), {})).tags
    assert html.page(report(), {}).count("function zoomable") == 1


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_each_section_is_shown_under_its_title_with_its_note(section):
    page = html.page(report(sections=[replace(section, note="Mind this.")]), {})
    assert (
        html.escaped(section.title) in page
        and section.title in shown(page)
        and "Mind this." in shown(page)
        and "Nothing to show" not in page
    )


def test_sections_stand_in_their_order_and_keep_blanks():
    page = html.page(report(), {})
    places = [page.index(f"<h2>{section.title}") for section in SECTIONS if section.title != "Mistakes"]
    assert places == sorted(places) and "ROMEO:\n  Ay  me!" in page


def test_a_figure_without_numbers_says_so():
    nothing = Figure("Empty", "lines", {"lines": {}, "x": "x", "y": "y"})
    assert "Nothing to show." in html.page(report(sections=[nothing]), {})


def test_the_header_says_what_was_learnt_and_whether_to_use_it():
    won = shown(html.page(report(), {}))
    assert "tiny has learnt to tell a and b apart from 90 texts. Use it: it beats ratios by 2 points [1, 3]." in won
    lost = report(verdict=verdict(-0.02, wins=False, interval=(-0.03, -0.01)))
    assert "Do not use it where the best baseline will do: ratios is better by 2 points [1, 3]." in shown(
        html.page(lost, {})
    )
    unsure = report(verdict=verdict(0.001, p=0.7, wins=False, interval=(-0.01, 0.01)))
    assert "ratios may be as good" in shown(html.page(unsure, {}))
    unheld = html.page(report(verdict=None, baselines={}), {})
    assert "It was not held against baselines." in shown(unheld) and "Use it" not in shown(unheld)
    assert 'class="lead win"' in html.page(report(), {}) and 'class="lead lose"' in html.page(lost, {})
    assert 'class="lead"' in unheld


def test_a_close_baseline_is_shown_by_its_difference():
    far = {"majority": Measured(0.1, (0.05, 0.15), 0.82, (0.8, 0.84))}
    close = {"ratios": Measured(0.9, (0.89, 0.91), 0.02, (0.01, 0.03))}
    pictures = {
        "both": html.page(report(baselines=far | close, sections=[]), {}),
        "far": html.page(report(baselines=far, sections=[]), {}),
        "close": html.page(report(baselines=close, sections=[]), {}),
    }
    drawn = {name: ('class="bar' in page, "minus each baseline" in page) for name, page in pictures.items()}
    assert drawn == {"both": (True, True), "far": (True, False), "close": (False, True)}
    assert "+2 [+1, +3]" in shown(pictures["close"]) and "dot good" in pictures["close"]


def test_small_tables_share_a_card_and_wide_ones_have_their_own():
    rows = [("80 %", "82 %")]
    small, wide = Table("Small", ("promised", "held"), rows), Table("Wide", ("promised", "held"), rows, wide=True)
    page = html.page(report(sections=[small, wide]), {})
    assert "<h3>Small</h3>" in page and "<h2>Wide</h2>" in page
    assert not tables.small(Table("Long", ("text",), [("word " * 30,)]))
    assert not tables.small(Text("Small", "text"))


def test_rows_that_do_not_fit_their_columns_do_not_lose_the_page():
    ragged = Table("Ragged", ("a", "b"), [("1", "2"), ("3",)], wide=True)
    assert "Ragged" in html.page(report(sections=[ragged, Table("None", ("a",), [])]), {})


def test_numbers_sizes_and_dates_are_written_for_people():
    page = shown(html.page(report(), {"decision.json": 91, "codec.json": 106_076, "model.onnx": 1_507_795}))
    assert "91 B" in page and "104 KB" in page and "1.44 MB" in page
    assert "2024-01-01" in page and "T00:00:00" not in page
    assert "0.19 ms" in page and "1.5 min" in page and "1,234" in page


def test_columns_of_numbers_stand_to_the_right():
    rows = [("a", "1,200", "8.5 %", "< 0.001", "[1, 2]", "x" * 70), ("b", "–", "3.2e-06", "", "[3, 4]", "y")]
    assert tables.aligned(Table("", ("name", "n", "share", "p", "interval", "text"), rows)) == ["", *"nnnn", "t"]


@pytest.mark.parametrize("name", sorted(runs.shipped()))
def test_reports_of_shipped_bundles_become_pages(name):
    page = shown(html.page(Report.load(runs.shipped()[name]), {}))
    assert name in page and "Learning curves: loss" in page and "best baseline" in page


def test_a_comparison_shows_the_best_more_closely():
    row = {"parameters": 5, "seconds": 90.0, "ms": 0.5, "p": 0.0001}
    rows = [
        {**row, "name": EVIL, "value": 0.91, "interval": [0.9, 0.92], "p": None},
        {**row, "name": "second", "value": 0.9, "interval": [0.89, 0.91]},
        {"name": "majority", "value": 0.5, "interval": [0.4, 0.6], "parameters": None, "seconds": None, "ms": None,
         "p": 0.2},
    ]  # fmt: skip
    result = {"metric": "accuracy", "kind": "share", "data": "reviews", "n": 1000, "seeds": 1, "rows": rows}
    page = html.comparison(result)
    assert "img" not in Elements(page).tags and "script" not in Elements(page).tags
    assert "more closely" in page and "1 seed for each" in page and "&lt; 0.001" in page and "1.5 min" in page
    assert "more closely" not in html.comparison({**result, "rows": rows[:2]})


def test_a_timeline_carries_its_numbers_once():
    page = html.page(report(sections=[Figure("Part", "timeline", TIMELINE)]), {})
    known = json.loads(Elements(page).scripts[0])
    assert known["times"] == {"start": 1704067200, "unit": 86400, "count": 28}
    assert known["lines"][0] == ["what came", [*range(26), None, None]]
    assert known["from"] == 26
