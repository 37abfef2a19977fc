"""Tables on a terminal, and in a pipe."""

from rich.console import Console, RenderableType

_WIDE = 1000  # columns: a pipe is read by programs, which want a row in a line


def console() -> Console:
    """Where answers are shown: as wide as needed if it is no terminal."""
    rich_console = Console(highlight=False, emoji=False)
    if not rich_console.is_terminal:
        rich_console.width = _WIDE
    return rich_console


def print_table(*parts: RenderableType) -> None:
    """Print tables, and what is between them, without blanks at the ends of lines."""
    shown = console()
    with shown.capture() as captured:
        for part in parts:
            shown.print(part)
    print("\n".join(line.rstrip() for line in captured.get().rstrip().splitlines()))


def lasting(seconds: float) -> str:
    """How long something lasts, in its largest unit, like 3 h."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
