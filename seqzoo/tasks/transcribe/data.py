"""Where recordings and their texts come from, and who is heard where: public sets, manifests and folders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from seqzoo import fetch
from seqzoo.errors import UserError, listing
from seqzoo.files import ROWS, read_rows, reading
from seqzoo.registry import find_dataset
from seqzoo.report import JSON
from seqzoo.room import Sealed
from seqzoo.tasks.transcribe import audio, datasets
from seqzoo.tasks.transcribe.datasets import Entry, plain
from seqzoo.tasks.transcribe.options import DataOptions

_LISTED = 10
_VOICES = 3  # from so many on the test part is of voices of its own


@dataclass(frozen=True)
class Clips:
    """Recordings in memory.

    Attributes:
        names: of their files.
        samples: (n,) float32 each, at `rate` a second.
        texts: what is said, as `plain` has it.
        speakers: who says it; "" where nobody knows.
    """

    names: list[str]
    samples: list[np.ndarray]
    texts: list[str]
    speakers: list[str]
    rate: int

    def __len__(self) -> int:
        return len(self.samples)

    def __add__(self, other: Clips) -> Clips:
        return Clips(
            self.names + other.names,
            self.samples + other.samples,
            self.texts + other.texts,
            self.speakers + other.speakers,
            self.rate,
        )

    def take(self, indices: Iterable[int]) -> Clips:
        """The recordings at these positions."""
        places = list(indices)
        names, texts, speakers = ([column[i] for i in places] for column in (self.names, self.texts, self.speakers))
        return Clips(names, [self.samples[i] for i in places], texts, speakers, self.rate)

    @property
    def seconds(self) -> float:
        """How long they last together."""
        return sum(map(len, self.samples)) / self.rate

    def groups(self) -> np.ndarray | None:
        """(n,) speakers, where there are several."""
        return np.array(self.speakers) if len(set(self.speakers)) > 1 else None


@dataclass(frozen=True)
class Splits:
    """Recordings to learn from and to choose by; the test part is sealed.

    `words` are those of the training texts, without what is heard of other data sets.
    """

    train: Clips
    validation: Clips
    test: Sealed[Clips]
    words: tuple[str, ...] = ()
    facts: dict[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """What there is, and how the sounds of some of it are read at a rate."""

    entries: list[Entry]
    sounds: Callable[[Sequence[Entry], int], list[np.ndarray]]
    facts: dict[str, JSON]

    def clips(self, entries: Sequence[Entry], rate: int) -> Clips:
        """Some of the entries, with their sounds."""
        names, texts, speakers = ([getattr(one, key) for one in entries] for key in ("name", "text", "speaker"))
        return Clips(names, self.sounds(entries, rate), texts, speakers, rate)


def load(options: DataOptions, quiet: bool = False) -> Splits:
    """Read and split what a recipe's [data] table names; `options.seed` seeds what is drawn.

    Raises:
        UserError: recordings or texts that cannot be used, all of them listed.
    """
    source = own(options) if options.path else public(options.dataset, quiet)
    entries = _some(source.entries, options.limit, options.seed)
    rest, test = held_out(entries, options)
    random = np.random.default_rng(options.seed)
    places, count = random.permutation(len(rest)), max(1, round(options.validation * len(rest)))
    if count >= len(rest):
        raise UserError(f"{len(entries)} recordings are too few to learn from, to choose by and to test on")
    validation, train = ([rest[i] for i in sorted(part)] for part in (places[:count], places[count:]))
    facts = dict(source.facts)
    clips = source.clips(train, options.rate)
    for name in options.also:
        more, said = _also(name, options, {one.speaker for one in test}, quiet)
        clips, facts = clips + more, facts | {f"heard in training too: {name}": said}
    opened = source.clips(test, options.rate) if options.path else None  # a broken file of one's own is told at once
    return Splits(
        clips,
        source.clips(validation, options.rate),
        Sealed(lambda: opened or source.clips(test, options.rate)),
        tuple(sorted({word for one in train for word in one.text.split()})),
        facts,
    )


def _some(entries: Sequence[Entry], limit: int, seed: int) -> list[Entry]:
    if not limit or limit >= len(entries):
        return list(entries)
    places = np.random.default_rng(seed).permutation(len(entries))[:limit]
    return [entries[i] for i in sorted(places)]


def held_out(entries: Sequence[Entry], options: DataOptions) -> tuple[list[Entry], list[Entry]]:
    """What may be heard in training, and the test part: the held speakers, the set's own, or some voices or texts.

    Raises:
        UserError: no such speakers, or nobody else.
    """
    if options.held:
        known = sorted({one.speaker for one in entries if one.speaker})
        if foreign := sorted(set(options.held) - set(known)):
            raise UserError(f"data.held = {', '.join(foreign)}: the speakers are {', '.join(known) or 'not known'}")
        return _parted(entries, lambda one: one.speaker in options.held)
    if any(one.test for one in entries):
        return _parted(entries, lambda one: one.test)
    speakers = {one.speaker for one in entries if one.speaker}
    by_voice = len(speakers) >= _VOICES
    groups = sorted(speakers if by_voice else {one.text for one in entries})  # what is said alike stays together
    if not by_voice and len(groups) < len(entries) / 4:  # a few words, often: any of them may be in each part
        places = np.random.default_rng(options.seed + 1).permutation(len(entries))
        chosen = set(places[: max(1, round(options.test * len(entries)))].tolist())
        return [one for i, one in enumerate(entries) if i not in chosen], [entries[i] for i in sorted(chosen)]
    shuffled = np.random.default_rng(options.seed + 1).permutation(groups).tolist()
    kept = set(shuffled[: max(1, round(options.test * len(groups)))])
    return _parted(entries, lambda one: (one.speaker if by_voice else one.text) in kept)


def _parted(entries: Sequence[Entry], test: Callable[[Entry], bool]) -> tuple[list[Entry], list[Entry]]:
    rest, found = [one for one in entries if not test(one)], [one for one in entries if test(one)]
    if not rest or not found:
        raise UserError("nothing is left to learn from" if found else "nothing is left to test on")
    return rest, found


def _also(name: str, options: DataOptions, held: set[str], quiet: bool) -> tuple[Clips, str]:
    """Another public set that is heard in training only, and a line about it."""
    source = public(name, quiet)
    if both := sorted(held & {one.speaker for one in source.entries} - {""}):
        raise UserError(f"data.also = {name}: {', '.join(both)} speaks in the test part")
    entries = _some(source.entries, options.also_limit, options.seed)
    clips = source.clips(entries, options.rate)
    return clips, f"{len(clips):,} recordings, {source.facts['licence']}"


def public(name: str, quiet: bool = False) -> Source:
    """A registered data set."""
    data = find_dataset(name)
    if data.task != "transcribe":
        raise UserError(f"{name} holds no recordings: it is for the task {data.task!r}", "seqzoo data list")
    path = fetch.fetch(data, quiet=quiet)

    def sounds(entries: Sequence[Entry], rate: int) -> list[np.ndarray]:
        found = datasets.sounds(path, [one.name for one in entries], rate)
        return [found[one.name] for one in entries]

    return Source(data.load(path), sounds, dict(fetch.facts(data, path)))


def read_other(options: DataOptions, rate: int) -> Clips:
    """All recordings of another manifest, folder or data set, at `rate`."""
    path = Path(options.path)
    if path.is_file() and path.suffix.lower() in ROWS and options.speaker not in next(read_rows(path), {}):
        options = replace(options, speaker="")  # it does not say who speaks
    source = own(options) if options.path else public(options.dataset)
    return source.clips(_some(source.entries, options.limit, options.seed), rate)


# --- recordings of one's own -------------------------------------------------------------------------


def own(options: DataOptions) -> Source:
    """A manifest of paths and texts, or a folder.

    Raises:
        UserError: it is none, or lists recordings that are not there or texts that cannot be heard.
    """
    path = Path(options.path)
    if path.is_dir():
        entries, digest = _folder(path), ""
    elif path.suffix.lower() in ROWS:
        entries, digest = _manifest(path, options), fetch.sha256(path)
    else:
        raise UserError(
            f"{path} is no folder and no manifest ({', '.join(ROWS)})", "write a CSV with the columns path,text"
        )
    if not entries:
        raise UserError(f"{path} lists no recordings", "write a CSV with the columns path,text")
    _check([(one.name, one.text) for one in entries])
    facts: dict[str, JSON] = {"name": path.name, "sha256": digest, "licence": "your own"}
    return Source([one._replace(text=plain(one.text)) for one in entries], _files, facts)


def _manifest(path: Path, options: DataOptions) -> list[Entry]:
    columns = [options.audio, options.text, *([options.speaker] if options.speaker else [])]
    rows = list(read_rows(path, columns))
    if nameless := [str(number) for number, row in enumerate(rows, start=1) if not row.get(options.audio)]:
        shown = ", ".join(nameless[:_LISTED]) + (" ..." if len(nameless) > _LISTED else "")
        raise UserError(f"{path}: {len(nameless)} row(s) name no recording: {shown}", "remove or complete them")
    return [  # an absolute path stays as it is
        Entry(str(path.parent / row[options.audio]), row.get(options.text, ""), row.get(options.speaker, "").strip())
        for row in rows
    ]


def _folder(path: Path) -> list[Entry]:
    """LibriSpeech's lists, a text beside each recording, or a folder for each word."""
    lists = sorted(path.rglob("*.trans.txt"))
    if lists:
        return [one for file in lists for one in _listed(file)]
    found = []
    for file in sorted(path.rglob("*")):
        if file.suffix.lower() not in audio.FORMATS:
            continue
        beside = file.with_suffix(".txt")
        if beside.is_file():
            found.append(Entry(str(file), _read(beside)))
        elif file.parent != path:
            found.append(Entry(str(file), file.parent.name))
        else:
            raise UserError(f"{file}: there is no {beside.name} that says what it holds", "write a CSV with path,text")
    return found


