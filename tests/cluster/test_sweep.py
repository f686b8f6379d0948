"""A sweep without Ray: what is refused, which trials end early, what is kept and shown."""

import json
import re

import pytest

from seqzoo import recipe
from seqzoo.cluster import record, space, sweep
from seqzoo.cluster.halving import Halving
from seqzoo.corridor import Work
from seqzoo.errors import UserError
from tests.conftest import fails
from tests.toy_cases import small

OVER = ["fit.learning_rate=log(1e-3,1e-1)", "model.units=4,12"]


@pytest.fixture
def asked(tmp_path):
    return sweep.ask(small(tmp_path), OVER, 4, 0)


def listener(out, asked, lines=None, epochs=9):
    say = (lambda line: None) if lines is None else lines.append
    return sweep.Listener(out, space.parse(asked.over), asked.seed, Halving(epochs), say)


def row(trial, epoch, loss):
    return {"config": {"trial": trial}, "epoch": epoch, "loss": loss, "val_loss": loss, "seconds": 1.0}


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ("fit.learning_rat=1,2", "did you mean 'learning_rate'"),
        ("codec.lenght=1,2", "unknown key codec.lenght"),
        ("fit.epochs=(1,5)", "must be int"),
        ("fit.learning_rate=-1,1", "above 0"),
        ("model.units=large,small", "must be int"),
        ("decide.risk=(0,1)", "same for all its trials"),
        ("data.validation=(0.1,0.2)", "same for all its trials"),
        ("fits.epochs=1,2", "unknown key 'fits'"),
    ],
)
def test_a_wrong_key_or_value_is_refused_before_anything_starts(tmp_path, over, words):
    with pytest.raises(UserError, match=re.escape(words)):
        sweep.ask(small(tmp_path), [over], 3, 0)


def test_losses_that_cannot_be_compared_are_not():
    with pytest.raises(UserError, match="cannot be compared"):
        sweep.ask(recipe.load("char-lstm"), ["codec.unit=character,word"], 3, 0)


def test_of_three_at_a_rung_one_goes_on():
    halving = Halving(9)
    assert sorted(halving.reached) == [1, 3]
    assert [halving.stops(trial, 1, loss) for trial, loss in enumerate((0.5, 0.9))] == [False, False]
    assert halving.stops(2, 1, 0.7) and not halving.stops(3, 1, 0.4)
    assert not halving.stops(3, 2, 9.0)  # no rung
    assert not halving.stops(3, 1, 0.4)  # the same again, after its process died
    assert [sorted(Halving(epochs).reached) for epochs in (1, 2, 20, 100)] == [[], [1], [2, 6], [11, 33]]


def test_trials_are_kept_as_they_end(tmp_path, asked):
    lines = []
    hear = listener(tmp_path, asked, lines)
    assert not hear("", row(0, 1, 0.5)) and not hear("", row(1, 1, 0.6))
    assert not hear("", row(0, 1, 0.5))  # its process died: it begins anew
    assert hear("", row(2, 1, 0.9)) and hear("", row(2, 2, 0.1))
    assert not hear("", {"config": {"trial": 0}, "ended": "trained", "why": ""})
    assert not hear("", {"config": {"trial": 1}, "ended": "failed", "why": "the loss is no number"})
    kept = {one.trial: one for one in record.ended(tmp_path)}
    assert [(kept[i].ended, kept[i].loss, len(kept[i].history)) for i in range(3)] == [
        ("trained", 0.5, 1), ("failed", None, 1), ("stopped", 0.9, 1)]  # fmt: skip
    assert kept[2].values == space.drawn(space.parse(OVER), 0, 2)
    assert len(lines) == 3 and "the loss is no number" in lines[2]


def test_a_line_that_was_cut_off_is_written_again(tmp_path):
    record.keep(tmp_path, record.Trial(0, {}))
    with (tmp_path / record.TRIALS).open("a") as file:
        file.write('{"trial": 1, "val')
    assert [one.trial for one in record.ended(tmp_path)] == [0]
    record.keep(tmp_path, record.Trial(2, {}))
    assert [one.trial for one in record.ended(tmp_path)] == [0, 2]


def history(*losses):
    return [{"epoch": i + 1, "loss": v, "val_loss": v, "seconds": 1.0} for i, v in enumerate(losses)]


