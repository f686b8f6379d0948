"""The verb generate: find a language model, let it write, suggest or fill in."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

from seqzoo import runs
from seqzoo.errors import UserError
from seqzoo.tasks.generate.decode import Sampling
from seqzoo.tasks.generate.predict import Generator


def generate(
    run: str | None,
    *,
    prime: str | None,
    length: int,
    sampling: Sampling,
    samples: int,
    temperatures: str,
    suggest: str | None,
    fill: str | None,
    replace_unknown: bool,
    as_json: bool,
) -> None:
    """Answer what the command line asked; see `seqzoo generate --help`.

    Args:
        run: a bundle; None: the newest run, else the one that ships.
        prime: what the text begins with; None: the bundle's own.
        length: units to make.
        sampling: how each is chosen.
        samples: texts at once.
        temperatures: several, separated by commas: a text for each.
        suggest: say the next word of this text instead.
        fill: say the word for ___ in this text instead.
        replace_unknown: leave out or replace what the model does not know in the prime.
        as_json: print JSON.
    """
    if length < 1 or samples < 1:
        raise UserError(f"--{'length' if length < 1 else 'samples'} must be at least 1", "seqzoo generate --length 500")
    chosen = [replace(sampling, temperature=t) for t in _numbers(temperatures)] or [sampling]
    for one in chosen:
        one.check()
    generator: Generator = runs.load(run, "generate")
    if suggest is not None or fill is not None:
        words = generator.suggest(suggest) if suggest is not None else generator.fill(fill or "", 3, replace_unknown)
        _print_words(words, as_json)
        return
    start = generator.decision.prime if prime is None else prime
    ids = generator.prime(start, replace_unknown)
    if samples == 1 and len(chosen) == 1 and not as_json:
        _write(generator, ids if start else ids[:0], ids, length, sampling)
        return
    found = []
    for one in chosen:
        made = [[*(ids if start else ())] for _ in range(samples)]
        for step in generator.stream(ids, length, one, samples):
            for text, unit in zip(made, step, strict=True):
                text.append(int(unit))
        found += [{"temperature": one.temperature, "text": generator.codec.decode(text)} for text in made]
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    if len(chosen) > 1 and sys.stdout.isatty():
        _side_by_side(found, len(chosen))
        return
    for number, sample in enumerate(found, start=1):
        said = f"temperature {sample['temperature']:g}" if len(chosen) > 1 else f"{number} of {len(found)}"
        print(f"{'' if number == 1 else chr(10)}--- {said} ---\n{sample['text']}")


def _side_by_side(found: list[dict[str, object]], columns: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = len(found) // columns
    table = Table(*(f"temperature {found[i * rows]['temperature']:g}" for i in range(columns)), expand=True)
    for row in range(rows):
        table.add_row(*(Text(str(found[i * rows + row]["text"])) for i in range(columns)), end_section=True)
    Console().print(table)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise UserError(f"--temperatures {text!r}: numbers separated by commas", "--temperatures 0.2,0.5,0.8") from None


def _write(generator: Generator, begun: object, ids: object, length: int, sampling: Sampling) -> None:
    """Write a text to the terminal as it is made."""
    made = [int(unit) for unit in begun]  # type: ignore[attr-defined]
    written = generator.codec.decode(made)
    sys.stdout.write(written)
    for step in generator.stream(ids, length, sampling):  # type: ignore[arg-type]
        made.append(int(step[0]))
        recent = made[-40:]  # only the newest words can change the blanks between them
        before, now = generator.codec.decode(recent[:-1]), generator.codec.decode(recent)
        sys.stdout.write(now[len(before) :])
        sys.stdout.flush()
    sys.stdout.write("\n")


def _print_words(found: list[tuple[str, float]], as_json: bool) -> None:
    if as_json:
        print(json.dumps([{"word": word, "probability": p} for word, p in found], ensure_ascii=False))
        return
    for word, p in found:
        print(f"{p:6.1%}  {word}")
