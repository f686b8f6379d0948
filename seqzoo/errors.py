"""Errors a user can act on: one message, exit code 2, no traceback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

_LISTED = 10


class UserError(Exception):
    """Something the user asked for that cannot be done.

    The message says what was asked, where, and what is allowed; `hint` is the command to type next.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@contextmanager
def needs(what: str, extra: str) -> Iterator[None]:
    """Around imports of packages that only an extra brings, for the sake of `what`.

    Raises:
        UserError: one of them is missing; the hint says what to install.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "seqzoo").startswith("seqzoo"):
            raise
        message = f"{what} needs {error.name}, which is not installed"
        raise UserError(message, f"pip install 'seqzoo[{extra}]'") from None


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Say which allowed names there are, the nearest one first when there is one."""
    names = sorted(allowed)
    match = get_close_matches(word, names, n=1, cutoff=0.5)
    listed = ", ".join(names) if names else "none"
    return f"did you mean {match[0]!r}? (allowed: {listed})" if match else f"allowed: {listed}"


def listing(found: Sequence[str]) -> str:
    """The first of what was found, each on a line of its own, and how many more there are."""
    more = [f"and {len(found) - _LISTED} more"] if len(found) > _LISTED else []
    return "".join(f"\n  {line}" for line in [*found[:_LISTED], *more])
