"""Folk tunes in ABC notation: which lines of the files a model reads, a tune after another; and a tune as MIDI."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seqzoo.errors import UserError, needs
from seqzoo.tasks.generate.text import Text

_HEADERS = (b"X:", b"T:", b"M:", b"L:", b"K:")
_LEFT_OUT = (b"%", b"S:", b"Y:", b"P:", b"R:", b"N:")  # sources, plans, rhythms: they tell nothing of the notes
Line = tuple[bytes, int, int]


def read(folder: Path, seed: int = 0) -> Text:
    """All tunes of a folder's .abc files, in an order that is drawn, so that each stretch holds all kinds.

    Only lines that say something of the notes are read; where a head gives two metres, the last one.
    """
    tunes = [(path, tune) for path in sorted(folder.glob("*.abc")) for tune in _tunes(path.read_bytes())]
    order = np.random.default_rng(seed).permutation(len(tunes))
    return Text(tuple((tunes[i][0], start, end) for i in order for start, end in _ranges(tunes[i][1])))


def _tunes(content: bytes) -> Iterator[list[Line]]:
    """The lines of each tune with their places: from its number to the blank line after it, or the file's end."""
    here: list[Line] = []
    place = 0
    for line in content.splitlines(keepends=True):
        if line.startswith(b"X:") or (here and not line.strip()):
            if any(_is_music(one) for one, _, _ in here):
                yield [*here, (line, place, place + len(line))] if not line.strip() else here
            here = []
        if here or line.startswith(b"X:"):
            here.append((line, place, place + len(line)))
        place += len(line)
    if any(_is_music(one) for one, _, _ in here):
        yield here


def _is_music(line: bytes) -> bool:
    return bool(line.strip()) and line[1:2] != b":" and not line.startswith(b"%")


def _ranges(tune: list[Line]) -> Iterator[tuple[int, int]]:
    """The places of lines that are read, those side by side as one."""
    first = next(i for i, (line, _, _) in enumerate(tune) if _is_music(line))
    metres = [i for i, (line, _, _) in enumerate(tune[:first]) if line.startswith(b"M:")]
    begin = end = -1
    for i, (line, start, stop) in enumerate(tune):
        if line.startswith(_LEFT_OUT) or i in metres[:-1] or (i < first and not line.startswith(_HEADERS)):
            continue
        if start != end:
            if end > begin:
                yield begin, end
            begin = start
        end = stop
    yield begin, end


def write_midi(tune: str, output: Path) -> None:
    """Write a tune as MIDI, to a file that appears once it is whole.

    Raises:
        UserError: this is no tune, or the extra is missing.
    """
    with needs(f"--output {output}", "music"):
        import music21
    part = output.with_name(f".{output.name}.part")
    try:
        music21.converter.parse(tune, format="abc").write("midi", fp=part)
        part.replace(output)
    except (music21.exceptions21.Music21Exception, ValueError, IndexError) as error:
        raise UserError(f"this is no tune in ABC notation: {error}", "seqzoo generate folk-lstm --seed 2") from None
    finally:
        part.unlink(missing_ok=True)
