"""What a sweep tries: --over KEY=RANGE, and one configuration for each number of a trial, drawn by the sweep's seed."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seqzoo.errors import UserError

Value = bool | int | float | str | list[int] | list[float] | list[str]
FORMS = "log(1e-4,1e-2), uniform(0,0.5), int(16,128), or a list: 64,128"
_RANGE = re.compile(r"(log|uniform|int|)\(([^,()]+),([^,()]+)\)")
_DIGITS = 4  # of a number that was drawn: what a recipe is to say should be readable


@dataclass(frozen=True)
class Over:
    """One key of a recipe, table.key, and what it may be: between two ends, evenly by `form`, or one of some values."""

    key: str
    form: str
    values: tuple[Value, ...]

    def draw(self, random: np.random.Generator) -> Value:
        """One of them."""
        if self.form == "list":
            return self.values[int(random.integers(len(self.values)))]
        low, high = (float(str(end)) for end in self.values)
        if self.form == "int":
            return int(random.integers(int(low), int(high) + 1))
        if self.form == "log":
            low, high = math.log(low), math.log(high)
        value = float(random.uniform(low, high))
        return float(f"{math.exp(value) if self.form == 'log' else value:.{_DIGITS}g}")


def parse(said: Sequence[str]) -> list[Over]:
    """Read KEY=RANGE, several of them.

    Raises:
        UserError: a form that is none, ends in the wrong order, or a key that stands twice.
    """
    found = [_one(text) for text in said]
    twice = {one.key for one in found if sum(other.key == one.key for other in found) > 1}
    if twice:
        raise UserError(f"--over names {', '.join(sorted(twice))} more than once")
    if not found:
        raise UserError("a sweep needs keys to search over", "--over fit.learning_rate=log(1e-4,1e-2)")
    return found


def _one(text: str) -> Over:
    key, equals, value = text.partition("=")
    key, value = key.strip(), value.strip()
    if not equals or not value or key.count(".") != 1 or not all(key.split(".")):
        raise UserError(f"--over {text!r}: write table.key=RANGE: {FORMS}")
    given = _RANGE.fullmatch(value.replace(" ", ""))
    if given is None:
        return Over(key, "list", _listed(text, value))
    form = given[1] or "uniform"
    try:
        kind = int if form == "int" else float
        low, high = kind(given[2]), kind(given[3])
    except ValueError:
        raise UserError(f"--over {text!r}: its ends must be {'whole ' * (form == 'int')}numbers") from None
    if not low < high or (form == "log" and low <= 0) or not math.isfinite(high - low):
        raise UserError(f"--over {text!r}: the first end must be below the second{' and above 0' * (form == 'log')}")
    return Over(key, form, (low, high))


def _listed(text: str, value: str) -> tuple[Value, ...]:
    """Values as in TOML, or bare words."""
    try:
        values = tomllib.loads(f"v = [{value}]")["v"]
    except tomllib.TOMLDecodeError:
        values = [word.strip() for word in value.split(",")]
    if len(values) < 2 or any(isinstance(one, str) and (not one or set(one) & set("()[]{}")) for one in values):
        raise UserError(f"--over {text!r}: it is neither a range nor a list of two values: {FORMS}")
    return tuple(values)


def drawn(over: Sequence[Over], seed: int, trial: int) -> dict[str, Value]:
    """The values of one trial by key: of this seed and number always the same."""
    random = np.random.default_rng([seed, trial])
    return {one.key: one.draw(random) for one in over}


def overrides(values: Mapping[str, Value]) -> list[str]:
    """Values as overrides of a recipe, `table.key=value`."""
    return [f"{key}={json.dumps(value)}" for key, value in values.items()]
