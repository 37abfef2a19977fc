"""The picture of a deployment as SVG.

Docker hosts stand in rows above and below a bar, the network between them. On each, a line is the
Docker network that the gateways of its parties share, so that no line crosses another or a text.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from ..settings import SERVING, TRAINING
from .model import ClusterBox, HostBox, OthersBox, Picture, ServiceBox

_COLUMNS = 3
_WIDTH, _GAP, _MARGIN = 500, 20, 30
_LINE = 17  # the height of a line of text
_LANE = 24  # from the edge of a host to the line of its shared network
_BAR, _CONNECTOR = 30, 46
# Widths of a character, in ems: of monospaced fonts exactly, of others at most on average.
_MONO, _SANS = 0.62, 0.66
_ENCRYPTED, _PLAIN = "#1a7f37", "#9a6700"
_STYLE = """
text { font-family: "DejaVu Sans", Verdana, Arial, sans-serif; font-size: 12px; fill: #1f2328 }
.mono { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 11px }
.title { font-size: 18px; font-weight: bold }
.name { font-size: 14px; font-weight: bold }
.quiet { fill: #59636e }
.host { fill: #f6f8fa; stroke: #59636e }
.cluster { fill: #ffffff; stroke: #0969da; stroke-width: 1.5 }
.serving { stroke: #8250df }
.exchange { stroke: #bc4c00; stroke-width: 2.5 }
.service { fill: #ddf4ff; stroke: none }
.external { fill: #ffffff; stroke: #59636e; stroke-dasharray: 4 3 }
.way { fill: none; stroke-width: 3 }
"""

_STATES = f"""
.service.well {{ fill: #dafbe1; stroke: #1a7f37 }}
.service.changing {{ fill: #fff8c5; stroke: #9a6700 }}
.service.ill {{ fill: #ffebe9; stroke: #cf222e; stroke-width: 2 }}
.service.unknown {{ fill: #eaeef2; stroke: #59636e; stroke-dasharray: 4 3 }}
text {{ pointer-events: none }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e6edf3 }}
.quiet {{ fill: #9198a1 }}
rect[fill="#ffffff"] {{ fill: #0d1117 }}
[stroke="{_PLAIN}"] {{ stroke: #d29922 }}
circle[fill="{_PLAIN}"] {{ fill: #d29922 }}
[stroke="{_ENCRYPTED}"] {{ stroke: #3fb950 }}
circle[fill="{_ENCRYPTED}"] {{ fill: #3fb950 }}
.host {{ fill: #151b23; stroke: #9198a1 }}
.cluster {{ fill: #0d1117; stroke: #4493f8 }}
.serving {{ stroke: #ab7df8 }}
.exchange {{ stroke: #db6d28 }}
.external {{ fill: #0d1117; stroke: #9198a1 }}
.service.well {{ fill: #12361f; stroke: #3fb950 }}
.service.changing {{ fill: #3a2d0c; stroke: #d29922 }}
.service.ill {{ fill: #4a1519; stroke: #f85149 }}
.service.unknown {{ fill: #262c36; stroke: #9198a1 }}
}}
"""
_SIGNS = {"well": "✓", "changing": "…", "ill": "✕", "unknown": "?"}
_SIGN = 16  # the room for one of them

_Row = Sequence[HostBox | OthersBox]


@dataclass(frozen=True)
class Label:
    """A text and the room that it takes."""

    text: str
    x: float
    y: float
    width: float
    height: float


@dataclass
class Canvas:
    """What has been drawn, and the texts, by which a test sees whether they overlap."""

    encrypted: bool
    parts: list[str] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    lines: list[tuple[float, float, float, float]] = field(default_factory=list)

    def text(self, x: float, y: float, text: str, room: float, kind: str = "") -> None:
        """A line of text whose upper left corner is at x, y, cut to the room that it has."""
        size = {"title": 18, "name": 14, "mono": 11}.get(kind.split(" ")[0], 12)
        em = (_MONO if "mono" in kind else _SANS) * size
        shown = text if len(text) * em <= room else text[: max(1, int(room / em) - 1)] + "…"
        title = f"<title>{escape(text)}</title>" if shown != text else ""
        css = f" class={quoteattr(kind)}" if kind else ""
        self.parts.append(
            f'<text x="{x:g}" y="{y + size:g}"{css} xml:space="preserve">'
            f"{title}{escape(shown)}</text>"
        )
        self.labels.append(Label(text, x, y, len(shown) * em, size * 1.25))

    def box(
        self, x: float, y: float, width: float, height: float, kind: str, title: str = ""
    ) -> None:
        """A rectangle, with a text that shows when somebody points at it."""
        end = f"><title>{escape(title)}</title></rect>" if title else "/>"
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" '
            f'class="{kind}"{end}'
        )

    def way(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """A straight way between parties."""
        color, dashes = (_ENCRYPTED, "") if self.encrypted else (_PLAIN, ' stroke-dasharray="7 4"')
        self.parts.append(
            f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" class="way" stroke="{color}"{dashes}/>'
        )
        self.lines.append((x1, y1, x2, y2))

    def knob(self, x: float, y: float) -> None:
        """The end of a way at a port."""
        color = _ENCRYPTED if self.encrypted else _PLAIN
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="5" fill="{color}"/>')


def render(picture: Picture) -> str:
    """The text of an SVG file.

    Args:
        picture: what it shows. One with states is dark if the reader prefers that.
    """
    canvas, width, height = draw(picture)
    live = any(
        service.condition
        for host in picture.hosts
        for cluster in host.clusters
        for service in cluster.services
    )
    style = _STYLE + _STATES if live else _STYLE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-label={quoteattr(picture.title)}>\n'
        f"<style>{style}</style>\n"
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>\n'
        + "\n".join(canvas.parts)
        + "\n</svg>\n"
    )


def draw(picture: Picture) -> tuple[Canvas, float, float]:
    """Draw a picture.

    Returns:
        What was drawn, its width and its height.
    """
    canvas = Canvas(picture.encrypted)
    boxes: list[HostBox | OthersBox] = [*picture.hosts, *picture.others]
    rows = [boxes[start : start + _COLUMNS] for start in range(0, len(boxes), _COLUMNS)]
    columns = min(len(boxes), _COLUMNS)
    inner = columns * _WIDTH + (columns - 1) * _GAP
    width = inner + 2 * _MARGIN
    y: float = _caption(canvas, picture, inner)
    bars = []
    for upper, lower in _pairs(rows):
        bottom = y + max(map(_height, upper))
        for x, box in _placed(upper):
            _draw(canvas, box, x, bottom - _height(box), above=True)
        y = bottom
        if not picture.network:
            break
        y += _CONNECTOR
        _bar(canvas, picture, _MARGIN, y, inner)
        bars.append(y + _BAR / 2)
        for x, box in _placed(upper):
            _connect(canvas, box, x, bottom, y)
        y += _BAR
        if lower:
            for x, box in _placed(lower):
                _connect(canvas, box, x, y, y + _CONNECTOR)
                _draw(canvas, box, x, y + _CONNECTOR, above=False)
            y += _CONNECTOR + max(map(_height, lower))
        y += _GAP
    if len(bars) > 1:
        for bar in bars:
            canvas.way(_MARGIN / 2, bar, _MARGIN, bar)
        canvas.way(_MARGIN / 2, bars[0], _MARGIN / 2, bars[-1])
    return canvas, width, y + _GAP


def _pairs(rows: Sequence[_Row]) -> list[tuple[_Row, _Row]]:
    return [(rows[at], rows[at + 1] if at + 1 < len(rows) else []) for at in range(0, len(rows), 2)]


def _placed(row: _Row) -> list[tuple[float, HostBox | OthersBox]]:
    return [(_MARGIN + number * (_WIDTH + _GAP), box) for number, box in enumerate(row)]


def _caption(canvas: Canvas, picture: Picture, room: float) -> float:
    """The title and the rules; returns where what follows begins."""
    canvas.text(_MARGIN, _MARGIN - 8, picture.title, room, "title")
    y = _MARGIN + 22.0
    for rule in picture.rules:
        for line in textwrap.wrap(rule, int(room / (_SANS * 12))):
            canvas.text(_MARGIN, y, line, room, "quiet")
            y += _LINE
    return y + 14


def _bar(canvas: Canvas, picture: Picture, x: float, y: float, width: float) -> None:
    """The network between the Docker hosts."""
    color = _ENCRYPTED if picture.encrypted else _PLAIN
    canvas.parts.append(
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{_BAR}" rx="15" fill="#ffffff" '
        f'stroke="{color}" stroke-width="3"/>'
    )
    how = "encrypted" if picture.encrypted else "not encrypted"
    canvas.text(x + 60, y + 7, f"network between the Docker hosts ({how})", width - 80)


def _connect(canvas: Canvas, box: HostBox | OthersBox, x: float, top: float, bottom: float) -> None:
    """The ways between a box and the bar."""
    if isinstance(box, OthersBox):
        canvas.way(x + _LANE, top, x + _LANE, bottom)
        return
    for lane in box.lanes:
        at = _lane(lane.kind, x)
        canvas.way(at, top, at, bottom)
    if box.lanes:
        address = box.address or "(no address that others reach)"
        canvas.text(
            x + _LANE + 12, (top + bottom) / 2 - 8, address, _WIDTH - 2 * _LANE - 24, "mono"
        )


def _lane(kind: str, x: float) -> float:
    return x + (_LANE if kind == TRAINING else _WIDTH - _LANE)


def _height(box: HostBox | OthersBox) -> float:
    if isinstance(box, OthersBox):
        return 34 + len(box.rows) * _LINE + 8
    clusters = sum(_cluster_height(box, cluster) + 10 for cluster in box.clusters)
    return 32 + len(box.lanes) * _LINE + 6 + clusters


def _room(host: HostBox) -> float:
    """The width of the clusters on a Docker host."""
    both = any(lane.kind == SERVING for lane in host.lanes)
    return _WIDTH - 2 * _LANE - (2 * _LANE if both else 16)


def _cluster_height(host: HostBox, cluster: ClusterBox) -> float:
    lines = len(cluster.doors) + len(_notes(cluster, _room(host)))
    return 30 + lines * _LINE + _chips(cluster.services, _room(host) - 20)[1] + 8


def _notes(cluster: ClusterBox, width: float) -> list[str]:
    """The lines of a cluster's notes in a box of a width."""
    letters = int((width - 28) / (_MONO * 11))
    return [
        line
        for note in cluster.notes
        for line in textwrap.wrap(note, letters, subsequent_indent="  ")
    ]


def _draw(canvas: Canvas, box: HostBox | OthersBox, x: float, y: float, above: bool) -> None:
    """Draw a box, whose lines end at its lower edge if it is above the bar."""
    height = _height(box)
    canvas.box(x, y, _WIDTH, height, "host")
    if isinstance(box, OthersBox):
        canvas.text(x + 2 * _LANE, y + 8, box.title, _WIDTH - 3 * _LANE, "name")
        for number, row in enumerate(box.rows):
            at = y + 34 + number * _LINE
            canvas.text(x + 2 * _LANE, at, row, _WIDTH - 3 * _LANE, "mono")
        return
    strip = len(box.lanes) * _LINE + 6
    edge = y + height if above else y
    head = y + (0 if above else strip)
    name = f"Docker host {box.name}"
    canvas.text(x + 2 * _LANE, head + 8, name, _WIDTH - 3 * _LANE, "name")
    for number, lane in enumerate(box.lanes):
        at = (y + height - strip if above else y + 6) + number * _LINE
        text = lane.text if len(box.lanes) == 1 else f"{lane.kind}: {lane.text}"
        canvas.text(x + _LANE + 12, at, text, _WIDTH - 2 * _LANE - 24, "mono quiet")
    below = head + 32
    ends: dict[str, list[float]] = {lane.kind: [] for lane in box.lanes}
    for cluster in box.clusters:
        doors = _cluster(canvas, box, cluster, x, below)
        if cluster.kind in ends:
            ends[cluster.kind] += doors
        below += _cluster_height(box, cluster) + 10
    for kind, doors in ends.items():
        lane_x = _lane(kind, x)
        reach = [*doors, edge]
        canvas.way(lane_x, min(reach), lane_x, max(reach))


def _cluster(canvas: Canvas, host: HostBox, cluster: ClusterBox, x: float, y: float) -> list[float]:
    """Draw a cluster; returns where the ways to its doors branch off."""
    left, width = x + 2 * _LANE, _room(host)
    kind = "cluster"
    if cluster.kind == SERVING:
        kind += " serving"
    if cluster.title == "Exchange":
        kind += " exchange"
    canvas.box(left, y, width, _cluster_height(host, cluster), kind)
    canvas.text(left + 12, y + 7, cluster.title, width - 24, "name")
    at, ends = y + 30, []
    for door in cluster.doors:
        middle = at + _LINE / 2 - 1
        if cluster.kind == SERVING:
            canvas.way(left + width, middle, _lane(cluster.kind, x), middle)
            canvas.knob(left + width, middle)
            start = left + max(12.0, width - 14 - len(door.text) * _MONO * 11)
        else:
            canvas.way(_lane(cluster.kind, x), middle, left, middle)
            canvas.knob(left, middle)
            start = left + 14
        canvas.text(start, at, door.text, width - 28, "mono")
        ends.append(middle)
        at += _LINE
    for note in _notes(cluster, width):
        canvas.text(left + 14, at, note, width - 28, "mono quiet")
        at += _LINE
    for chip_x, chip_y, chip_width, chip_height, service in _chips(cluster.services, width - 20)[0]:
        left_x, top = left + 10 + chip_x, at + 2 + chip_y
        kind, sign, title = "external" if service.external else "service", 0, ""
        if service.condition:
            kind, sign, title = (
                f"{kind} {service.condition}",
                _SIGN,
                f"{service.name}: {service.state}",
            )
        canvas.box(left_x, top, chip_width, chip_height, kind, title)
        name = f"{service.name} (external)" if service.external else service.name
        canvas.text(left_x + 8, top + 4, name, chip_width - 10 - sign)
        if sign:
            text = _SIGNS[service.condition]
            canvas.text(left_x + chip_width - sign, top + 4, text, sign)
        for number, port in enumerate(service.ports):
            canvas.text(left_x + 8, top + 21 + number * 14, port, chip_width - 10, "mono quiet")
    return ends


_Chip = tuple[float, float, float, float, ServiceBox]


def _chips(services: Sequence[ServiceBox], room: float) -> tuple[list[_Chip], float]:
    """Where the services of a cluster stand, in lines of a width, and their height."""
    chips: list[_Chip] = []
    x = y = line = 0.0
    for service in services:
        name = len(service.name) + (11 if service.external else 0)
        ports = max(map(len, service.ports), default=0)
        sign = _SIGN if service.condition else 0
        width = min(room, max(name * _SANS * 12 + sign, ports * _MONO * 11) + 18)
        height = 25.0 + len(service.ports) * 14
        if x and x + width > room:
            x, y, line = 0.0, y + line + 6, 0.0
        chips.append((x, y, width, height, service))
        x, line = x + width + 6, max(line, height)
    return chips, y + line
