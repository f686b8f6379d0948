"""The room end to end: eight examples learnt by heart, saved, loaded, and asked again."""

from dataclasses import replace

import numpy as np
import pytest

from seqzoo import recipe, runs
from seqzoo.corridor import Work, train
from seqzoo.page import html
from seqzoo.report import Report
from seqzoo.tasks.classify.predict import Calibration, probabilities, two_columns
from tests.tasks.classify.cases import TINY, write_reviews


def test_overfits_a_few_examples_of_three_classes_and_answers_the_same_from_the_bundle(tmp_path):
    path = write_reviews(tmp_path / "few.csv", rows=60, classes=3)
    sets = [*TINY, f"data.path={path}", "data.group=", "fit.epochs=20", "model.dropout=0.0", "fit.batch_size=4"]
    report = train(recipe.load("imdb-bilstm", sets), tmp_path / "run", Work(tensorboard=True))
    assert min(row["loss"] for row in report.history) < 0.02
    assert list((tmp_path / "run" / "tensorboard").rglob("events.*"))
    assert report.sections[0].data["rows"] == ["bad", "good", "plain"]
    classifier = runs.load(str(tmp_path / "run"))
    answers = list(classifier.predict(["a superb and wonderful film", "dull , boring and awful"]))
    assert [answer.top for answer in answers] == ["good", "bad"]
    p = classifier.probabilities(["superb", "awful", "the film"])
    assert p.shape == (3, 3)
    np.testing.assert_allclose(p.sum(1), 1)


def test_the_report_holds_what_it_promises(tiny_run):
    report = Report.load(tiny_run)
    assert report.onnx_difference < 1e-5
    assert set(report.baselines) == {
        "majority class",
        "TF-IDF + logistic regression",
        "n-gram ratios + logistic regression",
    }
    assert report.facts["test in train"] == "0 duplicates, 0 shared groups"
    confusion = report.sections[0].data
    assert confusion["rows"] == ["bad", "good"]
    assert (
        sum(int(cell.split(" ")[0]) for row in confusion["shown"] for cell in row) == report.n == report.counts["test"]
    )
    assert report.interval[0] <= report.value <= report.interval[1]
    assert report.verdict.words.startswith(("beats", "does not beat"))
    assert len(report.scores.statistics) == report.counts["groups in test"]


def test_the_page_is_whole_and_fetches_nothing(tiny_run):
    page = (tiny_run / "report.html").read_text()
    for words in ("Learning curves", "Confusion matrix", "Calibration", "Accuracy by length", "confident mistakes"):
        assert words in page
    assert "prefers-color-scheme:dark" in page and 'name="viewport"' in page
    assert "http-equiv" not in page and 'src="' not in page and 'href="' not in page


def test_texts_cannot_write_into_the_page(tiny_run):
    report = Report.load(tiny_run)
    *others, mistakes = report.sections
    hostile = replace(mistakes, rows=[("<b>truth", "&", "<u>", "<script>alert(1)</script>")])
    page = html.page(replace(report, recipe="<i>", sections=[*others, hostile]), {"<s>": 1})
    assert "&lt;script&gt;" in page
    assert not [tag for tag in ("<script>alert", "<b>truth", "<i>", "<u>", "<s>") if tag in page]


def test_evidence_and_vectors_travel_in_the_bundle(tmp_path, reviews):
    sets = [f"data.path={reviews}", 'data.dataset=""', "data.text=review", "data.label=stars", "data.group=film"]
    sets += ["codec.minimum_groups=1", "model.embedding_dim=8", "model.units=4", "fit.epochs=4", "fit.batch_size=16"]
    sets += ["codec.words=40", "fit.warmup_steps=4", "fit.average=0.5"]
    chosen = recipe.load("imdb-evidence-bilstm", sets)
    report = train(chosen, tmp_path / "run")
    assert report.onnx_difference < 1e-5
    classifier = runs.load(str(tmp_path / "run"))
    assert classifier.codec.ratios.columns == 3
    assert [a.top for a in classifier.predict(["great superb lovely", "awful poor dull"])] == ["good", "bad"]


def test_baselines_agree_with_scikit_learns_own_pipeline(reviews):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from seqzoo.tasks.classify import baselines, data, words
    from seqzoo.tasks.classify.options import DataOptions

    examples = data.read_file(reviews, DataOptions(path="x", text="review", label="stars"))
    labels = np.array([label == "good" for label in examples.labels]).astype(int)
    labels[::7] ^= 1  # noise, so that they err
    vectors = TfidfVectorizer(tokenizer=words.words, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True)
    theirs = make_pipeline(vectors, LogisticRegression(C=3, solver="liblinear")).fit(examples.texts[:150], labels[:150])
    (ours,) = baselines._tfidf(examples.tokens[:150], labels[:150], [3.0], examples.tokens[150:])
    np.testing.assert_array_equal(ours, theirs.predict(examples.texts[150:]))
    found = baselines.predictions(
        (examples.tokens[:100], labels[:100]), (examples.tokens[100:150], labels[100:150]), examples.tokens[150:]
    )
    assert all(np.mean(guess == labels[150:]) > 0.7 for name, guess in found.items() if "regression" in name)


