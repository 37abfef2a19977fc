"""A preview as Markdown for a pull request."""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from .steps import (
    COMMAND,
    CONTAINER,
    CREATE,
    DELETE,
    EXCHANGE,
    IMPORT,
    REPLACE,
    UPDATE,
    VOLUME,
    Change,
    Preview,
)

MAX_LENGTH = 65_536
"""How long a comment on GitHub can be, in characters; here counted in bytes, to be safe."""

_DONE = {
    REPLACE: "replaced",
    DELETE: "removed",
    CREATE: "created",
    UPDATE: "updated in place",
    IMPORT: "imported",
}
_COMMANDS = {
    "health": "waits until all services are healthy",
    "routes": "delivers the routes into the running container",
    "nodes": "registers the eggs",
    "parties": "tells notebooks the ids of the parties",
    "databases": "checks the external databases",
    "images": "builds or loads images",
}
_LISTED, _OF_PARTY = 8, 4  # names in a sentence
_MESSAGES, _MESSAGE = 20, 1500
_CELL = 300


def render(preview: Preview, stack: str) -> str:
    """The text of the comment.

    Args:
        preview: what was found.
        stack: the stack's name.
    """
    lines = [marker(stack), f"### Preview of stack `{stack}`", "", _summary(preview), ""]
    for title, messages in (("Errors", preview.errors), ("Warnings", preview.warnings)):
        if messages:
            lines += _messages(title, messages)
    text = "\n".join(lines)
    groups = _grouped(preview.changes)
    for number, (title, changes) in enumerate(groups):
        section = "\n" + "\n".join(_section(title, changes)) + "\n"
        rest = sum(len(changes) for _, changes in groups[number:])
        more = f"\n{rest} more changes: `pulumi preview --stack {stack}` shows them.\n"
        room = MAX_LENGTH - _length(text)
        if _length(section) + _length(more) > room:
            return text + more
        text += section
    return text


def marker(stack: str) -> str:
    """The first line, by which the next preview finds the comment that it replaces."""
    return f"<!-- fate preview {stack} -->"


def _length(text: str) -> int:
    return len(text.encode())


def _summary(preview: Preview) -> str:
    """One line: what is replaced, what that interrupts, and what data it touches."""
    if preview.errors:
        return "**The preview failed: nothing can be deployed like this.**"
    if not preview.changes:
        return " ".join(["**No changes.**", *_exposed(preview)])
    counts = Counter((change.operation, change.kind == CONTAINER) for change in preview.changes)
    parts = []
    for operation, done in _DONE.items():
        containers, others = counts[operation, True], counts[operation, False]
        if containers:
            parts.append(f"{_number(containers, 'container')} {done}")
        if others:
            parts.append(f"{_number(others, 'other resource')} {done}")
    return " ".join([f"**{', '.join(parts)}.**", _interrupts(preview.changes), *_data(preview)])


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _interrupts(changes: Sequence[Change]) -> str:
    stopping = [replace(change, service=change.stops) for change in changes if change.stops]
    if not stopping:
        return "Interrupts nothing."
    jobs = [
        "all parties" if change.owner == EXCHANGE else _owner(change.owner)
        for change in stopping
        if change.interrupts == "jobs"
    ]
    requests = [_owner(change.owner) for change in stopping if change.interrupts == "inference"]
    parts = [f"Interrupts {_places(stopping)}"]
    parts.append(
        f"running jobs of {_listed(_by_id(jobs))} fail" if jobs else "no job is interrupted"
    )
    if requests:
        parts.append(f"inference requests to {_listed(_by_id(requests))} fail meanwhile")
    return "; ".join(parts) + "."


def _data(preview: Preview) -> Iterator[str]:
    volumes = [change for change in preview.changes if change.kind == VOLUME]
    gone = [change for change in volumes if change.operation in (REPLACE, DELETE)]
    if lost := [change for change in gone if not change.kept]:
        yield f"⚠️ **Deletes the data of {_places(lost)}.**"
    if kept := [change for change in gone if change.kept]:
        yield f"The data of {_places(kept)} stays on the Docker host, unused."
    if other := [change for change in preview.changes if change.image and change.volumes]:
        yield f"⚠️ Another image reads the existing data of {_places(other)}: make a backup first."
    if new := [change for change in volumes if change.operation == CREATE]:
        yield f"New volumes for {_places(new)}."
    yield from _exposed(preview)
    if not gone and not other and not preview.exposed:
        restarted = any(
            change.volumes and change.operation == REPLACE for change in preview.changes
        )
        yield "Data is kept." if restarted else "No data is touched."


