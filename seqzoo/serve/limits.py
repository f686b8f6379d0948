"""What a service bears: sizes, times, and how much of it at once."""

from __future__ import annotations

from dataclasses import dataclass

from seqzoo.errors import UserError


@dataclass(frozen=True)
class Limits:
    """The bounds of a service.

    Attributes:
        body_mb: of a request's body, megabytes.
        timeout_s: for a body to arrive, and for an answer to be given.
        waiting: questions for one model that may wait.
        streams: answers that may be streamed at a time.
        rate: requests a minute of one client; 0: any.
        window_ms: how long a question waits for others to be answered with it.
        token: what a client must know; empty: nothing.
    """

    body_mb: float = 4.0
    timeout_s: float = 30.0
    waiting: int = 256
    streams: int = 8
    rate: int = 0
    window_ms: float = 2.0
    token: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            UserError: a number out of range, or a token that no header can carry.
        """
        above = {"max-body": self.body_mb, "timeout": self.timeout_s, "queue": self.waiting, "streams": self.streams}
        for name, value in above.items():
            if not value > 0:
                raise UserError(f"--{name} {value:g}: above 0")
        if not self.rate >= 0 or not 0 <= self.window_ms <= 1000:
            raise UserError("--rate is 0 (any) or more, --window 0 to 1000 milliseconds")
        if not self.token.isascii() or any(letter.isspace() for letter in self.token):
            raise UserError("--token: letters and digits without blanks")
