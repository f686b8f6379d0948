"""Words in, tags out: what a bundle does. Imports neither TensorFlow nor Keras."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from seqzoo.errors import UserError
from seqzoo.runtime import BATCH, Arrays, Graph, length, pad, windows
from seqzoo.tasks.tag import schemes, viterbi
from seqzoo.tasks.tag.codec import TagCodec
from seqzoo.tasks.tag.schemes import Span
from seqzoo.tasks.tag.words import Token, split

GRAPH, TRANSITIONS = "model.onnx", "transitions"
_EXAMPLES = ("Angela Merkel met Tim Cook in Berlin on Monday .", "It rains in Paris .")


@dataclass(frozen=True)
class Marked:
    """A span of a text.

    Attributes:
        text: what it covers: text[start:end] of the whole.
        start, end: characters.
        kind: what it is.
        confidence: the probability of just this span, among all ways to tag the sentence.
    """

    text: str
    start: int
    end: int
    kind: str
    confidence: float


@dataclass(frozen=True)
class Tagged:
    """What is said of one text: its words, their tags (in IOB2, or plain), and the spans that these mark.

    Of plain tags each word is a span.
    """

    text: str
    words: tuple[str, ...]
    tags: tuple[str, ...]
    spans: tuple[Marked, ...]


@dataclass(frozen=True)
class Tagger:
    """A bundle in memory: words in, tags out."""

    codec: TagCodec
    graph: Graph

    @classmethod
    def load(cls, folder: Path) -> Tagger:
        """Load a bundle whose files have been checked (`bundle.load_meta`).

        Raises:
            UserError: damaged files.
        """
        codec, graph = TagCodec.load(folder), Graph(folder / GRAPH)
        if graph.output_width != len(codec.tags) or len(graph.inputs) != 1 + bool(codec.width):
            raise UserError(f"{folder}: the graph and the codec do not fit together")
        return cls(codec, graph)

    def save(self, folder: Path) -> None:
        """Nothing was decided that the codec and the graph do not say."""

    def examples(self) -> list[Arrays]:
        """Two sentences as arrays."""
        return [self.codec.encode([one.text for one in split(text)]) for text in _EXAMPLES]

    @cached_property
    def transitions(self) -> np.ndarray:
        """(tags + 1, tags + 1) float32: what the network says of them, and which are legal."""
        if TRANSITIONS not in self.graph.outputs:
            return self.codec.allowed
        one = {name: array[None] for name, array in self.codec.encode(["."]).items()}
        return np.asarray(self.graph(one)[self.graph.outputs.index(TRANSITIONS)] + self.codec.allowed)

    def numbers(self, sentences: Sequence[Sequence[str]], batch: int = BATCH) -> list[np.ndarray]:
        """The tags of each sentence of at least one word: (time,) int64 numbers."""
        found: list[np.ndarray] = [np.empty(0, np.int64)] * len(sentences)
        for rows, logits, lengths in self._logits(sentences, batch):
            for i, tags in zip(rows, viterbi.decode(logits, lengths, self.transitions), strict=True):
                found[i] = tags
        return found

    def _logits(
        self, sentences: Sequence[Sequence[str]], batch: int
    ) -> Iterator[tuple[list[int], np.ndarray, np.ndarray]]:
        """Which sentences, their (batch, time, tags) float32 logits and their lengths, in batches of similar length."""
        encoded: list[Arrays] = [self.codec.encode(words) for words in sentences]
        order = sorted(range(len(encoded)), key=lambda i: length(encoded[i]))
        for begin in range(0, len(order), batch):
            rows = order[begin : begin + batch]
            logits = self.graph(pad([encoded[i] for i in rows]))[0]
            yield rows, logits, np.array([length(encoded[i]) for i in rows])

    def tags(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """The tags of each sentence, as a file would have them: in IOB2, or plain."""
        return [
            schemes.written(self.codec.spans(numbers), len(numbers), self.codec.outside)
            for numbers in self.numbers(sentences)
        ]

    def predict(self, texts: Iterable[str]) -> Iterator[Tagged]:
        """Answer texts, in order, a bounded window of them at a time; a text without a word has no tags."""
        for some in windows(texts):
            yield from self._tagged([(text, split(text)) for text in some])

    def read(self, sentences: Iterable[Sequence[str]]) -> Iterator[Tagged]:
        """Answer sentences that are split already; their text is the words, a space between each."""
        for some in windows(sentences):
            yield from self._tagged([(" ".join(words), _placed(words)) for words in some])

    def _tagged(self, texts: Sequence[tuple[str, Sequence[Token]]]) -> Iterator[Tagged]:
        """The answer to each text, given its words."""
        answers = iter(self._answered([[one.text for one in tokens] for _, tokens in texts if tokens]))
        for text, tokens in texts:
            tags, spans = next(answers) if tokens else ([], [])
            marked = tuple(_marked(text, tokens, span, sure) for span, sure in spans)
            yield Tagged(text, tuple(one.text for one in tokens), tuple(tags), marked)

    def _answered(self, sentences: Sequence[Sequence[str]]) -> list[tuple[list[str], list[tuple[Span, float]]]]:
        """Tags and spans with their confidence, of each sentence of at least one word."""
        found: list[tuple[list[str], list[tuple[Span, float]]]] = [([], [])] * len(sentences)
        for rows, logits, lengths in self._logits(sentences, BATCH):
            decoded = viterbi.decode(logits, lengths, self.transitions)
            for i, row, n, numbers in zip(rows, logits, lengths, decoded, strict=True):
                spans = self.codec.spans(numbers)
                sure = viterbi.confidence(row[:n], self.transitions, numbers, spans)
                tags = schemes.written(spans, int(n), self.codec.outside)
                found[i] = (tags, list(zip(spans, sure, strict=True)))
        return found


def _placed(words: Sequence[str]) -> list[Token]:
    """Where words stand in a text of them, a space between each."""
    ends = np.cumsum([len(word) + 1 for word in words]) - 1
    return [Token(word, int(end) - len(word), int(end)) for word, end in zip(words, ends, strict=True)]


def _marked(text: str, tokens: Sequence[Token], span: Span, sure: float) -> Marked:
    start, end = tokens[span.start].start, tokens[span.end - 1].end
    return Marked(text[start:end], start, end, span.kind, sure)


def speed(tagger: Tagger, sentences: Sequence[Sequence[str]]) -> tuple[float, float]:
    """Median milliseconds for one sentence alone, and sentences a second in batches of 64."""
    sample, single = list(sentences[:256]), []
    for words in sample[:30]:
        start = time.perf_counter()
        tagger.numbers([words])
        single.append(time.perf_counter() - start)
    start = time.perf_counter()
    tagger.numbers(sample)
    return 1000 * float(np.median(single)), len(sample) / (time.perf_counter() - start)
