"""The stack file keys that only FATE 2 has."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import (
    Field,
)

from ... import settings
from ...engines.checks import mistakes_in_engines, mistakes_in_hdfs, mistakes_in_spark
from ...engines.settings import Engine, Engines, PartyEngines, Training
from ...releases import catalogue
from ...releases.facts import Release, SupportedEngines
from ...settings.errors import shown
from ...settings.keys import Keys
from ...settings.values import Port


class Patches(Keys):
    """Which patches FATE's own code gets in FATE Flow's container; see `patches.PATCHES`."""

    rabbitmq_threads: bool = Field(
        True,
        description="with `federation: rabbitmq`: whether each thread of a job has a connection of "
        "its own to RabbitMQ: true, false. FATE's threads share one, which pika does not support: "
        "SSHE logistic and linear regression, hetero NN and correlation then fail at random, with "
        "`IndexError: pop from an empty deque`, `505 UNEXPECTED_FRAME` or "
        "`ConnectionWrongStateError`, or hang",
    )
    rabbitmq_links: bool = Field(
        True,
        description="with `federation: rabbitmq`: whether what RabbitMQ refuses while it is set up "
        "for a job is tried again, and fails the job after a minute: true, false. RabbitMQ can "
        "answer 500 while it cleans up after another job. FATE goes on without the link, and the "
        "job waits forever",
    )
    slow_answers: bool = Field(
        True,
        description="whether FATE Flow waits 60 s for the answer to a call, instead of 10: true, "
        "false. After 10 s it repeats the call, up to three times; on a busy host a job is then "
        "created twice, and the first one holds its cores although nobody knows of it",
    )
    pulsar_routes: bool = Field(
        True,
        description="with `federation: pulsar`: whether FATE finds the routes to other parties' "
        "Pulsar: true, false. It looks them up by numbers in a table whose keys are texts, and no "
        "job works",
    )

    @property
    def chosen(self) -> list[str]:
        """The names of those that are on."""
        return [name for name in type(self).model_fields if getattr(self, name)]


class Party(settings.Party):
    """A party of the federation that this stack runs."""

    training: Training = Field(
        Training(),
        description="its training cluster: {publish, cores, workers, spark, hdfs, mysql, rabbitmq, "
        "client, place, uploads, services}",
    )

    engines: PartyEngines = Field(
        PartyEngines(),
        description="the engines in which it differs from fate:engines: {computing, storage}. "
        "Not every job works between parties with different ones; the federation engine is the "
        "same for all",
    )

    hosts: tuple[str, ...] = Field(
        (),
        description="instead of `host`: the Docker hosts it runs on, names under fate:hosts. All "
        "but Spark's workers, HDFS's data nodes and what `place` names is on the first. See "
        "[Workers on several Docker hosts]"
        "(#workers-on-several-docker-hosts)",
    )


class Peer(settings.Peer):
    """A party that somebody else runs."""

    ports: dict[str, Port] = Field(
        default_factory=dict,
        description="the ports of its gateways by name, like {nginx-http: 9300}; FATE's usual "
        "ports if not given",
    )
    federation: Engine | None = Field(
        None,
        description="its federation engine, to be warned if it is not that of this stack; "
        "`fatectl peer add` takes it from the card. Nobody checks it if not given",
    )

    def reached_at(self, port: str, usual: int) -> tuple[str, int]:
        """The address and the port number of one of its gateways."""
        return self.address, self.ports.get(port, usual)


class Settings(settings.Settings):
    """All settings of a FATE 2 stack file."""

    parties: tuple[Party, ...] = Field(
        description="the parties this stack runs, each {id, host or hosts, engines, training, tls}",
        min_length=1,
    )
    peers: tuple[Peer, ...] = Field(
        (),
        description="the parties that others run, each {id, address, ports, federation, tls}. "
        "They get routes and nothing else",
    )
    engines: Engines = Field(
        Engines(),
        description="the engines of FATE 2: {computing, federation, storage}; standalone, "
        "RabbitMQ, standalone if not given",
    )
    images: Literal["registry", "packages", "archive"] = Field(
        "registry",
        description="where images come from: `registry` (FATE's official images), `archive` (a "
        "file) or, with FATE 2, `packages` (built on the Docker hosts from Debian and PyPI "
        "packages). See [Images from an archive](#images-from-an-archive)",
    )
    patches: Patches = Field(
        Patches(),
        description="which patches FATE's own code gets: {rabbitmqThreads, rabbitmqLinks, "
        "slowAnswers, pulsarRoutes}; all that fit, if not given. See "
        "[Patches of FATE](#patches-of-fate)",
    )

    def chosen(self, release: Release) -> Release:
        """The release with the images that these settings choose.

        With engines that it does not have, it stays whole: one mistake is not told as several.
        """
        if any(self._engine_mistakes(release)):
            return release
        if self.images == "packages":
            release = release.from_packages
        release = release.federated_by(self.engines.federation)
        engines = [self.engines_of(party) for party in self.parties]
        return release.with_services_for(
            [used.computing for used in engines], [used.storage for used in engines]
        )

    def engines_of(self, party: settings.Party) -> Engines:
        """The engines of one of the parties."""
        own = _own_engines(party)
        storage = self.engines.storage if own.computing is None else None
        return Engines(
            computing=own.computing or self.engines.computing,
            federation=self.engines.federation,
            storage=own.storage or storage,
        )

    def chosen_engines(self, party: settings.Party) -> dict[str, str]:
        """The engines of a party that other parties should know of, by kind."""
        engines = self.engines_of(party)
        return {"computing": engines.computing, "federation": engines.federation}

    @property
    def warnings(self) -> list[str]:
        """What may keep parties from working together."""
        ours = self.engines.federation
        return [
            f"fate:peers[{index}].federation: party {peer.id} has {shown(peer.federation)}, and "
            f"this stack {ours}: jobs with it will fail; agree on one with its operator, and set "
            "fate:engines.federation or the key to it"
            for index, peer in enumerate(self.peers)
            if peer.federation and peer.federation != ours
        ]

    def peer_keys(self, gateways: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
        """What fate:peers has for a party that others run; see `settings.Settings`."""
        addresses = sorted({address for address, _ in gateways.values()})
        if len(addresses) > 1:
            raise ValueError(f"has gateways at several addresses: {', '.join(addresses)}")
        return {
            "address": addresses[0],
            "ports": {name: port for name, (_, port) in gateways.items()},
        }

    def mistakes(self, release: Release) -> Iterator[settings.Mistake]:
        """Mistakes that no single key reveals: unknown peer ports, and engines that do not fit."""
        for index, peer in enumerate(self.peers):
            for name in peer.ports:
                if name not in release.gateway_ports:
                    yield settings.Mistake(
                        ("peers", index, "ports", name),
                        f"is not a port that other parties of FATE {self.release} call; "
                        f"choose from {', '.join(release.gateway_ports)}",
                    )
        yield from self._engine_mistakes(catalogue.load(self.release))
        if self.exchange and self.engines.federation != "osx":
            yield settings.Mistake(
                ("exchange",),
                "FATE 2 has one only with OSX; set fate:engines.federation to osx, or remove the "
                "key",
            )
        for index, party in enumerate(self.parties):
            engines = self.engines_of(party)
            for mistake in (
                *mistakes_in_spark(party.training, engines.computing),
                *mistakes_in_hdfs(party.training, engines),
            ):
                yield replace(mistake, where=("parties", index, "training", *mistake.where))

    def _engine_mistakes(self, release: Release) -> Iterator[settings.Mistake]:
        """Engines that the release does not have, that do not work together, or whose images
        cannot be had.
        """
        known = release.engines
        if known is None:
            return
        stack_mistakes = list(mistakes_in_engines(self.engines, known))
        mistakes = [*stack_mistakes, *self._engines_of_parties(known, stack_mistakes)]
        if self.images == "packages" and not mistakes:
            mistakes += self._images(release)
        yield from mistakes

    def _engines_of_parties(
        self, known: SupportedEngines, stack_mistakes: Collection[settings.Mistake]
    ) -> Iterator[settings.Mistake]:
        """What is wrong with the engines in which parties differ.

        Args:
            known: the engines of the release.
            stack_mistakes: what is wrong with those of the stack.
        """
        for index, party in enumerate(self.parties):
            own, engines = party.engines.model_fields_set, self.engines_of(party)
            for mistake in mistakes_in_engines(engines, known) if own else ():
                where = ("parties", index, *mistake.where)
                if mistake.where[-1] in own:
                    yield replace(mistake, where=where)
                elif mistake not in stack_mistakes and mistake.where[-1] == "federation":
                    yield settings.Mistake(
                        (*where[:-1], "computing"),
                        f"{shown(engines.computing)} does not work with federation: "
                        f"{engines.federation}; choose "
                        f"{' or '.join(known.federation[engines.federation])}",
                    )

    def _images(self, release: Release) -> Iterator[settings.Mistake]:
        """Engines whose services cannot be built from packages."""
        chosen = dict.fromkeys(self.engines_of(party).computing for party in self.parties)
        stored = [self.engines_of(party).storage for party in self.parties]
        release = release.federated_by(self.engines.federation)
        needed = release.with_services_for(chosen, stored).services
        lacking = {
            engine: service.image
            for engine in [*chosen, self.engines.federation]
            for service in needed.values()
            if service.package is None and engine in (*service.computing, *service.federation)
        }
        if lacking:
            yield settings.Mistake(
                ("images",),
                f"{' and '.join(map(shown, lacking))} cannot be built from packages, only "
                f"{' and '.join(lacking.values())} exist; set it to registry or archive, or choose "
                "other engines in fate:engines",
            )


def training_of(party: settings.Party) -> Training:
    """The keys of a party's training cluster."""
    assert isinstance(party.training, Training)  # noqa: S101 - settings match the release line
    return party.training


def _own_engines(party: settings.Party) -> PartyEngines:
    assert isinstance(party, Party)  # noqa: S101 - settings and parties are of one line
    return party.engines
