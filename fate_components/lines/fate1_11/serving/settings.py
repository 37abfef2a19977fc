"""The keys of a serving cluster of FATE Serving 2.1."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from ....releases.facts import Release
from ....serving import settings as serving_keys
from ....settings.errors import shown

_ADAPTERS = "com.webank.ai.fate.serving.adaptor.dataaccess"
_HTTP = ("HttpAdapter", "HttpAdapterByHeader")
_ADMINISTRATION = ("serving-admin", "serving-zookeeper")


def _adapter(value: str) -> str:
    return serving_keys.java_class(value if "." in value else f"{_ADAPTERS}.{value}")


def _url(value: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/?&=%+-]*)?", value):
        raise ValueError(f"{shown(value)} is not a URL like http://features.example.org:8080/get")
    return value


class Serving(serving_keys.Serving):
    """A party's serving cluster."""

    adapter: Annotated[str, AfterValidator(_adapter)] = Field(
        f"{_ADAPTERS}.MockAdapter",
        description="the class that reads the features when this party is the host of an "
        "inference: `MockAdapter` (always the same row), `TestFileAdapter` and "
        "`TestFilePickAdapter` (`/data/projects/fate-serving/serving-server/host_data.csv`, which "
        "you copy into the container), `HttpAdapter` and `HttpAdapterByHeader` (the service at "
        "`adapterUrl`), or the full name of a class of your own in the image; `MockAdapter` if not "
        "given",
    )
    batch_adapter: Annotated[str, AfterValidator(_adapter)] = Field(
        f"{_ADAPTERS}.MockBatchAdapter",
        description="the same for requests with several rows: `MockBatchAdapter`, "
        "`BatchTestFileAdapter`, `BatchTestFilePickAdapter`, `ParallelBatchToSingleFeatureAdaptor` "
        "(which asks `adapter` for each), or a class of your own; `MockBatchAdapter` if not given",
    )
    adapter_url: Annotated[str, AfterValidator(_url)] | None = Field(
        None,
        description="the URL of the service that `HttpAdapter` asks for features, as containers on "
        "the cluster's Docker host reach it",
    )
    admin: bool = Field(
        False,
        description="whether it has FATE Serving's administration, serving-admin, with the "
        "ZooKeeper that it needs: true, false. Its user is `admin`",
    )

    def facts(self, release: Release) -> Release:
        """The facts of the services that it has, with what the stack file chooses for them."""
        facts = super().facts(release)
        for name in () if self.admin else _ADMINISTRATION:
            facts = facts.without(name)
        return facts

    @model_validator(mode="after")
    def _asks_somewhere(self) -> Self:
        if self.adapter in [f"{_ADAPTERS}.{name}" for name in _HTTP] and self.adapter_url is None:
            name = self.adapter.rpartition(".")[2]
            raise ValueError(f"has adapter {name} but no adapterUrl: add the URL that it asks")
        return self
