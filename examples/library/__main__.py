"""A party of FATE beside other Docker resources."""

import pulumi
import pulumi_docker as docker
from pydantic import SecretStr

import fate_components as fate
from fate_components.fate1.settings import Party, Settings
from fate_components.settings import DockerHost

config = pulumi.Config()
host = config.require("docker")

deployed = fate.deploy(
    Settings(
        release="1.3.0",
        hosts={"here": DockerHost(docker=host)},
        parties=(Party(id=9999, host="here"),),
        registry=config.get("registry") or "",
        master_secret=SecretStr(config.require("masterSecret")),
    )
)

# Something of your own, which is told where the party is and starts after it.
docker.Container(
    "dashboard",
    image=config.require("image"),
    command=["sleep", "infinity"],
    envs=[f"FATEBOARD={deployed.addresses[9999]['fateboard']}"],
    opts=pulumi.ResourceOptions(
        provider=docker.Provider("beside", host=host), depends_on=[deployed.parties[9999]]
    ),
)

pulumi.export("fateboard", deployed.addresses[9999]["fateboard"])
