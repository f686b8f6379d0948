"""The command line: what it says, where it says it, and how it fails."""

import json
import os
import shutil
from dataclasses import replace

import pytest

from seqzoo import corridor, fetch, flags, recipe, runs
from seqzoo.page import html
from seqzoo.report import Report
from tests.conftest import fails
from tests.tasks.classify.cases import TINY

# --- looking around ---------------------------------------------------------------------------------


def test_list_and_show(seqzoo):
    code, out, _ = seqzoo("list")
    assert code == 0
    assert all(name in out for name in recipe.names())
    rows = json.loads(seqzoo("list", "--json")[1])
    assert [row["recipe"] for row in rows] == recipe.names()
    for name in recipe.names():
        code, out, _ = seqzoo("show", name)
        assert code == 0 and "parameters" in out and "claim" in out
    assert json.loads(seqzoo("show", "imdb-bilstm", "--json")[1])["documented parameters"]["count"] == 751_489


def test_version_and_completion(seqzoo):
    assert seqzoo("--version")[1].startswith("seqzoo 0.")
    assert flags.recipe_names("imdb-b") == ["imdb-bilstm"]


def test_data_commands(seqzoo, monkeypatch, tmp_path):
    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path))
    assert seqzoo("data", "path")[1].strip() == str(tmp_path)
    rows = json.loads(seqzoo("data", "list", "--json")[1])
    assert {row["name"] for row in rows} >= {"imdb", "sms-spam", "beijing", "prices", "sine"}
    other = ("sine", "prices", "echoes", "digits-machines", "sentences-machines")  # made, asked for, or in the package
    downloaded = [row for row in rows if row["name"] not in other]
    assert all(row["here"] and row["licence"] for row in rows if row["name"].endswith("-machines"))
    assert all(row["licence"] and row["address"].startswith("https://") and not row["here"] for row in downloaded)
    assert seqzoo("data", "list")[0] == 0


# --- training and judging ---------------------------------------------------------------------------


def own(reviews, *more):
    sets = [part for one in TINY if not one.startswith("data.") for part in ("--set", one)]
    return ["--data", reviews, "--text", "review", "--label", "stars", "--group", "film", *sets, *more]


def test_evaluate_and_require_win(seqzoo, tiny_run, reviews, monkeypatch):
    report = json.loads((tiny_run / "report.json").read_text())
    again = json.loads(seqzoo("evaluate", tiny_run, "--json")[1])
    assert again["value"] == report["value"] and again["verdict"] == report["verdict"]
    assert again["baselines"] == report["baselines"] and again["metrics"] == report["metrics"]
    other = json.loads(
        seqzoo("evaluate", tiny_run, "--data", reviews, "--text", "review", "--label", "stars", "--json")[1]
    )
    assert other["n"] == 240 and other["verdict"] is None and not other["baselines"]
    assert "best baseline" in seqzoo("evaluate", tiny_run)[1]
    judged = Report.from_json(report)
    for wins, expected in ((True, 0), (False, 1)):
        told = replace(judged, verdict=replace(judged.verdict, wins=wins))
        monkeypatch.setattr(corridor, "train", lambda *args, told=told, **kwargs: told)
        assert seqzoo("train", "imdb-bilstm", "--require-win", "--quiet")[0] == expected


def test_evaluate_with_a_class_unseen_in_training(seqzoo, tiny_run, tmp_path):
    (tmp_path / "x.csv").write_text("review,stars\nfine,good\nawful,ugly\n")
    args = ("--data", "x.csv", "--text", "review", "--label", "stars")
    fails(seqzoo("evaluate", tiny_run, *args), "unseen in training: 'ugly'")


