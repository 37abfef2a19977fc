"""fatectl card: what the operators of other parties need to add a party as a peer."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from ..operate.stack import StackError
from ..security import card as cards
from ..security import certificates
from .failure import failure
from .stack import StackOption, read


def card(
    party: Annotated[int, typer.Argument(help="The party's id.")],
    stack: StackOption = None,
) -> None:
    """Print a party's card, for others to run `fatectl peer add` with. It contains no secret."""
    try:
        chosen_stack = read(stack)
        chosen_stack.party(party)
        plan = chosen_stack.plan
        encryption = certificates.of(chosen_stack.settings, plan, datetime.now(UTC))
        (planned,) = [candidate for candidate in plan.parties if candidate.party.id == party]
        made = cards.of(planned, chosen_stack.settings, chosen_stack.release, encryption)
    except (StackError, cards.CardError) as error:
        raise failure(error) from None
    typer.echo(cards.render(made), nl=False)
