"""How a command of fatectl ends when it cannot do its work."""

import typer
from rich.console import Console


def failure(error: Exception) -> typer.Exit:
    """Show why a command failed, on standard error.

    Returns:
        The exception that ends it with code 1.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    console.print(f"fatectl: {error}", markup=False)
    return typer.Exit(1)
