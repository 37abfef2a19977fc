"""What is wrong with a stack as it runs, each finding with its remedy."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from ..crypto import pki
from ..docker import restart
from ..docker.client.containers import Containers
from ..docker.client.daemon import Daemon, NoAnswerError
from ..docker.inspect import drift
from ..docker.inspect.survey import Survey
from ..docker.names import docker_name
from ..line import Line
from ..operate.fleet import Member
from ..party import edge_check, kept_routes
from ..party.edge import IDENTITY
from ..plan.endpoints import EXCHANGE, display_name
from ..plan.topology import Topology
from ..security import certificates
from ..settings import Settings
from . import connections, preflight, reread_files
from .connections import TriedConnection

_SOON = timedelta(days=30)
_AT_ONCE = 16


@dataclass
class Report:
    """What was found.

    Args:
        surveys: the Docker hosts.
        reached: the ways between parties.
        errors: what does not work, each with its remedy.
        warnings: what may soon not work, each with its remedy.
    """

    surveys: Mapping[str, Survey]
    reached: Sequence[TriedConnection] = ()
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Stack:
    """The stack that is looked at.

    Args:
        name: its name.
        settings: the stack file's settings.
        line: its release line.
        plan: the deployment.
    """

    name: str
    settings: Settings
    line: Line
    plan: Topology

    def docker_host(self, host: str) -> str:
        """How to reach a Docker host's daemon."""
        return self.settings.hosts[host].docker


def examine(
    stack: Stack,
    surveys: Mapping[str, Survey],
    members: Iterable[Member],
    now: datetime,
) -> Report:
    """Look for everything that is wrong.

    Args:
        stack: the stack.
        surveys: its Docker hosts.
        members: its services.
        now: the time.
    """
    report = Report({name: _with_disk(survey) for name, survey in surveys.items()})
    findings = preflight.findings(
        stack.settings, stack.plan, stack.line, stack.name, report.surveys
    )
    report.errors += findings.errors
    report.warnings += findings.warnings
    report.errors += map(_unwell, (member for member in members if not member.well))
    running = {
        (host, name)
        for host, survey in surveys.items()
        for name, container in survey.containers.items()
        if container["State"]["Status"] == "running"
    }
    checks: list[Callable[[], tuple[list[str], list[str]]]] = [
        lambda: (list(_outdated_tables(stack, surveys)), []),
        lambda: (list(_kept_routes(stack, surveys, running)), []),
        lambda: _certificates(stack, running, now),
        lambda: (list(_broken_edges(stack, running)), []),
        *_stuck_jobs(stack, running, now),
    ]
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
        results = [threads.submit(check) for check in checks]
        # What does not run cannot be asked, and is a finding already.
        everywhere = connections.ways(stack.plan, stack.name)
        there = [way for way in everywhere if (way.host, way.container) in running]
        docker_hosts = {name: host.docker for name, host in stack.settings.hosts.items()}
        report.reached = connections.follow(there, docker_hosts)
        report.errors += [
            f"{tried}. Check the address and the port, the firewalls on the way, and whether "
            f"{display_name(tried.way.to)} runs."
            for tried in report.reached
            if tried.seconds is None
        ]
        for result in results:
            errors, warnings = result.result()
            report.errors += errors
            report.warnings += warnings
    return report


def _with_disk(survey: Survey) -> Survey:
    """The same, with the free disk space as seen in a container if the host is elsewhere."""
    if survey.disk is not None or survey.daemon is None:
        return survey
    for container in survey.containers.values():
        if container["State"]["Status"] == "running":
            try:
                # A container's root is on the file system with Docker's data.
                output = survey.daemon.run(container["Id"], "df -Pk / | tail -n 1")
            except NoAnswerError:
                return survey
            columns = (output or "").split()
            if len(columns) > 3 and columns[3].isdigit():
                return replace(survey, disk=int(columns[3]) << 10)
    return survey


def _unwell(member: Member) -> str:
    where = f"{member.name} on Docker host {member.host}"
    if not member.id:
        return f"{where} is missing. Run `pulumi up`, which creates it."
    state = f"{member.state} ({member.health})" if member.health else member.state
    why = f"See why with `fatectl logs {member.party} {member.service} --since 1h`"
    if member.state == "running":
        return f"{where} is {state}. {why}."
    return f"{where} is {state}. {why}; `pulumi up` starts it."


