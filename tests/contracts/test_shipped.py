"""Bundles that ride in the package: sound, small, documented, and right about plain cases."""

import csv
import json

import pytest

from seqzoo import recipe, runs
from seqzoo.page.text import number
from seqzoo.report import Report
from seqzoo.sampling import Sampling
from seqzoo.tasks import open_room
from seqzoo.tasks.classify.predict import SAMPLE
from seqzoo.tasks.generate import score, words

SHIPPED = runs.shipped()
CLASSIFIERS = ["imdb-bilstm", "imdb-evidence-bilstm"]
PLAIN = {
    "An honest, quiet and deeply moving film. I loved every minute of it.": "positive",
    "Boring, badly acted and far too long. A waste of time.": "negative",
}


def test_what_ships():
    assert set(SHIPPED) == {*CLASSIFIERS, "char-lstm", "digits-ctc", "folk-lstm", "fra-eng-attention", "ner-bilstm-crf"}
    assert set(SHIPPED) <= set(recipe.names())


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_shipped_bundle_is_sound_and_right_about_plain_cases(name):
    runs.bundle.load_meta(SHIPPED[name])
    classifier = open_room("classify").predictor(SHIPPED[name])
    assert {text: a.label for text, a in zip(PLAIN, classifier.predict(PLAIN), strict=True)} == PLAIN
    assert next(classifier.predict(["😀"])).label == "neutral"


def test_the_shipped_language_model_writes_english():
    runs.bundle.load_meta(SHIPPED["char-lstm"])
    generator = open_room("generate").predictor(SHIPPED["char-lstm"])
    said = "ROMEO:\nI will not stay to hear the king speak of his love.\n"
    scores = [score.nats(generator, generator.prime(text)).mean() for text in (said, said[::-1])]
    assert scores[0] < 2 < scores[1]
    (text,) = generator.predict("", 300, Sampling(0.5))
    assert text == generator.predict("", 300, Sampling(0.5))[0] and text.count(" ") > 30
    assert {word for word, _ in words.suggest(generator, "I love")} & {"thee", "you", "the", "him", "her", "my", "thy"}


def test_the_shipped_translator_knows_plain_sentences():
    runs.bundle.load_meta(SHIPPED["fra-eng-attention"])
    translator = open_room("translate").predictor(SHIPPED["fra-eng-attention"])
    said = [answer.text for answer in translator.predict(["I am happy.", "Where is my book?", "Thank you.", "😀"])]
    assert said[0] in ("Je suis heureux.", "Je suis heureuse.", "Je suis content.", "Je suis contente.")
    assert "mon livre" in said[1] and "Merci" in said[2] and said[3] == "😀"
    looked = {word: max(shares, key=shares.get) for word, shares in translator.explain("I see the dog.")}
    assert looked["chien"] == "dog"


def test_the_shipped_tagger_knows_plain_names():
    runs.bundle.load_meta(SHIPPED["ner-bilstm-crf"])
    tagger = open_room("tag").predictor(SHIPPED["ner-bilstm-crf"])
    texts = ["Angela Merkel met Tim Cook in Berlin", "we had tea and went home ."]
    first, second = ([(one.text, one.kind) for one in found.spans] for found in tagger.predict(texts))
    assert first == [("Angela Merkel", "person"), ("Tim Cook", "person"), ("Berlin", "location")] and second == []


def test_the_shipped_fiddler_writes_whole_tunes():
    runs.bundle.load_meta(SHIPPED["folk-lstm"])
    generator = open_room("generate").predictor(SHIPPED["folk-lstm"])
    (tune,) = generator.predict(sampling=Sampling(0.8, seed=3))
    assert tune.startswith("X: 1\nT:") and len(tune) < generator.defaults.length
    assert "\nM:" in tune and "\nK:" in tune and tune.count("|") > 8


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_bundle_is_small_and_has_a_card(name):
    size = sum(path.stat().st_size for path in SHIPPED[name].iterdir())
    assert size < 12e6
    card = (SHIPPED[name] / "README.md").read_text()
    report = Report.load(SHIPPED[name])
    assert f"seqzoo train {name}" in card and number(report.value, report.kind) in card and "licence" in card


def test_listed_results_come_from_reports():
    listed = json.loads((recipe.folder() / "results.json").read_text())
    assert set(listed) <= set(recipe.names())
    for name, folder in SHIPPED.items():
        report = Report.load(folder)
        assert report.value in listed[name]["values"]
        assert listed[name]["parameters"] == report.parameters


def test_the_sample_reviews_are_there():
    with SAMPLE.open() as file:
        assert len(list(csv.DictReader(file))) == 12
