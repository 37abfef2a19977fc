"""The keys of the exchange."""

from typing import Self

from pydantic import (
    ConfigDict,
    Field,
    model_validator,
)

from .keys import Keys
from .tls import ExchangeTls
from .values import Address, Port


class Exchange(Keys):
    """The exchange: a proxy that all traffic between parties goes through."""

    host: str | None = Field(
        None,
        description="the Docker host to run it on, a name under fate:hosts. Either `host` or "
        "`address` is required",
    )
    address: Address | None = Field(
        None,
        description="the host name or IPv4 address of an exchange that somebody else runs",
    )
    port: Port | None = Field(None, description="its port on the Docker host; 9371 if not given")
    tls: ExchangeTls | None = Field(
        None,
        description="with fate:tls: the certificate of an exchange that this stack runs, "
        "{certificate, key, authority}, issued by the stack if not given; or how to verify "
        "another's, {authority, name}",
    )

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["host"]}, {"required": ["address"]}]}
    )

    @model_validator(mode="after")
    def _here_or_elsewhere(self) -> Self:
        if (self.host is None) == (self.address is None):
            raise ValueError(
                "needs either host, to run the exchange on one of fate:hosts, or address, to use "
                "one that somebody else runs"
            )
        return self
