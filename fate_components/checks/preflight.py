"""Whether the Docker hosts are ready for a deployment, as seen before anything is changed."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network

from ..docker.inspect.survey import Described, Survey, labels_of
from ..docker.names import data_folder, docker_name
from ..line import Line
from ..plan.endpoints import display_name
from ..plan.placed import Needs
from ..plan.topology import Topology
from ..settings import TRAINING, DockerHost, Settings
from .conflicts import conflicts

_OLDEST = (20, 10)  # Docker before it lacks what services need, and FATE was never tried with it
_ARCHITECTURE = "x86_64"  # that of FATE's official images, as Docker calls it
_MIB = 1 << 20
_FREE = 5 << 30  # bytes; the images alone take several GiB
# Seconds. Machines that synchronise their clocks differ by less than one.
_APART = 10


@dataclass(frozen=True)
class Findings:
    """What is wrong with the Docker hosts, each with its remedy.

    Args:
        errors: what prevents a deployment.
        warnings: what may make it fail, or its jobs.
    """

    errors: list[str]
    warnings: list[str]


def findings(
    settings: Settings,
    plan: Topology,
    line: Line,
    stack: str,
    surveys: Mapping[str, Survey],
    left_out: Collection[str] = (),
) -> Findings:
    """Compare what a deployment needs with what there is on the Docker hosts.

    Args:
        settings: the stack file's settings.
        plan: the deployment.
        line: the release line.
        stack: the stack's name.
        surveys: the Docker hosts.
        left_out: the names of those that this update leaves out.
    """
    errors: list[str] = []
    warnings: list[str] = []
    users = {name: [display_name(user) for user in plan.users(name)] for name in settings.hosts}
    for name, survey in surveys.items():
        if survey.error:
            where = f"Docker host {name} ({settings.hosts[name].docker})"
            used = f", which runs {_listed(users[name])}," if users[name] else ""
            check = _check(name, settings.hosts[name])
            if users[name] and name not in left_out:
                messages, check = errors, f"{check} To update the others only, run `fatectl up`."
            else:
                messages = warnings
            messages.append(f"{where}{used} does not answer: {survey.error}. {check}")
        else:
            errors += _too_old(name, survey)
            errors += _overlaps(name, plan, stack, survey)
            errors += _elsewhere(name, settings.hosts[name].data, plan, stack, survey)
            warnings += _short_of(name, needs(plan, name), survey)
            if users[name] and settings.images != "packages":
                warnings += _other_processor(name, survey)
                warnings += _lacking(name, plan, survey)
    errors += _without_index(plan, surveys)
    errors += conflicts(plan, stack, surveys)
    errors += _moved(plan, line, stack, surveys)
    for found_lost in line.lost_data(plan, stack, surveys) if line.lost_data else ():
        (errors if found_lost.certain else warnings).append(found_lost.text)
    warnings += _clocks({name: surveys[name] for name in users if users[name]})
    return Findings(errors, warnings)


def needs(plan: Topology, host: str) -> Needs:
    """What the clusters on a Docker host need of it together.

    Args:
        plan: the deployment.
        host: the Docker host's name.
    """
    each = [
        cluster.needs[host]
        for party in plan.parties
        for cluster in party.clusters.values()
        if host in cluster.hosts
    ]
    return Needs(
        sum(need.memory for need in each),
        max((need.cores for need in each), default=0),
        sum(need.shared_cores for need in each),
    )


def _check(name: str, host: DockerHost) -> str:
    if host.tls:
        return f"Check its address, and the certificates in fate:hosts.{name}.tls."
    return f"Check it with `docker -H {host.docker} version`."


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _too_old(host: str, survey: Survey) -> Iterator[str]:
    version = str(survey.info.get("ServerVersion", ""))
    match = re.match(r"(\d+)\.(\d+)", version)
    if match and (int(match[1]), int(match[2])) < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        yield f"Docker {version} on Docker host {host} is too old. Install {oldest} or newer there."


def _overlaps(host: str, plan: Topology, stack: str, survey: Survey) -> Iterator[str]:
    """Networks of others in a subnet that this stack needs: Docker would refuse ours."""
    wanted = plan.networks(host)
    names = {own.name for own in wanted}
    for name, network in survey.networks.items():
        is_ours = (network.get("Labels") or {}).get("fate.stack") == stack
        # A name that is taken is reported as such. Docker keeps the addresses of a swarm apart.
        if is_ours or name in names or network.get("Scope", "local") != "local":
            continue
        for taken in _subnets(network):
            if hit := next((own for own in wanted if own.subnet.overlaps(taken)), None):
                # The networks of a party can have the addresses of its first Docker host on others.
                key = next(
                    (
                        cluster.host
                        for party in plan.parties
                        for cluster in party.clusters.values()
                        if host in cluster.branches and cluster.network == hit
                    ),
                    host,
                )
                yield (
                    f"Network {name} of Docker host {host} has the addresses {taken}, which "
                    f"overlap {hit.subnet} of this stack's network {hit.name}. Set "
                    f"fate:hosts.{key}.subnet to another private /16, or remove that network."
                )


def _subnets(network: Described) -> Iterator[IPv4Network]:
    for config in (network.get("IPAM") or {}).get("Config") or ():
        subnet = ip_network(config.get("Subnet") or "::/128", strict=False)
        if isinstance(subnet, IPv4Network):
            yield subnet


def _elsewhere(
    host: str, data: str | None, plan: Topology, stack: str, survey: Survey
) -> Iterator[str]:
    """Parties whose data is elsewhere than the settings say: Docker leaves a volume where it is."""
    key, docker = f"fate:hosts.{host}.data", "volumes of Docker"
    for party in plan.parties:
        id = str(party.party.id)
        kinds = [kind for kind, cluster in party.clusters.items() if host in cluster.hosts]
        for name, volume in survey.volumes.items():
            labels = volume.get("Labels") or {}
            if labels.get("fate.party") != id or labels.get("fate.cluster") not in kinds:
                continue
            part = name.removeprefix(docker_name(stack, id, ""))
            folder = (volume.get("Options") or {}).get("device")
            if folder == data_folder(data, stack, id, part):
                continue
            there = folder.removesuffix(f"/{stack}/{id}/{part}") if folder else None
            keep = f"Set {key} to {there}" if there else f"Remove {key}"
            yield (
                f"The data of party {id} on Docker host {host} is in {there or docker}, not in "
                f"{data or docker}, and `pulumi up` does not move it. {keep}, or move the data as "
                "described under Moving data to another folder in docs/operations.md."
            )
            break


def _without_index(plan: Topology, surveys: Mapping[str, Survey]) -> Iterator[str]:
    """Services whose data is useless because the volume with the index of it is gone.

    A new, empty index would hide that data, and take the chance to restore the lost one.
    """
    for party in plan.parties:
        id = str(party.party.id)
        for cluster in party.clusters.values():
            if surveys[cluster.host].error:
                continue
            for name, facts in cluster.facts.services.items():
                if not facts.indexes or _volumes(surveys[cluster.host], id, name):
                    continue
                held = [
                    f"{volume} of Docker host {host}"
                    for host in sorted(surveys)
                    for volume in _volumes(surveys[host], id, facts.indexes)
                ]
                if held:
                    yield (
                        f"The volume of the {name} of party {id} is not on Docker host "
                        f"{cluster.host}, and without it the data in {_listed(held)} is useless. "
                        "Restore it from a backup; or, if that data may be lost, remove "
                        f"{'this volume' if len(held) == 1 else 'these volumes'} and run "
                        "`pulumi up` again."
                    )


def _volumes(survey: Survey, party: str, service: str) -> list[str]:
    """The volumes that a service of a party has on a Docker host."""
    wanted = {"fate.party": party, "fate.service": service}.items()
    return [
        name
        for name, volume in sorted(survey.volumes.items())
        if wanted <= (volume.get("Labels") or {}).items()
    ]


def _moved(plan: Topology, line: Line, stack: str, surveys: Mapping[str, Survey]) -> Iterator[str]:
    """Services whose data is on another Docker host of their party than they are to run on.

    A party that moves as a whole has none of them: it starts anew. FATE Flow, which is created
    after its databases, tells whether it is where it is to run.
    """
    for index, party in enumerate(plan.parties):
        cluster, keys, id = party.clusters.get(TRAINING), party.party.training, party.party.id
        if cluster is None or keys is None:
            continue
        own = {"fate.party": str(id), "fate.cluster": TRAINING}
        fate_flow = {**own, "fate.service": line.fate_flow.service}
        if not any(
            labels_of(container).items() >= fate_flow.items()
            for container in surveys[cluster.host].containers.values()
        ):
            continue
        for service, about in keys.movable.items():
            if not about.volume or service not in cluster.services:
                continue
            volume, wanted = docker_name(stack, id, about.volume), cluster.host_of(service)
            there = [host for host, survey in surveys.items() if volume in survey.volumes]
            if there and wanted not in there and not surveys[wanted].error:
                yield (
                    f"The data of {service} of party {id} is on Docker host {there[0]}, not on "
                    f"{wanted}, where fate:parties[{index}].training.place has it run, and "
                    "`pulumi up` does not move it. Leave it there, or move it with `fatectl "
                    "backup` and `fatectl restore` as described under Moving a service to another "
                    "Docker host in docs/operations.md."
                )


def _short_of(host: str, needed: Needs, survey: Survey) -> Iterator[str]:
    memory, cores = survey.info.get("MemTotal", 0) // _MIB, survey.info.get("NCPU", 0)
    if 0 < memory < needed.memory:
        yield (
            f"Docker host {host} has {memory} MiB of memory, and what runs there takes "
            f"{needed.memory} MiB during small jobs. Add memory, or move a party to another host."
        )
    if 0 < cores < needed.cores:
        yield (
            f"Docker host {host} has {cores} cores, and a party there is set to {needed.cores} "
            "processors: its jobs may fail. Set training.processors to less."
        )
    if 0 < cores < needed.shared_cores:
        yield (
            f"Docker host {host} has {cores} cores, and the Spark workers there offer "
            f"{needed.shared_cores} to jobs, which get that much slower. Set training.spark.cores "
            "to less, and training.cores with it."
        )
    if needed.memory and survey.disk is not None and survey.disk < _FREE:
        yield (
            f"Docker host {host} has {survey.disk // _MIB} MiB of free disk space in "
            f"{survey.info.get('DockerRootDir')}. Images and data need {_FREE // _MIB} MiB or "
            "more: make room, for example with `docker image prune`."
        )


def _other_processor(host: str, survey: Survey) -> Iterator[str]:
    architecture = survey.info.get("Architecture", _ARCHITECTURE)
    if architecture != _ARCHITECTURE:
        yield (
            f"Docker host {host} has {architecture} processors. FATE's official images, and the "
            f"native code in them, are made for {_ARCHITECTURE}: use another Docker host, or "
            "images of your own (fate:registry)."
        )


def _lacking(host: str, plan: Topology, survey: Survey) -> Iterator[str]:
    if survey.cpu_flags is None:
        return
    needed = {flag for service in plan.services(host) for flag in service.cpu_flags}
    if lacks := sorted(needed - survey.cpu_flags):
        yield (
            f"The processors of Docker host {host} lack {', '.join(lacks)}, which native code in "
            "FATE's images needs: it ends with `Illegal instruction`. Use another Docker host, or, "
            "for a virtual machine, pass the features of the real processor on to it."
        )


def _clocks(surveys: Mapping[str, Survey]) -> Iterator[str]:
    clocks = {name: survey.clock for name, survey in surveys.items() if survey.info}
    if not clocks:
        return
    slow, fast = min(clocks, key=clocks.__getitem__), max(clocks, key=clocks.__getitem__)
    if (apart := clocks[fast] - clocks[slow]) > _APART:
        yield (
            f"The clock of Docker host {fast} is {apart:.0f} s ahead of that of {slow}. "
            "Synchronise both, for example with chrony or systemd-timesyncd."
        )
