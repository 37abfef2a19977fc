"""KubeFATE's registry, image names and tags as those of a stack file."""

import re
from collections.abc import Collection

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
# What KubeFATE adds to images' names.
_ALGORITHMS = {"basic": "", "nn": "-nn", "all": "-all"}
_DEVICES = {"cpu": "", "ipcl": "-ipcl", "gpu": ""}


def registry(options: Options, facts: Release) -> str:
    """The value of fate:registry.

    Args:
        options: the options; those about the registry are reported.
        facts: the facts of the release.
    """
    address = options.text("RegistryURI").rstrip("/")
    # Up to v1.4.3, whose .env has PREFIX, it stands in the place of federatedai in the images'
    # names, and later before it.
    if "PREFIX" in options:
        address = address.removesuffix(f"/{_NAMESPACE}")
    images = [service.image for service in {**facts.services, **facts.serving}.values()]
    if not re.fullmatch("[A-Za-z0-9._:/-]*", address):
        options.refuse("RegistryURI", "is not a registry; write it like registry.example.org:5000")
    elif address:
        others = sorted({image for image in images if not image.startswith(_NAMESPACE)})
        examples = [next(image for image in images if image.startswith(_NAMESPACE)), *others]
        options.taken(
            "RegistryURI",
            f"fate:registry: {address}. Images are pulled as "
            f"{', '.join(f'{address}/{image}' for image in examples)}",
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
    return address


def services(options: Options, facts: Release, registry: str) -> dict[str, dict[str, str]]:
    """The value of fate:services: images of other names than FATE's. fate:release chooses the rest.

    Args:
        options: the options; those about images and tags are reported.
        facts: the facts of the release.
        registry: the value of fate:registry.
    """
    serving = facts.serving.get("serving-server")
    if serving is None:
        options.left("SERVING_TAG", f"stacks of FATE {facts.name} have no FATE Serving")
    elif serving.image.endswith(f":{options.text('SERVING_TAG')}"):
        options.taken("SERVING_TAG", f"fate:release: {facts.name}")
    else:
        options.left("SERVING_TAG", f"fate:release decides the image: {serving.image}")
    for name in _OF_SPARK:
        for option in (f"{name}_IMAGE", f"{name}_IMAGE_TAG"):
            options.left(option, "Spark's master and workers run in FATE Flow's image")
    images: dict[str, dict[str, str]] = {}
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
            images |= {service: {"image": own} for service in known}
            for option in both:
                options.taken(option, f"fate:services: {' and '.join(known)}: image: {own}")
            continue
        for option, part in zip(both, usual.split(":"), strict=True):
            if options.text(option) == part:
                options.taken(option, f"fate:release: {facts.name}")
            else:
                options.left(option, f"fate:release decides the image: {official}")
    return images


def variants(
    options: Options, facts: Release, names: Collection[str], registry: str
) -> dict[str, dict[str, str]]:
    """The value of fate:services for the images of an algorithm and a device.

    Args:
        options: the options; those about algorithm and device are reported.
        facts: the facts of the release.
        names: the images that have variants; if there are none, nothing is reported.
        registry: the value of fate:registry.
    """
    if not names:
        return {}
    nn = options.text("enabled_nn").lower() == "true"
    algorithm = options.text("algorithm", "NN" if nn else "Basic").lower()
    device = options.text("device", "CPU").lower()
    known = True
    for name, value, values in (
        ("algorithm", algorithm, "Basic, NN or ALL"),
        ("device", device, "CPU, IPCL or GPU"),
    ):
        if value not in (_ALGORITHMS if name == "algorithm" else _DEVICES):
            options.refuse(name, f"is none that KubeFATE has; write {values}")
            known = False
    if not known:
        return {}
    suffix = _ALGORITHMS[algorithm] + _DEVICES[device]
    images = {}
    for service, about in facts.services.items():
        image, _, tag = about.image.partition(":")
        if suffix and image in names:
            own = "/".join(filter(None, [registry, f"{image}{suffix}:{tag}"]))
            images[service] = {"image": own}
    chosen = ", ".join(f"{name}: {about['image']}" for name, about in images.items())
    for name, ending in (
        ("algorithm", _ALGORITHMS[algorithm]),
        ("enabled_nn", _ALGORITHMS[algorithm]),
        ("device", _DEVICES[device]),
    ):
        if name == "device" and device == "gpu":
            options.left(name, "containers get no GPU; the images are those for the CPU")
        elif ending:
            options.taken(name, f"fate:services ({chosen}). See that the registry has these images")
        else:
            options.taken(name, "the release's images are those")
    return images
