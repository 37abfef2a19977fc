"""The command that serves the page."""

from dataclasses import replace
from datetime import UTC, datetime

import typer

from ...operate.stack import StackError
from ...operate.target import Target, TargetError
from ...security.redaction import Redactor, secrets_of
from ..failure import failure
from ..logs import INTERRUPTED
from ..stack import StackOption
from ..target import HostOption, aside, target, waiting
from .live import Live
from .server import Server

_UNKNOWN_SECRETS = "what services write is shown unchanged, because the stack's secrets are unknown"


def board(host: HostOption = None, stack: StackOption = None) -> None:
    """Serve a page that shows the stack live, for browsers on this machine, until Ctrl-C.

    It changes nothing, and needs no internet.
    """
    notes: list[str] = []
    try:
        with waiting("reading the stack"):
            looked_at = target(stack, host, notes.append)
            if looked_at.name is None:
                # There must be one stack only.
                members = looked_at.look().members
                looked_at = replace(looked_at, name=members[0].stack if members else None)
    except (StackError, TargetError) as error:
        raise failure(error) from None
    if not looked_at.secrets_known:
        notes.append(_UNKNOWN_SECRETS)
    for text in notes:
        aside(text)
    live = Live(looked_at, redactor(looked_at), notes)
    try:
        with Server(live) as server:
            print(server.url, flush=True)
            aside("until Ctrl-C")
            server.serve_forever()
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def redactor(looked_at: Target) -> Redactor:
    """What removes the secrets of a stack from texts, as far as they are known."""
    stack = looked_at.stack
    if stack is None or not looked_at.secrets_known:
        return Redactor()
    plan = stack.plan
    return Redactor(secrets_of(stack.settings, plan, datetime.now(UTC)))
