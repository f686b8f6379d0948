"""The command line: what it says, where it says it, and how it fails."""

import csv
import json
import os
import shutil
import subprocess
import sys
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
    downloaded = [row for row in rows if row["name"] not in ("sine", "prices", "echoes")]  # made, or asked for
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


# --- classifying ------------------------------------------------------------------------------------


def test_one_text(seqzoo, tiny_run):
    code, out, _ = seqzoo("classify", "--run", tiny_run, "a superb film")
    assert code == 0 and out.startswith("Good")
    answer = json.loads(seqzoo("classify", tiny_run, "a superb film", "--json")[1])
    assert answer["label"] == answer["top"] == "good"
    assert abs(sum(answer["probabilities"].values()) - 1) < 1e-9
    assert "superb" in seqzoo("classify", "--run", tiny_run, "a superb film", "--explain")[1]
    words = json.loads(seqzoo("classify", "--run", tiny_run, "a superb film", "--explain", "--json")[1])["words"]
    assert [word for word, _ in words] == ["a", "superb", "film"]


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_a_file_to_a_file(seqzoo, tiny_run, reviews, tmp_path, kind):
    assert seqzoo("classify", tiny_run, "--input", reviews, "--text", "review", "--output", f"out.{kind}")[0] == 0
    with (tmp_path / f"out.{kind}").open() as file:
        if kind == "jsonl":
            rows = [json.loads(line) for line in file]
        else:
            rows = list(csv.DictReader(file, delimiter="\t" if kind == "tsv" else ","))
    assert len(rows) == 240
    assert list(rows[0]) == ["review", "stars", "film", "predicted", "predicted_confidence"]
    assert sum(row["predicted"] == row["stars"] for row in rows) > 200
    assert not list(tmp_path.glob(".*part"))


