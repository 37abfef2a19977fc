"""Turns the options in KubeFATE's files into a stack's config, and reports what becomes of each."""

from collections.abc import Collection, Mapping
from typing import Any

from .. import lines
from ..releases import catalogue
from ..settings.errors import NAMESPACE
from . import engines, images, options, parties, services, versions
from .report import Report
from .shell import Variable


def translate(
    variables: Mapping[str, Variable],
    release: str | None = None,
    computing: str | None = None,
    only: Collection[str] = (),
) -> tuple[dict[str, Any], Report]:
    """The config of the stack that deploys the same, without its master secret.

    Args:
        variables: the variables in parties.conf and .env.
        release: the FATE release to deploy, if the operator chose one.
        computing: the computing engine of FATE 2 to deploy, if the operator chose one.
        only: the ids of the parties that the stack runs, and "exchange" if it runs that; all of
            them if empty. Others become peers.

    Returns:
        The config by full key, and what becomes of each option. If anything is refused, the config
        is incomplete.
    """
    report = Report()
    found = options.Options(variables, report)
    name = versions.release(found, release)
    everyone, ssh = parties.members(found), parties.ssh_works(found)
    here, elsewhere = _split(found, everyone, only)
    if name is None:
        return {}, report
    facts = catalogue.load(name).in_plain_text
    rest: dict[str, Any] = {}
    line = lines.of(facts).from_kubefate
    if line is None:
        report.refuse("--release", name, "is no release that KubeFATE deploys; choose another one")
        return {}, report
    if facts.engines:
        rest["engines"] = chosen = engines.chosen_engines(
            found, facts.name, facts.engines, computing
        )
        if chosen:
            facts = facts.federated_by(chosen["federation"])
            facts = facts.computing_with(chosen["computing"], chosen.get("storage"))
    else:
        engines.only_eggroll(found, facts.name, computing)
    cores = services.others(found, line, facts)
    mysql = services.mysql(found, len(here))
    rest["registry"] = images.registry(found, facts)
    variants = images.variants(found, facts, line.variants, rest["registry"])
    rest["services"] = variants | images.services(found, facts, rest["registry"])
    if not here or not ssh:
        return {}, report
    exchange_here = not only or parties.EXCHANGE in only
    layout = parties.layout(found, facts, here, elsewhere, exchange_here)
    for party in layout.parties if cores else ():
        party["training"] = {"cores": cores, **party.get("training", {})}
    for party in layout.parties if mysql else ():
        party["training"] = {**party.get("training", {}), "mysql": mysql}
    config = {"release": name, "hosts": layout.hosts, "parties": layout.parties}
    for key, value in {"peers": layout.peers, "exchange": layout.exchange, **rest}.items():
        if value:
            config[key] = value
    for other in found.untold():
        found.left(other, "is not an option of KubeFATE")
    return {f"{NAMESPACE}:{key}": value for key, value in config.items()}, report


def _split(
    found: options.Options, everyone: list[parties.Member], only: Collection[str]
) -> tuple[list[parties.Member], list[parties.Member]]:
    """The parties that the stack runs, and the others."""
    here = [one for one in everyone if not only or str(one.id) in only]
    elsewhere = [one for one in everyone if one not in here]
    known = [str(one.id) for one in everyone]
    for chosen in only:
        if everyone and chosen not in (*known, parties.EXCHANGE):
            found.report.refuse(
                "--party", chosen, f"is not one of the parties; choose from {', '.join(known)}"
            )
    if everyone and not here and not found.report.refused:
        found.report.refuse("--party", None, f"names no party; add one of {', '.join(known)}")
    for party, other in parties.shared(here, elsewhere).items():
        found.refuse(
            found.spelled(options.ADDRESSES),
            f"parties {party} and {other} have one address, so that one of them has other ports "
            "than FATE's usual ones; import both into one stack, or correct the address",
        )
    return here, elsewhere
