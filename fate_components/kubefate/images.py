"""KubeFATE's registry, image names and tags as those of a stack file."""

import re

from ..releases.facts import Release
from .options import Options

# KubeFATE v2.0.0's names of the services whose images its .env sets.
_SERVICES = {
    "FATEFlow": ("fateflow",),
    "FATEBoard": ("fateboard",),
    "MySQL": ("mysql",),
    "Client": ("client",),
    "EGGRoll": ("clustermanager", "nodemanager"),
    "OSX": ("osx",),
    "Nginx": ("nginx",),
    "RabbitMQ": ("rabbitmq",),
    "Pulsar": ("pulsar",),
    "Hadoop_NameNode": ("name-node",),
    "Hadoop_DataNode": ("data-node",),
}
_OF_SPARK = ("Spark_Master", "Spark_Worker")
_WITH_SPARK = "-spark"  # what KubeFATE itself adds to the name of FATE Flow's image for Spark
_NAMESPACE = "federatedai"


def registry(options: Options, facts: Release) -> str:
    """The value of fate:registry.

    Args:
        options: the options; those about the registry are reported.
        facts: the facts of the release.
    """
    found = options.text("RegistryURI").rstrip("/")
    # v1.3.0 puts the images' names directly after it, later versions federatedai/ between them.
    if options.first_spelling:
        found = found.removesuffix(f"/{_NAMESPACE}")
    images = [service.image for service in {**facts.services, **facts.serving}.values()]
    if not re.fullmatch("[A-Za-z0-9._:/-]*", found):
        options.refuse("RegistryURI", "is not a registry; write it like registry.example.org:5000")
    elif found:
        others = sorted({image for image in images if not image.startswith(_NAMESPACE)})
        examples = [next(image for image in images if image.startswith(_NAMESPACE)), *others]
        options.taken(
            "RegistryURI",
            f"fate:registry: {found}. Images are pulled as "
            f"{', '.join(f'{found}/{image}' for image in examples)}",
        )
    else:
        options.taken("RegistryURI", "images come from the official registries")
    if options.text("PREFIX") == _NAMESPACE:
        options.taken("PREFIX", f"images are named {_NAMESPACE}/…")
    else:
        options.left(
            "PREFIX",
            f"images are always named {_NAMESPACE}/…; put yours under that name on a registry of "
            "your own, and set fate:registry; or set each service's image in fate:services",
        )
    return found


def services(options: Options, facts: Release, registry: str) -> dict[str, dict[str, str]]:
    """The value of fate:services: images of other names than FATE's. fate:release chooses the rest.

    Args:
        options: the options; those about images and tags are reported.
        facts: the facts of the release.
        registry: the value of fate:registry.
    """
    serving = facts.serving.get("serving-server")
    if serving is None:
        options.left("SERVING_TAG", "stacks of FATE 2 have no FATE Serving")
    elif serving.image.endswith(f":{options.text('SERVING_TAG')}"):
        options.taken("SERVING_TAG", f"fate:release: {facts.name}")
    else:
        options.left("SERVING_TAG", f"fate:release decides the image: {serving.image}")
    for name in _OF_SPARK:
        for option in (f"{name}_IMAGE", f"{name}_IMAGE_TAG"):
            options.left(option, "Spark's master and workers run in FATE Flow's image")
    found: dict[str, dict[str, str]] = {}
    for name, known in _SERVICES.items():
        both = (f"{name}_IMAGE", f"{name}_IMAGE_TAG")
        image, tag = map(options.text, both)
        if not facts.services.keys() & {*known}:
            for option in both:
                options.left(option, "stacks with these engines do not have this service")
            continue
        official = facts.services[known[0]].image
        usual = official.replace(f"{_WITH_SPARK}:", ":")
        if image and image != usual.split(":")[0]:
            if usual != official and options.text("computing").lower() == "spark":
                image += _WITH_SPARK
            own = "/".join(filter(None, [registry, ":".join(filter(None, [image, tag]))]))
            found |= {service: {"image": own} for service in known}
            for option in both:
                options.taken(option, f"fate:services: {' and '.join(known)}: image: {own}")
            continue
        for option, part in zip(both, usual.split(":"), strict=True):
            if options.text(option) == part:
                options.taken(option, f"fate:release: {facts.name}")
            else:
                options.left(option, f"fate:release decides the image: {official}")
    return found
