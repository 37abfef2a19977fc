"""A party's card: what its operator gives to those who run its peers, none of it secret."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Annotated, Any

import yaml
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import BeforeValidator, Field, ValidationError

from ..crypto import pki
from ..plan.topology import PartyPlan
from ..releases.catalogue import known, load
from ..releases.facts import Release
from ..settings import Settings
from ..settings.errors import shown
from ..settings.keys import Keys, text
from ..settings.tls import PeerTls
from ..settings.values import Address, PartyId, Port
from .certificates import Certificates

_HEADER = """\
# What others need to add party {party} as a peer: fatectl peer add FILE. Nothing here is secret.
# Compare the fingerprint by another way than the one this file took.
"""
_PLAIN_HEADER = """\
# What others need to add party {party} as a peer: fatectl peer add FILE. Nothing here is secret.
"""
_ASK = "ask for the file that `fatectl card` prints"


class CardError(Exception):
    """A card that cannot be made or used; the text explains why."""


class Gateway(Keys):
    """Where other parties call one of a party's services."""

    address: Address = Field(description="its host name or IPv4 address")
    port: Port = Field(description="its TCP port")


class Card(Keys):
    """What other parties must know of a party."""

    party: PartyId = Field(description="the party's id")
    release: Annotated[str, BeforeValidator(text)] = Field(description="its FATE release")
    engines: dict[str, str] = Field(
        default_factory=dict, description="its engines, if its release has a choice"
    )
    gateways: dict[str, Gateway] = Field(
        description="where others call it, each {address, port}, by the name of the port",
        min_length=1,
    )
    tls: PeerTls | None = Field(
        None, description="how to verify its certificate, {name, authority}; none without TLS"
    )
    fingerprint: str | None = Field(
        None, description="the SHA-256 fingerprint of the first certificate in tls.authority"
    )


def of(
    party: PartyPlan, settings: Settings, release: Release, encryption: Certificates | None
) -> Card:
    """The card of a party.

    Args:
        party: the party.
        settings: the stack file's settings.
        release: the facts of the release.
        encryption: the deployment's certificates, if it has any.

    Raises:
        CardError: others cannot call the party.
    """
    gateways = {}
    for cluster in party.clusters.values():
        host = settings.hosts[cluster.host]
        for name in cluster.facts.gateway_ports:
            where = cluster.published[name]
            address = host.reachable_at if where.everywhere else where.ip
            if address is None:
                raise CardError(
                    f"others cannot call party {party.party.id}: set fate:hosts.{cluster.host}."
                    "address to the address at which they reach this Docker host"
                )
            if IPv4Address(where.ip).is_loopback:
                raise CardError(
                    f"others cannot call party {party.party.id}: {cluster.kind}.publish.{name} "
                    f"binds it to {where.ip}; bind it to an address that they reach"
                )
            gateways[name] = Gateway(address=address, port=where.port)
    trust = encryption.trust(str(party.party.id)) if encryption else None
    return Card(
        party=party.party.id,
        release=release.name,
        engines=settings.chosen_engines(party.party),
        gateways=gateways,
        tls=PeerTls(authority=trust.authority, name=trust.name) if trust else None,
        fingerprint=fingerprint(trust.authority) if trust else None,
    )


def fingerprint(pem: str) -> str:
    """The SHA-256 fingerprint of a certificate, as OpenSSL prints it.

    Args:
        pem: the certificate, as PEM; the first one if there are several.
    """
    digest = hashlib.sha256(pki.certificates(pem)[0].public_bytes(Encoding.DER)).hexdigest()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2)).upper()


class _Dumper(yaml.SafeDumper):
    pass


def _block(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _block)


def render(card: Card) -> str:
    """The text of a card's file."""
    header = _HEADER if card.fingerprint else _PLAIN_HEADER
    content = card.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    return header.format(party=card.party) + yaml.dump(content, Dumper=_Dumper, sort_keys=False)


def read(content: str) -> Card:
    """The card in a file.

    Args:
        content: the file's text.

    Raises:
        CardError: it is not a card.
    """
    try:
        values = yaml.safe_load(content)
    except yaml.YAMLError:
        raise CardError(f"this is not a card: it is not YAML; {_ASK}") from None
    if not isinstance(values, Mapping):
        raise CardError(f"this is not a card: it is not a map; {_ASK}")
    try:
        card = Card.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise CardError(f"this is not a card: {where}: {first['msg']}; {_ASK}") from None
    if card.tls and card.fingerprint != fingerprint(card.tls.authority):
        raise CardError(
            "the fingerprint of the card is not that of its tls.authority: ask for it again"
        )
    return card


@dataclass(frozen=True)
class Doubt:
    """Why two parties may not be able to work together.

    Args:
        text: what is different.
        fatal: whether they certainly cannot.
    """

    text: str
    fatal: bool


def doubts(card: Card, settings: Settings, release: Release) -> Iterator[Doubt]:
    """Why the parties of a stack and the party of a card may not be able to work together.

    Args:
        card: the card.
        settings: the stack file's settings.
        release: the facts of the stack's release.
    """
    who = f"party {card.party}"
    if card.release not in known():
        yield Doubt(
            f"{who} has FATE {shown(card.release)}, which is not known here; "
            "update this project if it is a newer one",
            False,
        )
    elif load(card.release).line != release.line:
        yield Doubt(
            f"{who} has FATE {card.release}, which cannot call FATE "
            f"{release.name}: both must have the same release",
            True,
        )
    elif card.release != release.name:
        yield Doubt(f"{who} has FATE {card.release}, and this stack {release.name}", False)
    ours, theirs = settings.chosen_engines(settings.parties[0]), card.engines
    if ours and theirs and ours["federation"] != theirs.get("federation"):
        yield Doubt(
            f"{who} has the federation engine {shown(theirs.get('federation', 'none'))}, and this "
            f"stack {ours['federation']}: both must have the same",
            True,
        )
    if settings.tls.enabled != (card.tls is not None):
        has, lacks = ("this stack", who) if settings.tls.enabled else (who, "this stack")
        yield Doubt(f"{has} has fate:tls enabled, and {lacks} does not: both must agree", True)
    if card.party in {party.id for party in settings.parties}:
        yield Doubt(
            f"this stack runs a party {card.party} itself: every party must have an id of its own",
            True,
        )


def peer(card: Card, settings: Settings) -> dict[str, Any]:
    """What a stack file has in fate:peers for the party of a card.

    Args:
        card: the card.
        settings: the stack file's settings.

    Raises:
        CardError: the stack's release cannot call it as its gateways are.
    """
    at = {name: (gateway.address, gateway.port) for name, gateway in card.gateways.items()}
    try:
        keys = settings.peer_keys(at)
    except ValueError as error:
        raise CardError(str(error)) from None
    entry = {"id": card.party, **keys}
    if federation := card.engines.get("federation"):
        entry["federation"] = federation
    return entry | {"tls": card.tls.model_dump(exclude_none=True)} if card.tls else entry
