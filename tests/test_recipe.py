"""Recipes are closed, and every problem is told at once."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqzoo import recipe
from seqzoo.errors import UserError


def problems(*overrides, name="imdb-bilstm"):
    with pytest.raises(UserError) as caught:
        recipe.load(name, overrides)
    return str(caught.value)


def test_every_shipped_recipe_survives_its_toml():
    names = recipe.names()
    assert len(names) == len(list(recipe.folder().glob("*.toml")))
    for name in names:
        chosen = recipe.load(name)
        assert recipe.parse(tomllib.loads(chosen.to_toml()), name) == chosen


def test_shipped_recipes_do_not_repeat_defaults():
    for name in recipe.names():
        table = recipe.raw(name)
        keywords = recipe.registry.find_architecture(table["model"]["architecture"]).keywords
        for key, value in table["model"].items():
            if key != "architecture":
                assert keywords[key][1] != value, f"{name}: model.{key} restates the default"


def test_overrides_are_typed():
    chosen = recipe.load(
        "imdb-bilstm", ["fit.epochs=3", "fit.learning_rate=1", "model.units=[8, 4]", "codec.keep=tail"]
    )
    assert chosen.fit.epochs == 3
    assert chosen.fit.learning_rate == 1.0
    assert chosen.model["units"] == (8, 4)
    assert chosen.codec.keep == "tail"


def test_all_problems_at_once_with_nearest_matches():
    text = problems("fit.epoch=3", "codec.keep=middle", "model.dropout=lots", "fit.batch_size=0", "nonsense")
    assert "5 problem(s)" in text
    assert "did you mean 'epochs'" in text
    assert "codec.keep = 'middle'" in text
    assert "model.dropout = 'lots' must be float" in text
    assert "fit.batch_size must be at least 1" in text
    assert "--set 'nonsense'" in text


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("fit.epochs=true", "must be int"),
        ("fit.epochs=2.5", "must be int"),
        ("fit.optimizer=adamm", "did you mean 'adam'"),
        ("model.architecture=bilstm_clasifier", "did you mean 'bilstm_classifier'"),
        ("model.units=[64, 'x']", "must be int"),
        ("data.validation=1.5", "data.validation"),
        ("data.dataset=", "either dataset or path"),
        ("codec.ratios=9", "codec.ratios"),
        ("decide.risk=0", "decide.risk"),
        ("title.x=1", "not a table"),
        ("wrong.x=1", "unknown key 'wrong'"),
        ("fit.average=1.0", "fit.average"),
        ("fit.patience=0", "fit.patience must be at least 1"),
        ("fit.reduce_patience=0", "fit.reduce_patience must be at least 1"),
        ("fit.warmup_steps=-5", "fit.warmup_steps must be at least 0"),
        ("fit.weight_decay=-1", "fit.weight_decay must be at least 0"),
        ("fit.weight_decay=nan", "fit.weight_decay must be at least 0"),
        ("fit.clip_norm=-1", "fit.clip_norm must be at least 0"),
        ("fit.learning_rate=inf", "fit.learning_rate"),
        ("model.units=[1]", "model.units = [1] must be 2 numbers"),
        ("model.units=[1, 2, 3]", "must be 2 numbers"),
    ],
)
def test_one_problem(override, words):
    assert words in problems(override)


def test_unknown_recipe_names_the_nearest():
    assert "did you mean 'imdb-bilstm'" in problems(name="imdb-bilsm")
    assert "no such recipe file" in problems(name="nowhere.toml")


def test_invalid_toml(tmp_path):
    (tmp_path / "mine.toml").write_text("task = ")
    assert "not valid TOML" in problems(name=str(tmp_path / "mine.toml"))


def test_a_recipe_without_a_task(tmp_path):
    (tmp_path / "mine.toml").write_text("title = 'x'")
    assert "task = None" in problems(name=str(tmp_path / "mine.toml"))


@given(st.text(max_size=30))
def test_any_override_is_taken_or_explained(text):
    try:
        recipe.load("imdb-bilstm", [text])
    except UserError as error:
        assert "problem" in str(error)


def test_a_recipes_clip_can_be_switched_off():
    assert recipe.load("imdb-bilstm").fit.clip_norm > 0
    assert recipe.load("imdb-bilstm", ["fit.clip_norm=0"]).fit.clip_norm == 0


def test_the_hint_names_the_recipe_that_was_asked_for():
    with pytest.raises(UserError) as caught:
        recipe.load("imdb-gru", ["fit.epochs=0"])
    assert caught.value.hint == "seqzoo show imdb-gru"


def test_names_of_older_recipes_are_understood():
    table = recipe.raw("load-gru")
    assert table["codec"].pop("anchor") == "season"
    table["codec"]["target"] = "season"
    assert recipe.parse(table, "load-gru") == recipe.load("load-gru")
    table = recipe.raw("char-lstm-windows")
    assert table["codec"].pop("reads") == "window"
    table["codec"]["targets"] = "last"
    assert recipe.parse(table, "char-lstm-windows") == recipe.load("char-lstm-windows")


def test_what_is_said_of_a_data_set_goes_with_it_unless_it_is_said_again():
    own = recipe.load("digits-ctc", ["data.path=mine.csv", "data.dataset="])
    assert own.data.held == () and own.data.also == () and own.data.path == "mine.csv"
    said = recipe.load("digits-ctc", ["data.path=mine.csv", "data.dataset=", 'data.held=["ann"]'])
    assert said.data.held == ("ann",) and said.data.also == ()
    shipped = recipe.load("digits-ctc")
    assert shipped.data.held == ("george",) and shipped.data.also == ("digits-machines",)
    assert recipe.parse(recipe.tomllib.loads(said.to_toml()), "again").data == said.data