@pytest.fixture
def found(tmp_path, asked):
    """A sweep whose trials are all known, walked to its end."""
    out = tmp_path / "out"
    record.begin(out, asked)
    drawn = [space.drawn(space.parse(OVER), 0, trial) for trial in range(4)]
    record.keep(out, record.Trial(1, drawn[1], history(0.9), "stopped"))
    record.keep(out, record.Trial(0, drawn[0], history(0.8, 0.02, 0.01)))
    record.keep(out, record.Trial(2, drawn[2], history(0.001), "failed", "the loss <b> is no number"))
    record.keep(out, record.Trial(3, drawn[3], history(0.7, 0.3)))
    return out, asked, drawn


def test_the_best_on_validation_is_judged_once_and_shown(found, capsys):
    from seqzoo.page import searched

    out, asked, drawn = found
    result, report = sweep.finish(out, asked, Work(quiet=True))
    assert [one["trial"] for one in result["trials"]] == [0, 3, 1, 2] and result["best"]["trial"] == 0
    best = recipe.load(str(out / "best.toml"))
    assert best.fit.learning_rate == drawn[0]["fit.learning_rate"] and best.model["units"] == drawn[0]["model.units"]
    assert (out / "best" / "recipe.toml").read_text() == (out / "best.toml").read_text()
    page = (out / sweep.PAGE).read_text()
    assert page.count("<svg") == 3 and "fit.learning_rate" in page and "&lt;b&gt;" in page and "<script" not in page
    assert 'class="line s1"' in page and 'class="line s5 thin"' in page
    searched.show(result, report, False, out)
    shown = capsys.readouterr().out
    assert "2 trained, 1 stopped early, 1 failed" in shown and f"{out}/sweep.html" in shown
    before = (out / "best" / "meta.json").stat().st_mtime_ns
    again, _ = sweep.finish(out, asked, Work(quiet=True))
    assert again == result and (out / "best" / "meta.json").stat().st_mtime_ns == before
    searched.show(result, report, True, out)
    assert json.loads(capsys.readouterr().out)["best"]["trial"] == 0


def test_one_trial_and_equal_losses_make_a_page(asked):
    from seqzoo.page import searched

    best = {
        "trial": 0,
        "metric": "error rate",
        "kind": "share",
        "value": 0.1,
        "interval": [0, 1],
        "n": 3,
        "verdict": None,
    }
    for losses in ([0.5], [0.0, 0.0], [-1.0, 2.0]):
        trials = [{"trial": i, "values": {"fit.learning_rate": 0.1, "model.units": 4}, "history": history(v), "loss": v,
                   "ended": "trained", "why": ""} for i, v in enumerate(losses)]  # fmt: skip
        told = {"recipe": "x", "data": None, "seed": 0, "over": {"fit.learning_rate": "log", "model.units": "list"},
                "trials": trials, "best": best}  # fmt: skip
        assert "nan" not in searched.page(told)


def test_nothing_trained_is_said(tmp_path, asked):
    record.keep(tmp_path, record.Trial(0, {}, (), "failed", "too short"))
    with pytest.raises(UserError, match="none of 1 trials could be trained; the first: too short"):
        sweep.finish(tmp_path, asked, Work(quiet=True))


def test_a_sweep_is_begun_once_and_resumed_as_it_was(tmp_path, asked):
    out = tmp_path / "out"
    record.begin(out, asked)
    assert record.resumed(out, None) == asked and record.resumed(out, 9).trials == 9
    with pytest.raises(UserError, match="holds a sweep already"):
        record.begin(out, asked)
    with pytest.raises(UserError, match="no sweep to resume"):
        record.resumed(tmp_path / "other", None)


def test_the_command_says_what_is_missing(seqzoo, monkeypatch):
    fails(seqzoo("sweep", "sine-rnn"), "needs keys", "--over")
    fails(seqzoo("sweep", "sine-rnn", "--over", "fit.epoch=1,2"), "did you mean 'epochs'")
    fails(seqzoo("sweep", "sine-rnn", "--resume"), "no sweep to resume")
    fails(seqzoo("sweep", "sine-rnn", "--resume", "--over", "fit.epochs=1,2"), "leave out fit.epochs=1,2")
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    result = seqzoo("sweep", "sine-rnn", "--over", "fit.epochs=1,2", "codec.window=10,20", "--trials", "2")
    fails(result, "seqzoo sweep needs ray", "pip install 'seqzoo[ray]'")
    fails(seqzoo("train", "sine-rnn", "--workers", "2"), "--workers needs ray", "pip install 'seqzoo[ray]'")
