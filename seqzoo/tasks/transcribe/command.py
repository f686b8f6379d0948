"""The verb transcribe: recordings from files, or a sound that goes on."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqzoo import flags
from seqzoo.errors import UserError

if TYPE_CHECKING:
    from seqzoo.tasks.transcribe.decode import Search
    from seqzoo.tasks.transcribe.language import Scorer
    from seqzoo.tasks.transcribe.predict import Heard, Transcriber

EXAMPLE = "seqzoo transcribe recording.wav"
_SAMPLES = "recordings/sample-*.flac"
_TOGETHER = 16  # recordings that are read before they are answered


def command(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN] FILE...", help="Recordings; - after --stream is stdin.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--input", metavar="FILE", help="Paths by line, CSV, TSV or JSONL.")
    ] = None,
    audio: Annotated[str, typer.Option("--audio", metavar="COLUMN", help="The input's column of paths.")] = "path",
    output: flags.Output = None,
    force: flags.Force = False,
    sample: Annotated[bool, typer.Option("--sample", help="Three recordings that come with seqzoo.")] = False,
    stream: Annotated[bool, typer.Option("--stream", help="Samples without a header, text as they come.")] = False,
    microphone: Annotated[bool, typer.Option("--microphone", help="Listen; ends with Ctrl-C.")] = False,
    rate: Annotated[
        int | None, typer.Option(min=1000, max=400_000, help="Samples a second of a stream; default: the bundle's.")
    ] = None,
    kind: Annotated[str, typer.Option(help="What a stream's samples are: s16le or f32le.")] = "s16le",
    beam: Annotated[
        int | None, typer.Option(help="Hypotheses that are followed; 1: the best path; default: the bundle's.")
    ] = None,
    language_model: Annotated[
        str | None, typer.Option("--language-model", metavar="RUN", help="A model that writes letters has its say.")
    ] = None,
    weight: Annotated[float | None, typer.Option(help="How much a say; default: the bundle's.")] = None,
    hot: Annotated[list[str] | None, typer.Option("--hot", metavar="WORD", help="A word to expect.")] = None,
    timestamps: Annotated[bool, typer.Option("--timestamps", help="When each word was said.")] = False,
    captions: Annotated[
        Path | None, typer.Option("--srt", metavar="FILE", help="Captions of one recording, as SRT.")
    ] = None,
    quiet: flags.Quiet = False,
    as_json: flags.Json = False,
) -> None:
    """Write down what is said in recordings, or while somebody speaks."""
    from seqzoo import files, runs
    from seqzoo.tasks.transcribe.door import asked
    from seqzoo.tasks.transcribe.live import follow, listened, piped

    live = stream or microphone
    if live:
        of_files = {"--input": source, "--output": output, "--sample": sample, "--srt": captions,
                    "--timestamps": timestamps, "--json": as_json, "--microphone": stream and microphone}  # fmt: skip
        _refuse(of_files, "a stream is written down as text, as it comes", "seqzoo transcribe --stream -")
    else:
        of_streams = {"--rate": rate, "--kind": kind != "s16le"}
        _refuse(of_streams, "a recording says itself what it holds", "seqzoo transcribe --stream - < samples.raw")
    run, names = _run_and_files(words or [], source, audio, sample, live)
    for target in (output, captions):
        if target is not None and not force:
            files.refuse_existing(target)
    if captions is not None and len(names) != 1:
        raise UserError("--srt takes the captions of one recording", f"{EXAMPLE} --srt recording.srt")
    folder = runs.find(run, "transcribe")
    ears: Transcriber = runs.load(str(folder), "transcribe")
    search, scorer = asked(ears, beam, language_model, weight, hot or [])
    flags.say(quiet or as_json, typer.style(f"answered by {runs.called(folder)}", dim=True))
    if live:
        text = ears.stream(search, scorer)
        known = ears.codec.rate
        follow(text, listened(known, rate) if microphone else piped(known, rate, kind))
        return
    form = Form(runs.called(folder), names, timestamps, as_json, quiet)
    _written(_answers(ears, form, search, scorer), form, output, captions)


def _refuse(given: Mapping[str, object], reason: str, example: str) -> None:
    """Flags that would have no effect are told, not passed over."""
    if idle := [name for name, value in given.items() if value]:
        raise UserError(f"{reason}: leave out {', '.join(idle)}", example)


def _run_and_files(
    words: list[str], source: Path | None, column: str, sample: bool, live: bool
) -> tuple[str | None, list[Path]]:
    """RUN, and the recordings: the first word is RUN where it is a folder, a run's or a recipe's name, and no file."""
    from seqzoo import recipe, runs
    from seqzoo.tasks.transcribe.audio import FORMATS

    run, rest = None, words
    if words and not Path(words[0]).is_file():
        first = words[0]
        if Path(first).is_dir() or runs.names_a_run(first) or first in recipe.names():
            run, rest = first, words[1:]
    if live:
        if rest not in ([], ["-"]):
            raise UserError(f"a stream comes from standard input, not from {rest[0]}", "seqzoo transcribe --stream -")
        return run, []
    names = [Path(one) for one in rest]
    if source is not None:
        from seqzoo import lines

        if source.suffix.lower() in FORMATS:
            raise UserError(f"--input takes a list of recordings, and {source} is one", f"seqzoo transcribe {source}")
        names += [source.parent / row[column] for row in lines.read(source, column) if row[column].strip()]
    if sample:
        names += sorted((Path(__file__).parents[2] / "bundles").glob(_SAMPLES))
    if not names and run and Path(run).is_dir() and not runs.names_a_run(run):
        raise UserError(f"{run} is a folder without a model: name its recordings", f"seqzoo transcribe {run}/*.wav")
    if not names:
        raise UserError("no recording is named", "seqzoo transcribe --sample")
    return run, names


# --- recordings --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Form:
    """Which recordings were named, and how what is heard in them is told."""

    model: str
    names: Sequence[Path]
    timestamps: bool
    as_json: bool
    quiet: bool

    def called(self, name: Path) -> str:
        """A recording's name, or its path where another one bears the same name."""
        return str(name) if len({one.name for one in self.names}) < len(set(self.names)) else name.name


