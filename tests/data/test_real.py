"""The real data sets, found through SEQZOO_DATA, and the bundles that ship."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from seqzoo import recipe, runs
from seqzoo.tasks import open_room
from seqzoo.tasks.classify import data
from seqzoo.tasks.classify.options import DataOptions

pytestmark = pytest.mark.data


@pytest.fixture(scope="session", autouse=True)
def data_folder():
    assert os.environ.get("SEQZOO_DATA"), "point SEQZOO_DATA at a folder with imdb/ and spam/"


@pytest.fixture(scope="session")
def imdb():
    return data.load(DataOptions(dataset="imdb"))


@pytest.fixture(scope="session")
def imdb_test(imdb):
    return imdb.test.open()


def test_imdb_is_read_whole_and_films_are_not_split(imdb, imdb_test):
    assert len(imdb.train) + len(imdb.validation) == 25_000
    assert data.overlap(imdb.train, imdb.validation)["shared groups"] == 0
    for part in (imdb.train, imdb.validation):
        assert abs(np.mean([label == "positive" for label in part.labels]) - 0.5) < 0.02
    test = imdb_test
    assert len(test) >= 20_000
    shared = data.overlap(imdb.train, test)
    assert shared["shared groups"] <= 2 and shared["duplicates"] < 200


def test_spam_is_read_whole():
    splits = data.load(DataOptions(dataset="sms-spam"))
    total = len(splits.train) + len(splits.validation) + len(splits.test.open())
    assert total >= 5_000
    assert splits.facts["licence"] == "CC BY 4.0"


@pytest.mark.parametrize(("name", "least"), [("imdb-bilstm", 0.865), ("imdb-evidence-bilstm", 0.91)])
def test_a_shipped_bundle_keeps_its_promise(imdb_test, name, least):
    if name not in runs.shipped():
        pytest.fail(f"{name} does not ship")
    test = imdb_test
    some = test.take(np.random.default_rng(0).permutation(len(test))[:3000])
    classifier = open_room("classify").predictor(runs.shipped()[name])
    guesses = [classifier.codec.classes[i] for i in classifier.probabilities(some.texts).argmax(1)]
    assert np.mean([guess == truth for guess, truth in zip(guesses, some.labels, strict=True)]) > least


def test_spam_is_learnt_from_the_command_line(tmp_path):
    command = [sys.executable, "-m", "seqzoo", "train", "spam-bilstm", "--quiet", "--out", str(tmp_path / "run")]
    subprocess.run([*command, "--set", "fit.epochs=4"], check=True, capture_output=True)
    chosen = recipe.load("spam-bilstm")
    test = data.load(chosen.data).test.open()
    with (tmp_path / "in.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["text"], *([text] for text in test.texts)])
    classify = [sys.executable, "-m", "seqzoo", "classify", str(tmp_path / "run")]
    subprocess.run([*classify, "--input", "in.csv", "--output", "out.csv"], check=True, cwd=tmp_path)
    with (tmp_path / "out.csv").open() as file:
        said = [row["predicted"] for row in csv.DictReader(file)]
    answered = [(label, truth) for label, truth in zip(said, test.labels, strict=True) if label != "unsure"]
    assert len(answered) > 0.8 * len(said)
    assert np.mean([label == truth for label, truth in answered]) > 0.97


@pytest.mark.slow
def test_killed_at_three_moments_the_weights_are_the_same(tmp_path):
    """kill -9, wherever it strikes, and --resume: the weights of an undisturbed run."""

    sets = [part for one in ("fit.epochs=4", "model.units=[16, 8]") for part in ("--set", one)]

    def command(out, *more):
        return [sys.executable, "-m", "seqzoo", "train", "spam-bilstm", "--out", str(tmp_path / out), *more]

    def weights(out):
        return json.loads((tmp_path / out / "report.json").read_text())["weights_sha256"]

    subprocess.run(command("whole", *sets), check=True, capture_output=True)
    chooser = random.Random()
    for sign in ("bilstm_classifier", "epoch 1/4", "epoch 2/4"):  # two epochs are always left
        out = "killed-" + sign.partition("/")[0].replace(" ", "-")
        with subprocess.Popen(
            command(out, *sets), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout and any(line.startswith(sign) for line in process.stdout)
            time.sleep(chooser.uniform(0, 2))
            os.kill(process.pid, signal.SIGKILL)
        assert not (tmp_path / out).exists()
        subprocess.run(command(out, "--quiet", "--resume"), check=True, capture_output=True)
        assert weights(out) == weights("whole")