def test_odd_texts_have_an_answer(tiny_run):
    classifier = runs.load(str(tiny_run))
    texts = ["", "   \n\t", "😀😀😀", "\x00", "word " * 200_000, "a" * 1_000_000, "‮مرحبا", "！？"]
    answers = list(classifier.predict(texts))
    assert len(answers) == len(texts)
    assert answers[0].label == answers[1].label == "neutral"
    assert all(0 <= answer.confidence <= 1 for answer in answers)


def test_answers_do_not_depend_on_company(tiny_run):
    classifier = runs.load(str(tiny_run))
    texts = ["superb", "awful " * 20, "the film was " * 7, "", "a moving story"]
    alone = np.concatenate([classifier.probabilities([text]) for text in texts])
    np.testing.assert_allclose(classifier.probabilities(texts), alone, atol=1e-6)


def test_a_stream_is_answered_as_it_comes(tiny_run, monkeypatch):
    from seqzoo import runtime

    classifier = runs.load(str(tiny_run))
    taken = []

    def stream():
        for i in range(10_000):
            taken.append(i)
            yield "superb"

    next(classifier.predict(stream()))
    assert len(taken) == runtime.WINDOW


def test_explain_finds_the_words_that_matter(tiny_run):
    classifier = runs.load(str(tiny_run))
    text = "the film was superb with music in it"
    moved = dict(classifier.explain(text))
    assert len(moved) == 8
    top = next(classifier.predict([text])).top
    expected = max(moved, key=moved.get) if top == "good" else min(moved, key=moved.get)
    assert expected == "superb"


def test_abstention():
    decision = Calibration(1.0, "neutral", 0.8)
    assert probabilities(np.array([[0.0]]), decision.temperature).tolist() == [[0.5, 0.5]]
    np.testing.assert_allclose(two_columns(np.array([[2.0]])), [[0.0, 2.0]])
    with pytest.raises(ValueError):
        Calibration(temperature=0)


def test_compare_orders_the_rows_and_reuses_runs(tmp_path, reviews, monkeypatch):
    from seqzoo import compare
    from seqzoo.errors import UserError

    sets = [f"data.path={reviews}", 'data.dataset=""', "data.text=review", "data.label=stars", "data.group=film"]
    sets += ["codec.tokens=16", "model.embedding_dim=8", "fit.epochs=1"]
    table = compare.compare(["imdb-simple-rnn", "imdb-cnn"], sets, 1, tmp_path, quiet=True)
    assert [row["value"] for row in table["rows"]] == sorted((row["value"] for row in table["rows"]), reverse=True)
    assert {row["name"] for row in table["rows"]} >= {"imdb-simple-rnn", "imdb-cnn", "majority class"}
    assert "imdb-cnn" in (tmp_path / "compare.html").read_text()
    monkeypatch.setattr(compare, "train", lambda *args, **kwargs: 1 / 0)
    assert compare.compare(["imdb-simple-rnn", "imdb-cnn"], sets, 1, tmp_path, quiet=True) == table
    with pytest.raises(UserError, match="two recipes"):
        compare.compare(["imdb-simple-rnn"], [], 1, tmp_path)
    with pytest.raises(UserError, match="different data"):
        compare.compare(["imdb-simple-rnn", "spam-bilstm"], [], 1, tmp_path)


def test_compare_gives_every_recipe_the_split_and_budget_of_the_first(tmp_path, reviews, monkeypatch):
    from seqzoo import compare

    mine = tmp_path / "mine.toml"
    mine.write_text(
        'task = "classify"\n[data]\nvalidation = 0.3\n[model]\narchitecture = "gru_classifier"\n[fit]\nepochs = 9\n'
    )
    trained = []
    monkeypatch.setattr(compare, "_run", lambda chosen, *rest: trained.append(chosen))
    monkeypatch.setattr(compare, "_table", lambda *rest: {})
    monkeypatch.setattr(html, "comparison", lambda *rest: "")
    sets = [f"data.path={reviews}", 'data.dataset=""']
    compare.compare(["imdb-cnn", str(mine)], sets, 1, tmp_path, quiet=True)
    assert [(one.data.validation, one.fit.epochs) for one in trained] == [(0.1, 5), (0.1, 5)]
    assert trained[1].architecture == "gru_classifier"
