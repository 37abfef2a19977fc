"""KubeFATE's lists of parties and addresses as Docker hosts, parties, peers and an exchange."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..releases import catalogue
from ..releases.facts import Release
from ..settings import SERVING, TRAINING, addresses
from ..settings.errors import shown
from . import options as names
from .options import Options

EXCHANGE = "exchange"
"""What KubeFATE's commands call the exchange, where others have a party's id."""
_SSH_PORT = "22"
_PARTY_0 = (
    "0 is not the id of a party: FATE Flow means its own party by it, in the role local that "
    "uploads data, and does not check the permissions of jobs from party 0; give the party another "
    "whole number, like 10000, with all parties that work together"
)


@dataclass(frozen=True)
class Member:
    """A party as KubeFATE's lists describe it.

    Args:
        id: its id.
        address: the address of its training cluster.
        serving: the address of its serving cluster; "" if it has none.
    """

    id: int
    address: str
    serving: str


@dataclass
class Layout:
    """What runs where.

    Args:
        hosts: the Docker hosts of the stack file, by name.
        parties: its parties.
        peers: its peers.
        exchange: its exchange.
    """

    hosts: dict[str, Any] = field(default_factory=dict)
    parties: list[dict[str, Any]] = field(default_factory=list)
    peers: list[dict[str, Any]] = field(default_factory=list)
    exchange: dict[str, Any] = field(default_factory=dict)


def members(options: Options) -> list[Member]:
    """The parties in the lists; what is wrong with them is reported."""
    problems = list(_problems(options))
    for name, what in problems:
        options.refuse(name, what)
    if problems:
        return []
    ids, at, serving = map(options.values, _spellings(options))
    if not any(serving):
        serving = ("",) * len(ids)
    return [
        Member(int(id), address, other) for id, address, other in zip(ids, at, serving, strict=True)
    ]


def _spellings(options: Options) -> tuple[str, str, str]:
    ids, at, serving = map(options.spelled, (names.PARTIES, names.ADDRESSES, names.SERVING))
    return ids, at, serving


def _problems(options: Options) -> Iterator[tuple[str, str]]:
    """What is wrong with the lists: the option, and the way out."""
    ids_name, at_name, serving_name = _spellings(options)
    ids, at, serving = map(options.values, (ids_name, at_name, serving_name))
    for old, new in (names.PARTIES, names.ADDRESSES, names.SERVING):
        if old in options and new in options:
            yield new, f"is the same list as {old}; keep one of them"
    if not any(ids):
        yield ids_name, "has no party; add the parties' ids, like (10000 9999)"
        return
    for position, id in enumerate(ids):
        if re.fullmatch("0+", id):
            yield ids_name, _PARTY_0
        elif not re.fullmatch("[1-9][0-9]{0,17}", id):
            yield ids_name, f"{shown(id)} is not a party id; use a whole number"
        elif id in ids[:position]:
            yield ids_name, f"{id} is there twice; give every party its own id"
    if len(at) != len(ids):
        yield at_name, f"has {len(at)} addresses for {len(ids)} parties; write one for each"
    if any(serving) and len(serving) != len(ids):
        yield (
            serving_name,
            f"has {len(serving)} addresses for {len(ids)} parties; write one for each, and "
            '"" for a party without a serving cluster',
        )
    for name, some in ((at_name, at), (serving_name, tuple(filter(None, serving)))):
        for address in dict.fromkeys(some):
            if what := _unusable(address):
                yield name, what


def layout(
    options: Options, release: Release, here: list[Member], elsewhere: list[Member],
    exchange_here: bool,
) -> Layout:  # fmt: skip
    """What the stack file says about hosts, parties, peers and the exchange.

    Args:
        options: the options; those about parties are reported.
        release: the facts of the release.
        here: the parties that the stack runs.
        elsewhere: the parties that others run.
        exchange_here: whether the stack runs the exchange, if there is one.
    """
    return _Layouter(options, release).layout(here, elsewhere, exchange_here)


class _Layouter:
    def __init__(self, options: Options, release: Release) -> None:
        self._options, self._release = options, release
        self._found = Layout()
        self._names: dict[str, str] = {}
        self._taken: defaultdict[str, set[int]] = defaultdict(set)

    def layout(self, here: list[Member], elsewhere: list[Member], exchange_here: bool) -> Layout:
        serves, exchange = bool(self._release.serving), self._release.exchange
        if exchange and exchange.service not in self._release.services:
            exchange = None
        at = self._options.text("exchangeip")
        if at and exchange and exchange_here:
            self._taken[at.lower()].add(exchange.publish)
        self._found.parties += [self._party(member, serves) for member in here]
        self._found.peers += [self._peer(member, serves) for member in elsewhere]
        self._exchange(at, exchange.publish if exchange else None, exchange_here)
        self._lists(serves, bool(elsewhere))
        self._ssh()
        return self._found

    def _host(self, address: str) -> str:
        """The name of the Docker host at an address."""
        if address.lower() not in self._names:
            name = self._names[address.lower()] = f"host{len(self._names) + 1}"
            user, port = self._options.text("user"), self._options.text("SSH_PORT") or _SSH_PORT
            self._found.hosts[name] = {"docker": f"ssh://{user}@{address}:{port}"}
        return self._names[address.lower()]

    def _exchange(self, address: str, port: int | None, here: bool) -> None:
        if not address:
            self._options.taken("exchangeip", "no exchange; the parties call each other")
        elif what := _unusable(address):
            self._options.refuse("exchangeip", what)
        elif port is None:
            self._options.left(
                "exchangeip",
                f"{self._no_exchange()}; the parties call each other, so that every party must "
                "reach the others' ports",
            )
        else:
            exchange = {"host": self._host(address)} if here else {"address": address, "port": port}
            self._found.exchange = exchange
            what = ", ".join(f"{key}: {value}" for key, value in exchange.items())
            self._options.taken(
                "exchangeip",
                f"fate:exchange: {{{what}}}. Each party knows only the exchange, while KubeFATE's "
                "parties also call each other",
            )

    def _no_exchange(self) -> str:
        whole = catalogue.load(self._release.name)
        if whole.exchange is None:
            return f"a stack of FATE {whole.name} has none"
        engines = whole.services[whole.exchange.service].federation
        return f"a stack of FATE {whole.name} has one only with {' or '.join(engines)}"

    def _party(self, member: Member, serves: bool) -> dict[str, Any]:
        party: dict[str, Any] = {"id": member.id, "host": self._host(member.address)}
        training = self._cluster(member.id, member.address, TRAINING, self._release)
        if not (member.serving and serves):
            return {**party, TRAINING: training} if training else party
        facts = self._release.serving_cluster
        serving = self._cluster(member.id, member.serving, SERVING, facts)
        if (host := self._host(member.serving)) != party["host"]:
            serving = {"host": host, **serving}
        # A party with a serving cluster has a training cluster only if the stack file says so.
        return {**party, TRAINING: training, SERVING: serving}

    def _cluster(self, party: int, address: str, kind: str, facts: Release) -> dict[str, Any]:
        """A cluster's keys: the ports that differ from FATE's, since another party has those."""
        taken = self._taken[address.lower()]
        publish = {}
        for name, usual in facts.published.items():
            port = next(port for port in itertools.count(usual) if port not in taken)
            taken.add(port)
            if port != usual:
                publish[name] = port
        if not publish:
            return {}
        ports = ", ".join(f"{name}: {port}" for name, port in publish.items())
        self._options.report.taken(
            f"(ports of party {party})",
            None,
            f"{kind}.publish: {{{ports}}}, because another party at {address} has FATE's usual "
            "ports; KubeFATE could not start both",
        )
        return {"publish": publish}

    def _peer(self, member: Member, serves: bool) -> dict[str, Any]:
        peer: dict[str, Any] = {"id": member.id, "address": member.address}
        if serves and member.serving and member.serving.lower() != member.address.lower():
            peer["serving"] = {"address": member.serving}
        return peer

    def _lists(self, serves: bool, peers: bool) -> None:
        options = self._options
        ids, at, serving = _spellings(options)
        options.taken(ids, "fate:parties" + (" and fate:peers" if peers else ""))
        hosts = ", ".join(f"{name} is {address}" for address, name in self._names.items())
        options.taken(at, f"fate:hosts ({hosts})" + (", and the peers' address" if peers else ""))
        if not any(options.values(serving)):
            options.taken(serving, "no serving clusters")
        elif serves:
            options.taken(serving, "serving of each party")
        else:
            having = [name for name in catalogue.known() if catalogue.load(name).serving]
            options.left(
                serving,
                f"stacks of FATE {self._release.name} have no FATE Serving; only those of FATE "
                f"{', '.join(having)} have",
            )

    def _ssh(self) -> None:
        options = self._options
        options.taken("user", "the user in docker: ssh://… of each host")
        options.taken("SSH_PORT", "the port in docker: ssh://… of each host")


def ssh_works(options: Options) -> bool:
    """Whether user and port fit into the URL of a Docker host; if not, that is reported."""
    user, port = options.text("user"), options.text("SSH_PORT") or _SSH_PORT
    good = True
    if not user:
        options.refuse("user", "is missing; add the user for SSH to the Docker hosts")
        good = False
    elif not _fits(f"ssh://{user}@host"):
        options.refuse("user", "is not a user name; correct it")
        good = False
    if not (port.isascii() and port.isdigit() and _fits(f"ssh://host:{port}")):
        options.refuse("SSH_PORT", "is not a port; use a number from 1 to 65535")
        good = False
    return good


def shared(here: list[Member], elsewhere: list[Member]) -> Mapping[int, int]:
    """The parties of others that have the address of another party, by id.

    Their ports would have to differ, which KubeFATE's files cannot express.
    """
    sharing = {}
    everyone = [*here, *elsewhere]
    for member in elsewhere:
        for other in everyone:
            if other.id != member.id and other.address.lower() == member.address.lower():
                sharing[member.id] = other.id
    return sharing


def _unusable(address: str) -> str | None:
    """Why an address cannot be used, and the way out."""
    if not addresses.is_address(address):
        hint = "; leave out the port, FATE's usual one is used" if ":" in address else ""
        return f"{shown(address)} is not a host name or IPv4 address{hint}"
    if addresses.only_local(address):
        return f"{address} is whichever machine uses it; write the address that others use"
    return None


def _fits(url: str) -> bool:
    try:
        addresses.docker_url(url)
    except ValueError:
        return False
    return True
