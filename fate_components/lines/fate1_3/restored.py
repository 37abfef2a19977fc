"""The tables of a restored party: EggRoll's nodes must be those of the party as it is now."""

from ...releases.facts import Release
from ...settings import Party, Settings
from . import meta_service
from .settings import EGG, Training


def adapt(settings: Settings, release: Release, party: Party) -> str:
    """The SQL that sets the nodes."""
    if not isinstance(party.training, Training):
        return ""
    eggs = party.training.containers(EGG, party.host)
    return meta_service.statements(meta_service.nodes(release.services, eggs))
