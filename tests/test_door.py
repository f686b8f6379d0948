"""The door for notebooks: frames in, values and frames out, by the commands' own functions."""

import numpy as np
import pandas as pd
import pytest

import seqzoo
from seqzoo.errors import UserError
from tests.tasks.classify.cases import TINY

SETTINGS = {key: value for key, _, value in (one.partition("=") for one in TINY) if not key.startswith("data.")}


def typed(text):
    import tomllib

    try:
        return tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return text


@pytest.fixture(scope="module")
def frame(reviews):
    return pd.read_csv(reviews)


@pytest.fixture(scope="module")
def run(frame, tmp_path_factory):
    """A run that was trained on a frame, in a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("notebook"))
        settings = {key: typed(value) for key, value in SETTINGS.items()} | {"fit.epochs": 6}
        yield seqzoo.train(
            "imdb-bilstm", data=frame, text="review", label="stars", group="film", settings=settings, seed=5
        )


def test_a_run_knows_its_report_and_shows_itself(run):
    assert run.report.value > 0.8 and run.report.seed == 5 and run.report.recipe == "imdb-bilstm"
    assert run.report.data["name"].endswith(".csv") and run.folder.as_posix() == "runs/imdb-bilstm"
    shown = run._repr_html_()
    assert shown.startswith("<iframe") and "&lt;!doctype html&gt;" in shown
    assert run.plot()._repr_html_().startswith("<")


def test_the_model_is_keras_own_and_says_what_the_bundle_says(run):
    model = run.model
    classifier = seqzoo.load(run.folder)
    text = "a superb film"
    logits = np.asarray(model(classifier.codec.encode(text)["ids"][None], training=False))
    np.testing.assert_allclose(
        classifier.graph({"ids": classifier.codec.encode(text)["ids"][None]})[0], logits, atol=1e-5
    )
    assert model.count_params() == run.report.parameters


def test_predictions_are_lists(run):
    assert [answer.top for answer in run.predict(["superb", "awful"])] == ["good", "bad"]


def test_classify_takes_a_text_a_list_and_a_frame(run, frame):
    folder = str(run.folder)
    assert seqzoo.classify("a superb film", folder).top == "good"
    assert [one.top for one in seqzoo.classify(["superb", "awful"], folder)] == ["good", "bad"]
    answered = seqzoo.classify(frame, folder, text="review")
    assert list(answered.columns) == ["review", "stars", "film", "predicted", "predicted_confidence"]
    assert (answered["predicted"] == frame["stars"]).mean() > 0.8 and answered.index.equals(frame.index)
    again = seqzoo.classify(answered, folder, text="review")
    assert list(again.columns)[-2:] == ["predicted_2", "predicted_confidence_2"]
    with pytest.raises(UserError, match="no column 'text'"):
        seqzoo.classify(frame, folder)


def test_evaluate_judges_a_frame_whole(run, frame):
    found = seqzoo.evaluate(run.folder, frame.head(50), text="review", label="stars", group="film")
    assert found.n == 50 and found.verdict is None
    assert seqzoo.evaluate(run.folder).value == run.report.value


def test_the_frame_is_kept_once_under_its_content(frame, tmp_path, monkeypatch):
    from seqzoo import door

    monkeypatch.chdir(tmp_path)
    assert door.kept(frame) == door.kept(frame.copy()) != door.kept(frame.head(3))
    dated = pd.DataFrame({"y": [1.0, 2.0]}, index=pd.date_range("2024-01-01", periods=2))
    assert door.kept(dated).read_text().splitlines()[:2] == ["time,y", "2024-01-01,1.0"]
    assert len(list((tmp_path / "runs" / "data").iterdir())) == 3


def test_what_is_wrong_is_told_as_on_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="did you mean 'imdb-bilstm'"):
        seqzoo.train("imdb-bilsm")
    with pytest.raises(UserError, match="did you mean 'epochs'"):
        seqzoo.train("imdb-bilstm", settings={"fit.epoch": 3})
    with pytest.raises(UserError, match="name it with --data"):
        seqzoo.train("imdb-bilstm", text="review")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        seqzoo.nothing  # noqa: B018


def test_a_shipped_bundle_has_no_keras_model(tmp_path):
    from seqzoo import runs

    with pytest.raises(UserError, match="holds no Keras model"):
        seqzoo.Run(runs.shipped()["imdb-bilstm"]).model  # noqa: B018
