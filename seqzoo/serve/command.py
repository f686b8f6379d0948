"""The verb serve: bundles behind HTTP, on this machine unless told otherwise."""

from __future__ import annotations

import ipaddress
from typing import Annotated

import typer

from seqzoo import flags
from seqzoo.errors import UserError, needs

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def command(
    run: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="Runs' folders or recipes' names.", autocompletion=flags.recipe_names),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine's own need a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any that is free.")] = 8000,
    token: Annotated[
        str, typer.Option(envvar="SEQZOO_TOKEN", help="What clients must send: Authorization: Bearer TOKEN.")
    ] = "",
    rate: Annotated[int, typer.Option(help="Requests a minute of one client; 0: any.")] = 0,
    queue: Annotated[int, typer.Option(help="Questions for one model that may wait.")] = 256,
    streams: Annotated[int, typer.Option(help="Answers streamed at a time.")] = 8,
    window: Annotated[float, typer.Option(metavar="MS", help="How long a question waits for others.")] = 2.0,
    timeout: Annotated[float, typer.Option(metavar="S", help="For a body to arrive, and for an answer.")] = 30.0,
    max_body: Annotated[float, typer.Option("--max-body", metavar="MB", help="Of a request.")] = 4.0,
    quiet: flags.Quiet = False,
) -> None:
    """Answer over HTTP, with a page to try it on; without TensorFlow in the process."""
    with needs("seqzoo serve", "serve"):
        import fastapi  # noqa: F401
        import prometheus_client  # noqa: F401
        import uvicorn  # noqa: F401
    from seqzoo.serve.limits import Limits
    from seqzoo.serve.loaded import load
    from seqzoo.serve.server import run as serve

    if not _local(host) and not token:
        raise UserError(f"--host {host} opens the service to others: say what they must know", "--token TOKEN")
    limits = Limits(max_body, timeout, queue, streams, rate, window, token)
    loaded = load(run or [])
    for one in loaded:
        flags.say(quiet, f"{one.task}: {one.name}")
    hosts = (*_LOOPBACK, host) if _local(host) else ()
    serve(loaded, limits, host, port, hosts, say=lambda line: flags.say(quiet, line))


def _local(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
