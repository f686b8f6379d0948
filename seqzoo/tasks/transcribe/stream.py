"""A sound that goes on: chunk by chunk through the front and the recurrent layers, whose states are carried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from seqzoo.runtime import Graph
from seqzoo.tasks.transcribe.timing import Timing

if TYPE_CHECKING:
    from seqzoo.tasks.transcribe.codec import SpeechCodec
    from seqzoo.tasks.transcribe.decode import PrefixBeam


class Steps:
    """Logits of a stream, the same as of the whole recording; what is kept does not grow.

    The newest samples are kept for as long as a step still looks back at them. A buffer always begins with a step.
    """

    def __init__(self, front: Graph, step: Graph, timing: Timing) -> None:
        self._front, self._step, self._timing = front, step, timing
        self._states = step.states(1)
        self._buffer = np.empty(0, np.float32)
        self._first = self.done = 0  # the step that the buffer begins with, and the next one to tell

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """Hear (n,) float32 more: (steps, classes) float32 logits, of as many steps as can be told by now."""
        self._buffer = np.concatenate([self._buffer, samples])
        frames = self._timing.frames(len(self._buffer))
        return self._told(self._first + (frames - 1 - self._timing.ahead) // self._timing.stride + 1)

    def end(self) -> np.ndarray:
        """The logits of the last steps, after which nothing comes."""
        return self._told(self._first + self._timing.steps(len(self._buffer)))

    def _told(self, until: int) -> np.ndarray:
        """Tell the steps before `until`, and forget the samples that none to come looks at."""
        if until <= self.done:
            return np.empty((0, self._step.output_width), np.float32)
        sound = {"samples": self._buffer[None], "lengths": np.array([len(self._buffer)], np.int32)}
        features = self._front(sound)[0][:, self.done - self._first : until - self._first]
        outputs = dict(zip(self._step.outputs, self._step({"features": features, **self._states}), strict=True))
        self._states = {name: outputs[name.removesuffix("_in")] for name in self._states}
        self.done = until
        first = max(self._first, until + -self._timing.back // self._timing.stride)
        self._buffer = self._buffer[(first - self._first) * self._timing.stride * self._timing.hop :]
        self._first = first
        return np.asarray(outputs[self._step.outputs[0]][0])


def follow(front: Graph, step: Graph, timing: Timing, samples: np.ndarray, chunk: int) -> Iterator[np.ndarray]:
    """The logits of a recording that is heard in chunks of so many samples."""
    steps = Steps(front, step, timing)
    for begin in range(0, len(samples), chunk):
        yield steps.feed(samples[begin : begin + chunk])
    yield steps.end()


class Stream:
    """What is heard of a sound that goes on, as text that may still change at its end."""

    def __init__(self, steps: Steps, beam: PrefixBeam, codec: SpeechCodec, silence: int) -> None:
        self._steps, self._beam, self._codec = steps, beam, codec
        self._settled, self._seen = "", 0
        self._silence = np.zeros(silence, np.float32)  # before and after, as around a whole recording
        self._hear(steps.feed(self._silence))

    def feed(self, samples: np.ndarray) -> str:
        """Hear (n,) float32 samples more: the text so far."""
        self._hear(self._steps.feed(samples))
        return self._text()

    def end(self) -> str:
        """The text, once nothing comes any more."""
        self.feed(self._silence)
        self._hear(self._steps.end())
        self._beam.end()
        return " ".join(self._text().split())

    def _hear(self, logits: np.ndarray) -> None:
        if len(logits):
            self._beam.feed(log_softmax(logits))

    def _text(self) -> str:
        self._settled += self._codec.decode(self._beam.settled[self._seen :])
        self._seen = len(self._beam.settled)
        return self._settled + self._codec.decode(self._beam.best().ids)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """(..., classes) logits -> (..., classes) float32 natural log-probabilities."""
    shifted = logits - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))