def _exposed(preview: Preview) -> Iterator[str]:
    if preview.exposed:
        owners = _listed(map(_owner, _by_id(preview.exposed)))
        yield f"⚠️ From now on, `pulumi destroy` deletes the data of {owners}."


def _places(changes: Iterable[Change]) -> str:
    """The services of each party."""
    by_owner: dict[str, list[str]] = {}
    for change in changes:
        services = by_owner.setdefault(change.owner, [])
        services += [f"`{change.service}`"] * (f"`{change.service}`" not in services)
    return _listed(
        _owner(owner)
        if owner == EXCHANGE
        else f"{_listed(sorted(by_owner[owner]), _OF_PARTY)} of {_owner(owner)}"
        for owner in _by_id(by_owner)
    )


def _owner(owner: str) -> str:
    return f"the {owner}" if owner == EXCHANGE else f"party {owner}"


def _by_id(names: Iterable[str]) -> list[str]:
    """Names with ids in them, in the order of the ids."""
    return sorted(names, key=lambda name: (len(name), name))


def _listed(names: Iterable[str], most: int = _LISTED) -> str:
    every = list(dict.fromkeys(names))
    shown = every[:most]
    if len(every) > len(shown):
        return f"{', '.join(shown)} and {len(every) - len(shown)} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _grouped(changes: Sequence[Change]) -> list[tuple[str, list[Change]]]:
    """The changes of each party, in the order of ids, then of the exchange and Docker hosts."""
    groups: dict[tuple[int, int, str], list[Change]] = {}
    for change in changes:
        if change.owner.isdigit():
            key = (0, int(change.owner), f"Party {change.owner}")
        elif change.owner == EXCHANGE:
            key = (1, 0, "Exchange")
        elif change.name.startswith("verify-"):
            key = (3, 0, "Checks at the end")
        else:
            key = (2, 0, f"Docker host {change.host}")
        groups.setdefault(key, []).append(change)
    return [(title, groups[_, __, title]) for _, __, title in sorted(groups)]


def _section(title: str, changes: Sequence[Change]) -> Iterator[str]:
    counts = Counter(change.operation for change in changes)
    summary = ", ".join(f"{counts[op]} {done}" for op, done in _DONE.items() if counts[op])
    yield f"<details><summary>{html.escape(title)}: {summary}</summary>"
    yield ""
    yield "| service | resource | change | what |"
    yield "| --- | --- | --- | --- |"
    for change in sorted(changes, key=lambda change: (change.service, change.name, change.kind)):
        kind = change.kind.lower() if change.kind != "RemoteImage" else "image"
        service = f"`{change.service}`" if change.owner else ""
        cells = [
            service, f"{kind} `{change.name}`", _DONE[change.operation], _what(change)
        ]  # fmt: skip
        yield f"| {' | '.join(_cell(cell) for cell in cells)} |"
    yield ""
    yield "</details>"


def _what(change: Change) -> str:
    if change.kind == COMMAND:
        if change.name.startswith("verify-"):
            return "runs a toy job"
        what = _COMMANDS.get(change.name.rsplit("-", 1)[-1], "")
        if change.restarts:
            what += f", and restarts the proxy, which forgets {change.restarts}"
        return "" if change.operation == DELETE else what
    if change.kind == VOLUME and change.operation == DELETE:
        return "stays on the Docker host" if change.kept else "⚠️ its data is deleted"
    if change.operation == IMPORT:
        return "is on the Docker host already"
    if change.operation == REPLACE and not change.what:
        return "together with what it depends on"
    return "; ".join(change.what)


def _cell(text: str) -> str:
    short = text if len(text) <= _CELL else f"{text[:_CELL]}…"
    return re.sub(r"\s+", " ", short).replace("|", "\\|")


def _messages(title: str, messages: Sequence[str]) -> Iterator[str]:
    yield f"<details open><summary>{title}</summary>"
    yield ""
    for message in messages[:_MESSAGES]:
        yield f"<pre>{html.escape(message[:_MESSAGE])}</pre>"
    if len(messages) > _MESSAGES:
        yield f"and {len(messages) - _MESSAGES} more"
    yield ""
    yield "</details>"