def test_a_users_columns_and_files_are_never_written_over(seqzoo, tiny_run, tmp_path):
    """`label` and `confidence` are the user's own; so is `predicted`, and so is a file that is there."""
    mine = "text,label,confidence,predicted\nsuperb,mine,1,yes\n"
    (tmp_path / "a.csv").write_text(mine)
    fails(seqzoo("classify", tiny_run, "--input", "a.csv", "--output", "a.csv"), "exists already", "--force")
    assert (tmp_path / "a.csv").read_text() == mine
    assert seqzoo("classify", tiny_run, "--input", "a.csv", "--output", "b.csv")[0] == 0
    with (tmp_path / "b.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["label"], row["confidence"], row["predicted"]) == ("mine", "1", "yes")
    assert (row["predicted_2"], float(row["predicted_confidence"]) > 0.5) == ("good", True)
    fails(seqzoo("classify", tiny_run, "--input", "a.csv", "--output", "b.csv"), "exists already")
    assert seqzoo("classify", tiny_run, "--input", "a.csv", "--output", "a.csv", "--force")[0] == 0
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()


@pytest.mark.parametrize("verb", ["train", "classify"])
def test_files_that_would_lose_something_silently_are_refused(seqzoo, tiny_run, tmp_path, verb):
    given = {
        "twice.csv": ("text,text,label\na,b,c\nd,e,f\n", "names 'text' more than once"),
        "open.csv": ('text,label\n"never closed,a\nx,b\ny,a\n', "a quote is never closed"),
        "wide.csv": ("text,label\nfine, really,a\nx,b\n", "3 values, the header has 2"),
        "twice.jsonl": ('{"text": "a", "text": "b", "label": "c"}\n', "stands more than once"),
    }
    for name, (content, words) in given.items():
        (tmp_path / name).write_text(content)
        args = ("train", "imdb-bilstm", "--quiet", "--data") if verb == "train" else ("classify", tiny_run, "--input")
        fails(seqzoo(*args, name), words)
    (tmp_path / "wide.csv").write_bytes("text,label\nfine,a\n".encode("utf-16"))
    fails(seqzoo(*args, "wide.csv"), "not UTF-8", "iconv -f utf-16 -t utf-8 wide.csv")


def test_every_answer_names_its_model(seqzoo, tiny_run, tmp_path):
    assert f"answered by {tiny_run}" in seqzoo("classify", tiny_run, "a superb film")[2]
    assert "answered by" not in seqzoo("classify", tiny_run, "a superb film", "--quiet")[2]
    assert json.loads(seqzoo("classify", "a superb film", "--json")[1])["model"].startswith("imdb-evidence-bilstm")
    shutil.copytree(tiny_run, tmp_path / "runs" / "spam")
    assert json.loads(seqzoo("classify", "a superb film", "--json")[1])["model"] == "runs/spam"
    assert "answered by runs/spam" in seqzoo("classify", "a superb film")[2]


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


def test_lines_and_json_on_standard_input(seqzoo, tiny_run):
    code, out, _ = seqzoo("classify", "--run", tiny_run, stdin="superb\nawful\n")
    assert code == 0 and len(out.splitlines()) == 2
    rows = [
        json.loads(line)
        for line in seqzoo("classify", tiny_run, "--json", stdin='{"text": "superb", "id": 3}\n')[1].splitlines()
    ]
    assert rows[0]["id"] == "3" and rows[0]["predicted"] == "good"
    fails(seqzoo("classify", tiny_run, stdin='{"texts": "superb"}\n'), "no key 'text'", "did you mean")
    fails(seqzoo("classify", tiny_run, stdin='{"text": \n'), "not valid JSON")


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


def test_bad_files(seqzoo, tiny_run, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "latin.csv").write_bytes("text,label\ncafé,a\n".encode("latin-1"))
    (tmp_path / "a.csv").write_text("text,label\nx,a\ny,b\n")
    train = ("train", "imdb-bilstm", "--quiet", "--data")
    fails(seqzoo(*train, "none.csv"), "no such file")
    fails(seqzoo(*train, "empty.csv"), "no rows")
    fails(seqzoo(*train, "latin.csv"), "not UTF-8", "iconv -f latin1")
    fails(seqzoo(*train, "a.csv", "--text", "review"), "no column 'review'")
    fails(seqzoo(*train, "a.csv"), "one example")
    fails(seqzoo("train", "imdb-bilstm", "--text", "review"), "name it with --data", "--text describes your own file")
    fails(seqzoo("classify", tiny_run, "--input", "none.csv"), "no such file")
    fails(seqzoo("classify", tiny_run, "--input", "empty.csv"), "no rows")
    fails(seqzoo("classify", tiny_run, "--input", "a.csv", "--text", "label_"), "no column")
    fails(seqzoo("classify", tiny_run, "--input", "a.csv", "--output", "x.pdf"), "allowed: .csv")
    fails(seqzoo("classify", tiny_run, "--input", "a.csv", "--output", "no/where/x.csv"), "cannot write")
    fails(seqzoo("classify"), "nothing to classify")
    fails(seqzoo("classify", "two", "words", "here"), "in quotes")


@pytest.mark.parametrize("text", ["", " \n\t", "😀😀😀", "zzzyx qqqzz"])
def test_a_text_without_a_known_word(seqzoo, tiny_run, text):
    fails(seqzoo("classify", tiny_run, text), "knows no word")


def test_rows_without_a_known_word_are_counted_not_dropped(seqzoo, tiny_run, tmp_path):
    (tmp_path / "in.csv").write_text("text\n😀\nfine\n  \n")
    code, _, err = seqzoo("classify", tiny_run, "--input", "in.csv", "--output", "out.csv")
    assert code == 0 and "text(s) held no word" in err
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 4


def test_output_that_cannot_be_written(seqzoo, reviews, tmp_path):
    (tmp_path / "file").write_text("")
    fails(seqzoo("train", "imdb-bilstm", *own(reviews), "--out", "file/run"), "cannot write", "--out")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux' /dev/full")
def test_a_full_disk(seqzoo, tiny_run, reviews, monkeypatch, tmp_path):
    """Writing the answers fails: the message names the cause, and an older output stays."""
    (tmp_path / "out.csv").write_text("older")
    (tmp_path / ".out.csv.part").symlink_to("/dev/full")
    fails(
        seqzoo("classify", tiny_run, "--input", reviews, "--text", "review", "--output", "out.csv", "--force"),
        "No space left",
    )
    assert (tmp_path / "out.csv").read_text() == "older"


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


def test_ctrl_c_while_classifying(seqzoo, tiny_run, reviews, monkeypatch, tmp_path):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("seqzoo.tasks.classify.predict.run_sorted", interrupted)
    code, _, err = seqzoo("classify", tiny_run, "--input", reviews, "--text", "review", "--output", "out.csv")
    assert code == 130 and "Traceback" not in err
    assert not list(tmp_path.glob("*out*"))


def test_a_reader_that_goes_away_is_no_error(tiny_run):
    code = f"yes superb | head -5000 | {sys.executable} -m seqzoo classify {tiny_run} --json | head -1"
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True)
    assert '"predicted": "good"' in done.stdout and "Traceback" not in done.stderr


def test_the_newest_run_of_a_recipe_is_found(tiny_run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("imdb-bilstm", "imdb-bilstm-2"):
        shutil.copytree(tiny_run, tmp_path / "runs" / name)
    os.utime(tmp_path / "runs" / "imdb-bilstm-2" / "meta.json", (1, 1))
    assert runs.find("imdb-bilstm", "classify").name == "imdb-bilstm"
    assert runs.find(None, "classify").name == "imdb-bilstm"
    assert runs.find("imdb-bilstm-2", "classify").name == "imdb-bilstm-2"
    assert runs.new_folder("imdb-bilstm").name == "imdb-bilstm-3"
