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
    kubefate_options = options.Options(variables, report)
    name = versions.release(kubefate_options, release)
    everyone, ssh = parties.members(kubefate_options), parties.ssh_works(kubefate_options)
    here, elsewhere = _split(kubefate_options, everyone, only)
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
            kubefate_options, facts.name, facts.engines, computing
        )
        if chosen:
            facts = facts.federated_by(chosen["federation"])
            facts = facts.computing_with(chosen["computing"], chosen.get("storage"))
    else:
        engines.only_eggroll(kubefate_options, facts.name, computing)
    cores = services.others(kubefate_options, line, facts)
    mysql = services.mysql(kubefate_options, len(here))
    rest["registry"] = images.registry(kubefate_options, facts)
    variants = images.variants(kubefate_options, facts, line.variants, rest["registry"])
    rest["services"] = variants | images.services(kubefate_options, facts, rest["registry"])
    if not here or not ssh:
        return {}, report
    exchange_here = not only or parties.EXCHANGE in only
    layout = parties.layout(kubefate_options, facts, here, elsewhere, exchange_here)
    for party in layout.parties if cores else ():
        party["training"] = {"cores": cores, **party.get("training", {})}
    for party in layout.parties if mysql else ():
        party["training"] = {**party.get("training", {}), "mysql": mysql}
    config = {"release": name, "hosts": layout.hosts, "parties": layout.parties}
    for key, value in {"peers": layout.peers, "exchange": layout.exchange, **rest}.items():
        if value:
            config[key] = value
    for other in kubefate_options.untold():
        kubefate_options.left(other, "is not an option of KubeFATE")
    return {f"{NAMESPACE}:{key}": value for key, value in config.items()}, report


def _split(
    kubefate_options: options.Options, everyone: list[parties.Member], only: Collection[str]
) -> tuple[list[parties.Member], list[parties.Member]]:
    """The parties that the stack runs, and the others."""
    here = [member for member in everyone if not only or str(member.id) in only]
    elsewhere = [member for member in everyone if member not in here]
    known = [str(member.id) for member in everyone]
    for chosen in only:
        if everyone and chosen not in (*known, parties.EXCHANGE):
            kubefate_options.report.refuse(
                "--party", chosen, f"is not one of the parties; choose from {', '.join(known)}"
            )
    if everyone and not here and not kubefate_options.report.refused:
        kubefate_options.report.refuse(
            "--party", None, f"names no party; add one of {', '.join(known)}"
        )
    for party, other in parties.shared(here, elsewhere).items():
        kubefate_options.refuse(
            kubefate_options.spelled(options.ADDRESSES),
            f"parties {party} and {other} have one address, so that one of them has other ports "
            "than FATE's usual ones; import both into one stack, or correct the address",
        )
    return here, elsewhere
