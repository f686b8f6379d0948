"""What is kept of a sweep: what was asked, and a line for each trial that has ended."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from seqzoo.cluster import space
from seqzoo.errors import UserError

ASKED, TRIALS = "sweep.json", "trials.jsonl"


@dataclass(frozen=True)
class Asked:
    """What a sweep was started with: a recipe as TOML, --over as it was typed, how many trials, and the seed."""

    recipe: str
    toml: str
    over: list[str]
    trials: int
    seed: int


@dataclass(frozen=True)
class Trial:
    """One configuration that has ended: "trained", "stopped" early, or "failed" and why; a row for each epoch."""

    trial: int
    values: Mapping[str, space.Value]
    history: Sequence[Mapping[str, float]] = ()
    ended: str = "trained"
    why: str = ""

    @property
    def loss(self) -> float | None:
        """The lowest validation loss, of a trial that may be chosen."""
        losses = [row["val_loss"] for row in self.history]
        return min(losses) if losses and self.ended != "failed" else None


def begin(out: Path, asked: Asked) -> None:
    """Write down what was asked, in a folder of its own.

    Raises:
        UserError: the folder holds a sweep already, or cannot be written.
    """
    if (out / ASKED).exists():
        raise UserError(f"{out} holds a sweep already", f"seqzoo sweep {asked.recipe} --resume --out {out}")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror}", "choose another folder with --out") from None
    write(out / ASKED, json.dumps(asdict(asked), indent=1))


def resumed(out: Path, trials: int | None) -> Asked:
    """What a sweep was started with; `trials` may ask for more of them.

    Raises:
        UserError: there is none.
    """
    try:
        asked = Asked(**json.loads((out / ASKED).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        raise UserError(f"no sweep to resume in {out}", "seqzoo sweep RECIPE --over KEY=RANGE") from None
    return asked if trials is None else Asked(**{**asdict(asked), "trials": trials})


def ended(out: Path) -> list[Trial]:
    """The trials that have ended; a last line that was cut off does not count."""
    path = out / TRIALS
    if not path.is_file():
        return []
    whole = path.read_bytes().rpartition(b"\n")[0].splitlines()
    return sorted((Trial(**json.loads(line)) for line in whole), key=lambda one: one.trial)


def keep(out: Path, trial: Trial) -> None:
    """Add a trial's line, after taking away one that was cut off."""
    line = (json.dumps(asdict(trial)) + "\n").encode()
    with (out / TRIALS).open("ab+") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def write(path: Path, text: str) -> None:
    """Write a file that appears once it is whole."""
    from seqzoo.files import writing

    with writing(path) as file:
        file.write(text)
