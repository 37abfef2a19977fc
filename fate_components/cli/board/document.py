"""What the page shows, as a JSON document."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ... import outputs
from ...jobs.table import Work
from ...operate import flow
from ...operate.fleet import Member, condition
from ...operate.stack import Stack
from ...operate.target import Target
from ...picture import svg
from ...picture.model import picture, with_states
from ...plan.endpoints import EXCHANGE, display_name
from ...plan.topology import Topology
from ...security.redaction import Redactor
from ..jobs import work_document
from ..status import Status, service_document
from .live import ASKED, Live, Seen

_UNKNOWN = "unknown"
_JOBS = 100  # the page shows the latest
_ROLES = ("guest", "host", "arbiter")  # in the order that FATE tells them


def document(live: Live, seen: Seen, now: datetime) -> dict[str, Any]:
    """The document that the page asks for again and again.

    Args:
        live: the stack.
        seen: what is known about it.
        now: the time.
    """
    target, stack = live.target, live.target.stack
    members = _members(target, seen)
    listed = _jobs(seen.jobs, live.redact)
    addresses: dict[str, list[dict[str, Any]]] = {}
    drawn = None
    if stack:
        plan = stack.plan
        addresses = _addresses(target, stack, plan)
        drawn = _picture(stack, plan, members)
    return {
        "time": now.isoformat(timespec="seconds"),
        "stack": target.name,
        "release": f"FATE {stack.release.name}" if stack else None,
        "notes": [*map(live.redact, live.notes)],
        "healthy": Status(seen.fleet, seen.usages).well,
        "hosts": [_host(live, seen, host) for host in target.docker_hosts],
        "parties": _parties(seen, members, addresses),
        "picture": drawn,
        "jobs": listed[:_JOBS],
        "olderJobs": max(len(listed) - _JOBS, 0),
        "jobsAsked": _jobs_asked(target, seen),
        "jobFaults": {party: live.redact(why) for party, why in seen.job_faults.items()},
        "checks": [
            {
                "title": check.title,
                "said": live.redact(check.said),
                "when": check.when.isoformat(timespec="seconds") if check.when else None,
                "outdated": _outdated(check.containers, seen),
            }
            for check in seen.checks or ()
        ],
        "checksNote": live.redact(_checks_note(stack, seen)),
    }


def _members(target: Target, seen: Seen) -> list[tuple[Member, str]]:
    """The services and how each is, also those on Docker hosts that do not answer."""
    entries = [(member, member.word) for member in seen.fleet.members]
    entries += [(member, _UNKNOWN) for member in target.wanted if member.host in seen.fleet.silent]
    places = {(member.party, member.service): at for at, member in enumerate(target.wanted)}
    parties = list(dict.fromkeys(member.party for member in (*target.wanted, *seen.fleet.members)))
    return sorted(
        entries,
        key=lambda entry: (
            parties.index(entry[0].party),
            places.get((entry[0].party, entry[0].service), len(places)),
        ),
    )


def _means(word: str) -> str:
    return _UNKNOWN if word == _UNKNOWN else condition(word)


def _host(live: Live, seen: Seen, host: str) -> dict[str, Any]:
    why, answered = seen.fleet.silent.get(host), seen.answered.get(host)
    asked = why == ASKED
    return {
        "host": host,
        "parties": live.target.parties_on(host),
        "asked": asked,
        "silence": live.redact(why) if why and not asked else None,
        "answered": answered.isoformat(timespec="seconds") if answered else None,
    }


def _parties(
    seen: Seen,
    members: Sequence[tuple[Member, str]],
    addresses: Mapping[str, Sequence[dict[str, Any]]],
) -> list[dict[str, Any]]:
    by_party: dict[str, list[dict[str, Any]]] = {}
    for member, word in members:
        shown = service_document(member, seen.usages.get(member.id))
        by_party.setdefault(member.party, []).append(
            shown | {"word": word, "condition": _means(word)}
        )
    return [
        {
            "party": party,
            "title": display_name(party).removeprefix("the ").capitalize(),
            "services": services,
            "addresses": addresses.get(party, []),
        }
        for party, services in by_party.items()
    ]


def _addresses(target: Target, stack: Stack, plan: Topology) -> dict[str, list[dict[str, Any]]]:
    """Where people reach services, by party; with the Docker host if it can be only from there."""
    of_parties = outputs.party_addresses(plan, stack.settings, stack.release)
    by_party = {}
    for party, addresses in of_parties.items():
        by_party[party] = [
            {
                "name": name,
                "address": address.text,
                "onlyOn": address.host
                if address.loopback and not target.docker_hosts[address.host].startswith("unix:")
                else None,
            }
            for name, address in addresses.items()
        ]
    if plan.exchange:
        text = outputs.exchange_output(plan.exchange, stack.settings)
        by_party[EXCHANGE] = [{"name": EXCHANGE, "address": text, "onlyOn": None}]
    return by_party


def _picture(stack: Stack, plan: Topology, members: Iterable[tuple[Member, str]]) -> str:
    drawn = picture(plan, stack.settings, stack.release, stack.name)
    states = {(member.party, member.service): (word, _means(word)) for member, word in members}
    return svg.render(with_states(drawn, states))


def _jobs(by_party: Mapping[str, Sequence[Work]], redact: Redactor) -> list[dict[str, Any]]:
    """The jobs of all parties, each once, the latest first."""
    parts: dict[str, list[Work]] = {}
    for works in by_party.values():
        for work in works:
            parts.setdefault(work.name, []).append(replace(work, note=redact(work.note)))
    jobs = [_job(name, works) for name, works in parts.items()]
    return sorted(jobs, key=lambda job: (job["started"] is None, job["started"]), reverse=True)


def _jobs_asked(target: Target, seen: Seen) -> bool:
    """Whether a party has had no time to tell its jobs."""
    asked = set(flow.parties(target, seen.fleet))
    answered = seen.jobs.keys() | seen.job_faults.keys()
    return ASKED in seen.fleet.silent.values() or not asked <= answered


def _job(name: str, works: Sequence[Work]) -> dict[str, Any]:
    worst = min(works, key=lambda work: (not work.failed, work.ended))
    began = [work.started for work in works if work.started]
    lasted = [work.seconds for work in works if work.seconds is not None]
    roles = {(work.role, work.party): work for work in sorted(works, key=_place)}
    return {
        "job": name,
        "status": worst.status,
        "condition": _outcome(worst),
        "started": min(began).isoformat(timespec="seconds") if began else None,
        "seconds": max(lasted, default=None),
        "parties": [work_document(work) | {"condition": _outcome(work)} for work in roles.values()],
    }


def _place(work: Work) -> tuple[int, str, str]:
    """Where a part of a job stands, whichever party has answered first."""
    known = _ROLES.index(work.role) if work.role in _ROLES else len(_ROLES)
    return known, work.role, work.party


def _outcome(work: Work) -> str:
    return "ill" if work.failed else "well" if work.ended else "changing"


def _outdated(containers: Iterable[str], seen: Seen) -> bool:
    """Whether a container that took part in a check is not there any more, as far as is known."""
    there = {member.id for member in seen.fleet.members}
    return not seen.fleet.silent and not there.issuperset(containers)


def _checks_note(stack: Stack | None, seen: Seen) -> str:
    if stack is None:
        return "The results are in the stack's state, which is read only with the stack file."
    if seen.checks_fault:
        return f"The stack's state cannot be read: {seen.checks_fault}"
    if seen.checks is None:
        return "The stack's state is being read."
    if seen.checks:
        return ""
    if stack.settings.verify:
        return "No check has succeeded yet: `pulumi up` runs them, and fails if one of them does."
    return "There are no checks, because fate:verify is not set."