def test_a_copy_is_trained_interrupted_and_goes_on(seqzoo, reviews, monkeypatch, tmp_path):
    import keras

    assert seqzoo("copy", "imdb-bilstm", "mine.toml")[0] == 0
    fails(seqzoo("copy", "imdb-bilstm", "mine.toml"), "exists already")
    fails(seqzoo("copy", "imdb-bilstm", "mine.txt"), ".toml")

    from seqzoo.fitting import callbacks

    class CtrlC(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if len(self.seen) == 1 and batch == 2:
                raise KeyboardInterrupt

        def on_train_begin(self, logs=None):
            self.seen = []

        def stop(self):
            pass

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append(epoch)

    with monkeypatch.context() as patch:
        patch.setattr(callbacks, "Display", lambda *args: CtrlC())
        asked = ("train", "mine.toml", *own(reviews), "--set", "fit.epochs=3", "--seed", "7", "--quiet")
        code, _, err = seqzoo(*asked)
    assert code == 130 and "--resume" in err and "Traceback" not in err
    for more in (("--set", "fit.epochs=9"), ("--seed", "3"), ("--data", reviews)):
        fails(seqzoo("train", "mine.toml", "--resume", *more), "--resume goes on with", "leave out")
    out, working = tmp_path / "runs" / "mine", tmp_path / "runs" / "mine.training"
    assert len((working / "history.csv").read_text().splitlines()) == 2
    with monkeypatch.context() as broken:
        broken.setattr(html, "page", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):  # all epochs are learnt, the report fails: nothing is lost
            seqzoo("train", "mine.toml", "--resume", "--quiet")
    assert not out.exists() and runs.resumable(out)[0].fit.epochs == 3
    code, told, _ = seqzoo("train", "mine.toml", "--resume", "--quiet", "--json")
    report = json.loads(told)
    assert code == 0 and report["seed"] == 7 and report["folder"] == "runs/mine"
    assert (out / "meta.json").is_file() and not working.exists()
    assert seqzoo("classify", "--run", "mine", "superb")[0] == 0
    fails(seqzoo("train", "mine.toml", "--resume"), "no interrupted run")


# --- what all verbs share ---------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["train", "generate", "forecast"])
def test_a_negative_seed_is_refused(seqzoo, verb):
    more = {"train": ["imdb-bilstm"], "generate": [], "forecast": ["--ticker", "AAPL"]}[verb]
    code, _, err = seqzoo(verb, *more, "--seed", "-5")
    assert code == 2 and "--seed" in err and "Traceback" not in err


def test_one_vocabulary_for_all_verbs():
    """One name, one meaning: what a flag takes, over every verb; RUN and RECIPE are words, not flags."""
    import typer

    from seqzoo import cli

    commands = typer.main.get_command(cli.app).commands
    meanings, words = {}, {}
    for verb, command in commands.items():
        for parameter in getattr(command, "params", []):
            if parameter.param_type_name == "argument":
                words.setdefault(verb, []).append(parameter.metavar or parameter.name.upper())
            elif not parameter.hidden:
                meanings.setdefault(parameter.opts[0], {}).setdefault(parameter.metavar, []).append(verb)
    assert {name: kinds for name, kinds in meanings.items() if len(kinds) > 1} == {}
    for verb in ("evaluate", "classify", "forecast", "generate"):
        assert any("RUN" in word for word in words[verb]), verb
    for verb in ("show", "copy", "train", "compare"):
        assert words[verb][0] == "RECIPE"
    assert not set(meanings) & {"--csv", "--file"}
    shared = {"--data", "--output", "--force", "--seed", "--quiet", "--json"}
    assert shared <= {name for name, kinds in meanings.items() for verbs in kinds.values() if "forecast" in verbs}
    for verb in ("classify", "forecast", "generate"):  # old spellings keep working
        assert "--run" in {p.opts[0] for p in commands[verb].params if p.param_type_name == "option" and p.hidden}


# --- bad input --------------------------------------------------------------------------------------


def test_unknown_names(seqzoo, tmp_path):
    fails(seqzoo("train", "imdb-bilsm"), "did you mean 'imdb-bilstm'", "seqzoo list")
    fails(seqzoo("show", "nothing"), "unknown recipe")
    fails(seqzoo("train", "imdb-bilstm", "--set", "fit.epoch=3"), "did you mean 'epochs'")
    fails(seqzoo("train", "imdb-bilstm", "--set", "model.architecture=x"), "unknown architecture")
    fails(seqzoo("train", "imdb-bilstm", "--set", "fit.epochs=many"), "must be int")
    fails(seqzoo("data", "fetch", "imbd"), "did you mean 'imdb'")
    fails(seqzoo("evaluate", "nowhere"), "no run or bundle 'nowhere'")
    fails(seqzoo("classify", "--run", "no/where", "x"), "not a bundle")


def test_output_that_cannot_be_written(seqzoo, reviews, tmp_path):
    (tmp_path / "file").write_text("")
    fails(seqzoo("train", "imdb-bilstm", *own(reviews), "--out", "file/run"), "cannot write", "--out")


def test_a_full_disk_while_training(seqzoo, reviews, monkeypatch, tmp_path):
    import numpy as np

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    fails(seqzoo("train", "imdb-bilstm", *own(reviews), "--quiet"), "No space left")


def test_no_network_and_no_data(seqzoo, monkeypatch, tmp_path):
    import dataclasses

    from seqzoo import registry

    registry.open_all()
    offline = dataclasses.replace(registry.DATASETS["imdb"], url="http://127.0.0.1:9/imdb.tar.gz")
    monkeypatch.setitem(registry.DATASETS, "imdb", offline)
    monkeypatch.setenv("SEQZOO_DATA", str(tmp_path / "nothing"))
    monkeypatch.setattr(fetch, "_wait", lambda attempt: None)
    fails(seqzoo("train", "imdb-bilstm", "--quiet"), "cannot reach", "SEQZOO_DATA")


def test_a_tampered_bundle(seqzoo, tiny_run, tmp_path):
    copy = shutil.copytree(tiny_run, tmp_path / "copy")
    (copy / "codec.json").write_text("{}")
    fails(seqzoo("classify", "--run", copy, "x"), "codec.json")


def test_the_newest_run_of_a_recipe_is_found(tiny_run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("imdb-bilstm", "imdb-bilstm-2"):
        shutil.copytree(tiny_run, tmp_path / "runs" / name)
    os.utime(tmp_path / "runs" / "imdb-bilstm-2" / "meta.json", (1, 1))
    assert runs.find("imdb-bilstm", "classify").name == "imdb-bilstm"
    assert runs.find(None, "classify").name == "imdb-bilstm"
    assert runs.find("imdb-bilstm-2", "classify").name == "imdb-bilstm-2"
    assert runs.new_folder("imdb-bilstm").name == "imdb-bilstm-3"
