"""The keys of database servers: those of a party's own, and external ones."""

import re
from typing import Annotated, ClassVar, Self

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from .errors import shown
from .keys import Keys, Secret, Text
from .values import Address, Password, Port, password


def _password_elsewhere(value: SecretStr) -> SecretStr:
    # Somebody else has chosen it, so it may contain all that FATE's services can read.
    if not re.fullmatch(r"[!#%&(-\[\]-_a-z|~]+", value.get_secret_value()):
        raise ValueError(
            "must consist of letters, digits and symbols, without quotes, spaces and \\ $ ` { }, "
            "which FATE's services cannot read; change it on the server"
        )
    return value


def _account(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.@-]{1,32}", value):
        raise ValueError(
            f"{shown(value)} is not an account that FATE can use (up to 32 letters, digits and "
            "_ . @ -)"
        )
    return value


def _database(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value):
        raise ValueError(
            f"{shown(value)} is not a database that FATE can use (up to 64 letters, digits and _ -)"
        )
    return value


class Server(Keys):
    """A database server of a party: one that this stack runs, or an external one."""

    address: Address | None = Field(
        None,
        description="the host name or IPv4 address of an external one, as containers on the "
        "party's Docker host reach it; the party runs its own if not given",
    )
    port: Port = Field(description="the port of an external one")
    password: Annotated[Secret, Text] | None = Field(
        None,
        description="its password; derived, unless it is an external one, if not given. It must be "
        "encrypted. Without an `address` it has 8 or more letters, digits and symbols of "
        "`_ . ~ + = @ % ^ : , -`; an external one's can have letters, digits and symbols, except "
        "quotes, backquotes, spaces, `\\`, `$`, `{` and `}`",
    )

    key: ClassVar[str]
    """Its key in the stack file, which is also what kind of server it is."""
    _external: ClassVar[tuple[str, ...]] = ("port",)
    _own: ClassVar[tuple[str, ...]] = ()

    @field_validator("password")
    @classmethod
    def _readable(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None or "address" not in info.data:
            return value
        return _password_elsewhere(value) if info.data["address"] else password(value)

    @model_validator(mode="after")
    def _own_or_external(self) -> Self:
        given = {to_camel(name) for name in self.model_fields_set}
        if self.address is None:
            if extra := sorted(given.intersection(self._external)):
                raise ValueError(
                    f"has {', '.join(extra)} without address: add the address of the external "
                    f"server, or remove {', '.join(extra)}"
                )
            return self
        if extra := sorted(given.intersection(self._own)):
            raise ValueError(
                f"has both address and {', '.join(extra)}, which is for a server that this stack "
                "runs: remove one of the two"
            )
        if self.password is None:
            raise ValueError("has an address but no password: add the password of the account")
        return self


class Mysql(Server):
    """A party's MySQL."""

    key = "mysql"
    _external = ("port", "user", "database")
    _own = ("rootPassword",)

    port: Port = Field(3306, description="the port of an external one; 3306 if not given")
    user: Annotated[str, AfterValidator(_account)] = Field(
        "fate", description="the account of FATE's services in an external one; `fate` if not given"
    )
    database: Annotated[str, AfterValidator(_database)] = Field(
        "fate",
        description="the database of FATE's services in an external one; `fate` if not given. It "
        "must exist",
    )
    root_password: Password | None = Field(
        None,
        description="the password of root; derived if not given. It must be encrypted. Not for an "
        "external one",
    )