def _outdated_tables(stack: Stack, surveys: Mapping[str, Survey]) -> Iterator[str]:
    for table in reread_files.of(stack.plan, stack.settings, stack.line, stack.name):
        if table.container not in surveys[table.host].containers:
            continue
        try:
            present = Daemon(stack.docker_host(table.host)).read(table.container, table.file.path)
        except NoAnswerError:
            continue  # a finding already
        if present is None or not drift.delivered(present, table.file.content):
            yield (
                f"The route table {table.file.path} in {table.container} is not the one that "
                "follows from the stack file. Run `pulumi up`, which delivers it."
            )


def _kept_routes(
    stack: Stack, surveys: Mapping[str, Survey], running: set[tuple[str, str]]
) -> Iterator[str]:
    """Gateways that were started before a route changed that they may have used."""
    for table in reread_files.of(stack.plan, stack.settings, stack.line, stack.name):
        outdated = table.reread.outdated
        if not outdated or (table.host, table.container) not in running:
            continue
        daemon = Daemon(stack.docker_host(table.host))
        try:
            changed = daemon.modified(table.container, outdated)
            if not restart.due(surveys[table.host].containers[table.container], changed):
                continue
            parties = kept_routes.recorded(daemon.read(table.container, outdated))
        except NoAnswerError:
            continue  # a finding already
        yield (
            f"{table.container} was started before {kept_routes.called(parties)} "
            "changed, and may keep the old one: jobs hang. Run `pulumi up`, which restarts it."
        )


def _edges(stack: Stack, running: set[tuple[str, str]]) -> Iterator[tuple[str, str, str, str]]:
    """The running edges: whose each is, its Docker host, its service and its container."""
    edges = [
        (
            str(party.party.id),
            cluster.host,
            cluster.edge.service,
            docker_name(stack.name, party.party.id, cluster.edge.service),
        )
        for party in stack.plan.parties
        for cluster in party.clusters.values()
        if cluster.edge
    ]
    exchange = stack.plan.exchange
    if exchange and (service := exchange.edge_name):
        edges.append((EXCHANGE, exchange.host, service, docker_name(stack.name, service)))
    for who, host, service, container in edges:
        if (host, container) in running:
            yield who, host, service, container


def _broken_edges(stack: Stack, running: set[tuple[str, str]]) -> Iterator[str]:
    for who, host, service, _ in _edges(stack, running):
        # The exchange's is asked by the parties' own.
        if who != EXCHANGE:
            party = Containers(stack.name, who, stack.docker_host(host))
            for broken in edge_check.broken(party, service):
                yield f"{broken}. See docs/tls.md for what both sides must agree on."


def _stuck_jobs(
    stack: Stack, running: set[tuple[str, str]], now: datetime
) -> Iterator[Callable[[], tuple[list[str], list[str]]]]:
    """The checks of what keeps jobs from going on, one for each FATE Flow that runs."""
    if stack.line.stuck_jobs is None:
        return
    for planned in stack.plan.parties:
        id = planned.party.id
        for cluster in planned.clusters.values():
            there = [
                service
                for service in cluster.services
                if (cluster.host, docker_name(stack.name, id, service)) in running
            ]
            if stack.line.fate_flow.service in there:
                party = Containers(stack.name, str(id), stack.docker_host(cluster.host))
                yield partial(stack.line.stuck_jobs, cluster, party, there, now)


def _certificates(
    stack: Stack, running: set[tuple[str, str]], now: datetime
) -> tuple[list[str], list[str]]:
    encryption = certificates.of(stack.settings, stack.plan, now)
    if encryption is None:
        return [], []
    errors: list[str] = []
    warnings = encryption.warnings(now)
    for who, host, _, container in _edges(stack, running):
        if not encryption.identities[who].issued:
            continue  # warned of above
        try:
            daemon = Daemon(stack.docker_host(host))
            pem = daemon.run(container, f"sed -n '/BEGIN CERT/,/END CERT/p' {IDENTITY}")
        except NoAnswerError:
            continue
        if not pem:
            errors.append(f"{container} has no certificate. Run `pulumi up`, which delivers it.")
        elif (end := pki.ends(pem.replace("\r", "") + "\n")) - now < _SOON:
            findings = errors if end < now else warnings
            findings.append(
                f"The certificate in {container} expires on {end:%Y-%m-%d}. Run `pulumi up`, which "
                "issues a new one."
            )
    return errors, warnings