def _answers(
    ears: Transcriber, form: Form, search: Search, scorer: Scorer | None
) -> Iterator[tuple[Path, Heard | UserError]]:
    """What is heard in each recording, or why nothing is."""
    from seqzoo import lines
    from seqzoo.tasks.transcribe import audio

    with lines.progress(form.quiet or len(form.names) < 2, "transcribe") as advance:
        for begin in range(0, len(form.names), _TOGETHER):
            some: list[tuple[Path, Any]] = []
            for name in form.names[begin : begin + _TOGETHER]:
                try:
                    some.append((name, audio.read(name, ears.codec.rate)))
                except UserError as error:
                    some.append((name, error))
            sounds = [one for _, one in some if not isinstance(one, UserError)]
            for name, sound in some:
                if not isinstance(sound, UserError):
                    for doubt in audio.doubts(sound, ears.codec.rate):
                        flags.say(form.quiet, f"warning: {form.called(name)}: {doubt}")
            heard = ears.predict(sounds, search, scorer)
            for name, sound in some:
                yield name, sound if isinstance(sound, UserError) else next(heard)
                advance()


def _written(
    answers: Iterator[tuple[Path, Heard | UserError]], form: Form, output: Path | None, captions: Path | None
) -> None:
    """Print or write the answers in order; recordings that could not be read are told at the end.

    Raises:
        UserError: there were such; where none could be read, no file is written either.
    """
    from contextlib import nullcontext

    from seqzoo import files
    from seqzoo.tasks.transcribe.captions import srt

    broken: list[UserError] = []
    rows = output is not None and output.suffix.lower() in files.ROWS
    with files.writing(output) if output else nullcontext(sys.stdout) as file:
        write = files.row_writer(file, output.suffix.lower()) if rows and output else None
        for name, heard in answers:
            if isinstance(heard, UserError):
                broken.append(heard)
                continue
            if not heard.sure:
                note = f"{form.called(name)}: unsure, confidence {heard.confidence:.0%}"
                flags.say(form.quiet or form.as_json, typer.style(note, dim=True))
            if write:
                write({"path": str(name), "text": heard.text, "confidence": f"{heard.confidence:.4f}"})
            else:
                print(_shown(form, name, heard), file=file)
            if captions:
                with files.writing(captions) as out:
                    out.write(srt(heard.words))
        if len(broken) == len(form.names):  # in here, so that no empty file takes the place of an older one
            raise _all_of(broken)
    if broken:
        raise _all_of(broken)


def _all_of(broken: Sequence[UserError]) -> UserError:
    return UserError("\n       ".join(map(str, broken)), broken[0].hint)


def _shown(form: Form, name: Path, heard: Heard) -> str:
    if form.as_json:
        told = asdict(heard)
        told.pop("letters")
        return json.dumps({"model": form.model, "file": str(name), **told}, ensure_ascii=False)
    several = len(form.names) > 1
    if form.timestamps:
        lines = (f"{word.start:8.2f} {word.end:8.2f}  {word.text}" for word in heard.words)
        return "\n".join(chain([form.called(name)] if several else [], lines))
    return f"{form.called(name)}\t{heard.text}" if several else heard.text
