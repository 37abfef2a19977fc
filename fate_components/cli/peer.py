"""fatectl peer: the parties that others run, in the stack file."""

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Annotated, Any

import typer
from pulumi import automation as auto
from rich.console import Console

from ..operate.stack import Stack, StackError
from ..security import card as cards
from ..security.card import Card, CardError, Gateway
from .failure import failure
from .stack import StackOption, config, workspace

_PEERS = "fate:peers"
_SECONDS = 10  # to connect to a gateway

app = typer.Typer(no_args_is_help=True)


@app.callback()
def peer() -> None:
    """The parties that others run."""


@app.command("add")
def add(
    file: Annotated[
        typer.FileText,
        typer.Argument(metavar="CARD", help="What `fatectl card` printed there; - for stdin."),
    ],
    stack: StackOption = None,
) -> None:
    """Check the card of a party that others run, and add the party to the stack file.

    A gateway that does not answer this machine yet is only a warning.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        card = cards.read(file.read())
        present = config(stack)
        chosen_stack = present.checked()
        warnings = _compatible(card, chosen_stack)
        wanted = cards.peer(card, chosen_stack.settings)
        peers = [*json.loads(present.values.get(_PEERS) or "[]"), wanted]
        replace(present, values={**present.values, _PEERS: json.dumps(peers)}).checked()
        warnings += unreachable(card)
        values = {
            f"{_PEERS}[{len(peers) - 1}].{path}": auto.ConfigValue(str(value))
            for path, value in leaves(wanted)
        }
        with workspace(chosen_stack.name) as (project, name):
            project.set_all_config(name, values, path=True)
    except (StackError, CardError) as error:
        raise failure(error) from None
    for warning in warnings:
        console.print(f"fatectl: warning: {warning}", markup=False)
    if card.fingerprint:
        console.print(
            f"Ask the operator of party {card.party} whether its authority has the fingerprint\n"
            f"  {card.fingerprint}",
            markup=False,
        )
    console.print(
        f"Party {card.party} is now a peer in Pulumi.{chosen_stack.name}.yaml. "
        "Next: `pulumi preview`.",
        markup=False,
    )


def _compatible(card: Card, stack: Stack) -> list[str]:
    """Why the card's party may not be able to work with a stack's.

    Raises:
        CardError: it certainly cannot, or the stack has such a party.
    """
    doubts = list(cards.doubts(card, stack.settings, stack.release))
    fatal = [doubt.text for doubt in doubts if doubt.fatal]
    for index, peer in enumerate(stack.settings.peers):
        if peer.id == card.party:
            fatal.append(
                f"party {card.party} is in {_PEERS} already; to use the card instead, remove it "
                f"with `pulumi config rm --stack {stack.name} --path '{_PEERS}[{index}]'`"
            )
    if fatal:
        raise CardError("; ".join(fatal))
    return [doubt.text for doubt in doubts]


def leaves(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """The values in a map of maps, with the path of each, as `pulumi config set --path` has it.

    Args:
        values: the map.
        above: the path of the map itself, with a dot at the end.
    """
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def unreachable(card: Card) -> list[str]:
    """Why gateways do not answer this machine.

    Args:
        card: the card of the party whose gateways they are.

    Raises:
        CardError: one has another certificate than the card says.
    """

    def called(name: str) -> str | None:
        gateway = card.gateways[name]
        where = f"{name} of party {card.party} ({gateway.address}:{gateway.port})"
        try:
            _call(gateway, card)
        except ssl.SSLCertVerificationError as error:
            raise CardError(
                f"{where} has a certificate that is not as the card says: {error.verify_message}"
            ) from None
        except OSError as error:
            return f"{where} does not answer this machine: {error.strerror or error}"
        return None

    with ThreadPoolExecutor() as threads:
        return [fault for fault in threads.map(called, card.gateways) if fault]


def _call(gateway: Gateway, card: Card) -> None:
    with socket.create_connection((gateway.address, gateway.port), timeout=_SECONDS) as plain:
        if card.tls is None:
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=card.tls.authority)
        with context.wrap_socket(plain, server_hostname=card.tls.name):
            pass
