"""A batch that is shared out gives the very step of the whole."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seqzoo import learning, registry, tasks
from seqzoo.cluster.workers import Worker
from seqzoo.corridor import Work
from tests.conftest import cases


def plain(task, folder, **fit):
    """A room's small recipe without dropout and stripes, which depend on who draws them."""
    chosen = cases(task).small(folder)
    keywords = registry.find_architecture(chosen.architecture).keywords
    still = {name: 0.0 for name in keywords if "dropout" in name} | {
        name: 0 for name in keywords if name in ("stripes", "times")
    }
    return replace(chosen, model=chosen.model | still, fit=replace(chosen.fit, **({"epochs": 2} | fit)))


def shared(chosen, parts):
    """What `workers.team` does, in this process."""
    from seqzoo.fitting import shared as sharing

    members = [Worker(".", chosen.to_toml(), chosen.name, 0, parts, number) for number in range(parts)]
    for member in members:
        member.open()
    left, rows = {}, []

    def share(weights, batch, step, begins):
        if begins:
            left.clear()
        found = []
        for number, (member, part) in enumerate(zip(members, sharing.split(batch, parts), strict=False)):
            sums, left[number] = member.sums(weights, part, [step, number], left.get(number, []))
            found.append(sums)
        rows.append([one.rows for one in found])
        return sharing.merged(found)

    share.rows = rows
    return share


def trained(chosen, folder, share=None):
    Path(folder).mkdir()
    model, training = learning.prepared(chosen, 0)
    history = learning._taught(model, training, chosen, folder, Work(quiet=True, share=share), None)
    return model.get_weights(), history


SLOW = [pytest.param(task, marks=pytest.mark.slow) for task in sorted(tasks.ROOMS) if task != "echo"]


@pytest.mark.parametrize("task", ["echo", *SLOW])
def test_two_parts_give_the_weights_of_one(task, tmp_path):
    chosen = plain(task, tmp_path, clip_norm=0.5)
    share = shared(chosen, 2)
    whole, history = trained(chosen, tmp_path / "whole")
    parts, again = trained(chosen, tmp_path / "parts", share)
    assert max(np.abs(a - b).max() for a, b in zip(whole, parts, strict=True)) < 1e-5
    for one, other in zip(history, again, strict=True):
        assert {k: v for k, v in one.items() if k != "seconds"} == pytest.approx(
            {k: v for k, v in other.items() if k != "seconds"}, rel=1e-4
        )
    assert any(len(rows) == 2 for rows in share.rows)


@pytest.mark.slow
def test_a_last_batch_may_have_fewer_rows_than_there_are_workers(tmp_path):
    chosen = plain("echo", tmp_path, batch_size=71)  # of 72: one row is left
    share = shared(chosen, 3)
    whole, _ = trained(chosen, tmp_path / "whole")
    parts, _ = trained(chosen, tmp_path / "parts", share)
    assert max(np.abs(a - b).max() for a, b in zip(whole, parts, strict=True)) < 1e-5
    assert sorted(map(tuple, share.rows[:2])) == [(1,), (23, 24, 24)]


def test_dropout_differs_by_step_and_part_and_repeats_for_the_same(tmp_path):
    import keras

    from seqzoo.fitting.shared import Part
    from seqzoo.room import Batch, Training

    entry = keras.Input((4,), name="x")
    network = keras.Model(entry, keras.layers.Dense(1)(keras.layers.Dropout(0.5, seed=1)(entry)))
    training = Training((), (), lambda targets, out: keras.ops.square(out[:, 0] - targets["y"]))
    part = Part(network, training)
    batch = Batch({"x": np.ones((8, 4), "f4")}, {"y": np.zeros(8, "f4")})

    def loss(*draw):
        return part.sums(network.get_weights(), batch, draw, [])[0].loss

    assert loss(3, 0) == loss(3, 0)
    assert len({loss(3, 0), loss(3, 1), loss(4, 0)}) == 3


def test_sums_of_parts_are_those_of_the_whole():
    from seqzoo.fitting.shared import merged, rows_of, split
    from seqzoo.room import Batch, Slices, Sums

    batch = Batch({"x": np.arange(10).reshape(5, 2)}, {"y": np.arange(5)}, np.arange(5.0))
    parts = split(batch, 3)
    assert [len(part.inputs["x"]) for part in parts] == [rows_of(5, 3, i) for i in range(3)]
    np.testing.assert_array_equal(np.concatenate([part.weights for part in parts]), batch.weights)
    assert [rows_of(2, 3, i) for i in range(3)] == [1, 1, 0]
    some = [Sums([np.full(2, i), Slices(np.full((1, 2), i), np.array([7]))], i, 2 * i, np.full((1, 2), i), 3)
            for i in (1.0, 2.0)]  # fmt: skip
    whole = merged(some)
    assert (whole.loss, whole.counted, whole.rows) == (3, 6, 6) and whole.metrics.tolist() == [[3, 3]]
    assert whole.gradients[0].tolist() == [3, 3]
    assert whole.gradients[1].indices.tolist() == [7, 7]  # row 7 was read twice
