"""When a step of the network is: how samples become frames, and frames steps."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seqzoo.errors import UserError

if TYPE_CHECKING:
    import keras

FILE = "timing.json"


@dataclass(frozen=True)
class Timing:
    """Windows of samples, and how many of them a step looks at.

    Attributes:
        rate: samples a second.
        window, hop: samples of a frame, and from one to the next.
        stride: frames from one step to the next.
        back, ahead: frames that a step's convolutions see before and after its own.
    """

    rate: int
    window: int
    hop: int
    stride: int = 1
    back: int = 0
    ahead: int = 0

    def __post_init__(self) -> None:
        if min(self.rate, self.window, self.hop, self.stride) < 1 or min(self.back, self.ahead) < 0:
            raise ValueError("a timing needs rate, window, hop and stride of at least 1")

    @classmethod
    def of(cls, model: keras.Model) -> Timing:
        """How a network's samples become steps."""
        rate = window = hop = stride = 1
        back = ahead = 0
        for layer in model.layers:
            if type(layer).__name__ == "LogMel":
                rate, window, hop = layer.rate, layer.width, layer.stride
            elif type(layer).__name__ == "Rise":
                back += stride
            elif type(layer).__name__ == "FrameConv":
                back, ahead = back + stride * (layer.width - 1 - layer.ahead), ahead + stride * layer.ahead
                stride *= layer.stride
        return cls(rate, window, hop, stride, back, ahead)

    def frames(self, samples: int) -> int:
        """Whole frames in so many samples."""
        return max(0, (samples - self.window) // self.hop + 1)

    def steps(self, samples: int) -> int:
        """Steps for so many samples."""
        return -(-self.frames(samples) // self.stride)

    @property
    def step_s(self) -> float:
        """Seconds from one step to the next."""
        return self.stride * self.hop / self.rate

    @property
    def delay_s(self) -> float:
        """Seconds of sound that must have come after the beginning of a step, before it can be told."""
        return (self.ahead * self.hop + self.window) / self.rate

    def seconds(self, step: float) -> float:
        """The middle of a step's own frame, in seconds from the beginning."""
        return (step * self.stride * self.hop + self.window / 2) / self.rate

    def to_json(self) -> bytes:
        """The content of timing.json."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Timing:
        """Rebuild it.

        Raises:
            ValueError, TypeError: it is none.
        """
        return cls(**{name: int(value) for name, value in json.loads(content).items()})

    @classmethod
    def load(cls, folder: Path) -> Timing:
        """Read a bundle's timing.json.

        Raises:
            UserError: missing or damaged.
        """
        try:
            return cls.from_json((folder / FILE).read_bytes())
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise UserError(f"{folder}: {FILE} is missing or damaged: {error}") from None
