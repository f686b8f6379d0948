"""What --over may say, and what is drawn from it."""

import numpy as np
import pytest

from seqzoo import recipe
from seqzoo.cluster import space
from seqzoo.errors import UserError


def test_each_form_draws_what_it_says():
    over = space.parse(
        [
            "a.log=log(1e-4, 1e-2)",
            "a.even=(0,0.5)",
            "a.also=uniform(1,2)",
            "a.whole=int(3,5)",
            "a.list=100,200,400",
            "a.words=head,tail",
            "a.lists=[64,32],[32]",
            "a.yes=true,false",
        ]
    )
    drawn = [space.drawn(over, 0, trial) for trial in range(300)]
    assert (
        drawn == [space.drawn(over, 0, trial) for trial in range(300)] != [space.drawn(over, 1, i) for i in range(300)]
    )
    values = {key: [one[key] for one in drawn] for key in drawn[0]}
    assert 1e-4 <= min(values["a.log"]) and max(values["a.log"]) <= 1e-2
    assert 0.4 < np.mean(np.array(values["a.log"]) < 1e-3) < 0.6  # as much below the middle power of ten as above
    assert 0.2 < np.mean(values["a.even"]) < 0.3 and max(values["a.also"]) <= 2
    assert set(values["a.whole"]) == {3, 4, 5} and set(values["a.list"]) == {100, 200, 400}
    assert set(values["a.words"]) == {"head", "tail"} and set(values["a.yes"]) == {True, False}
    assert sorted(set(map(tuple, values["a.lists"]))) == [(32,), (64, 32)]
    assert all(len(f"{value:.10g}".lstrip("0.").replace(".", "")) <= 8 for value in values["a.even"])


def test_what_is_drawn_fits_a_recipe():
    over = space.parse(["fit.learning_rate=log(1e-4,1e-2)", "codec.window=int(10,60)", "fit.optimizer=adam,sgd"])
    chosen = recipe.load("sine-rnn", space.overrides(space.drawn(over, 0, 5)))
    assert {"fit.learning_rate": chosen.fit.learning_rate, "codec.window": chosen.codec.window,
            "fit.optimizer": chosen.fit.optimizer} == space.drawn(over, 0, 5)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (["fit.learning_rate"], "table.key=RANGE"),
        (["learning_rate=1,2"], "table.key=RANGE"),
        (["fit.epochs=3"], "neither a range nor a list"),
        (["fit.epochs=logs(1,2)"], "neither a range nor a list"),
        (["fit.epochs=int(1.5,3)"], "whole numbers"),
        (["fit.epochs=log(0,3)"], "above 0"),
        (["fit.epochs=(3,1)"], "below the second"),
        (["fit.epochs=(1,nan)"], "below the second"),
        (["fit.epochs=1,2", "fit.epochs=3,4"], "more than once"),
        ([], "needs keys"),
    ],
)
def test_other_forms_are_refused(said, words):
    with pytest.raises(UserError, match=words):
        space.parse(said)