def _listed(file: Path) -> list[Entry]:
    """A list of LibriSpeech: `1089-134686-0000 HE HOPED THERE WOULD BE STEW`; the speaker is the first number."""
    found = []
    for line in _read(file).splitlines():
        name, _, text = line.partition(" ")
        if name:
            found.append(Entry(str(file.parent / f"{name}.flac"), text, name.partition("-")[0]))
    return found


def _read(path: Path) -> str:
    with reading(path) as file:
        return file.read()


def _check(pairs: Sequence[tuple[str, str]]) -> None:
    """Refuse recordings that are not there and texts that cannot be heard, all at once."""
    missing = [name for name, _ in pairs if not Path(name).is_file()]
    if missing:
        raise UserError(f"{len(missing)} of {len(pairs)} recordings are not there:{listing(missing)}")
    digits = [f"{name}: {text!r}" for name, text in pairs if any(one.isnumeric() and not one.isalpha() for one in text)]
    if digits:
        raise UserError(f"{len(digits)} text(s) hold digits:{listing(digits)}", "write numbers as they are spoken")
    empty = [f"{name}: {text!r}" for name, text in pairs if not plain(text)]
    if empty:
        raise UserError(f"{len(empty)} text(s) hold no letter:{listing(empty)}", "leave these recordings out")


def _files(entries: Sequence[Entry], rate: int) -> list[np.ndarray]:
    """Recordings from files of their own; all that cannot be read are told."""
    found, broken = [], []
    for one in entries:
        try:
            found.append(audio.read(Path(one.name), rate))
        except UserError as error:
            broken.append(str(error))
    if broken:
        raise UserError(f"{len(broken)} recording(s) cannot be used:{listing(broken)}")
    return found
