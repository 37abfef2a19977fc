"""The picture of a deployment as text for Mermaid."""

from collections.abc import Iterator

from .model import ClusterBox, HostBox, Picture

_NETWORK = "network"


def render(picture: Picture) -> str:
    """The text of a Mermaid flowchart.

    Args:
        picture: what it shows.
    """
    lines = ["---", f"title: {_quoted(picture.title)}", "---"]
    lines += [f"%% {rule}" for rule in picture.rules]
    lines += ["flowchart TB"]
    link = "<==>" if picture.encrypted else "<-.->"
    for number, host in enumerate(picture.hosts):
        lines += _host(f"h{number}", host, link)
    if picture.network:
        lines.append(f"  {_NETWORK}(({_quoted(['network between', 'the Docker hosts'])}))")
        for number, host in enumerate(picture.hosts):
            for lane in host.lanes:
                at = host.address or "localhost"
                lines.append(f"  h{number}_{lane.kind} {link}|{_quoted(at)}| {_NETWORK}")
    for number, others in enumerate(picture.others):
        lines.append(f"  o{number}[{_quoted([others.title, *others.rows])}]")
        lines.append(f"  o{number} {link} {_NETWORK}")
    return "\n".join(lines) + "\n"


def _host(id: str, host: HostBox, link: str) -> Iterator[str]:
    yield f"  subgraph {id}[{_quoted(f'Docker host {host.name}')}]"
    for lane in host.lanes:
        yield f"    {id}_{lane.kind}([{_quoted(lane.text)}])"
    for number, cluster in enumerate(host.clusters):
        yield from _cluster(f"{id}c{number}", cluster)
    for number, cluster in enumerate(host.clusters):
        services = [service.name for service in cluster.services]
        for service in dict.fromkeys(door.service for door in cluster.doors):
            texts = [door.text for door in cluster.doors if door.service == service]
            at = f"{id}c{number}s{services.index(service)}"
            yield f"    {at} {link}|{_quoted(texts)}| {id}_{cluster.kind}"
    yield "  end"


def _cluster(id: str, cluster: ClusterBox) -> Iterator[str]:
    yield f"    subgraph {id}[{_quoted([cluster.title, *cluster.notes])}]"
    for number, service in enumerate(cluster.services):
        name = f"{service.name} (external)" if service.external else service.name
        yield f"      {id}s{number}[{_quoted([name, *service.ports])}]"
    yield "    end"


def _quoted(lines: str | list[str]) -> str:
    text = lines if isinstance(lines, str) else "<br/>".join(lines)
    return '"' + text.replace('"', "#quot;") + '"'
