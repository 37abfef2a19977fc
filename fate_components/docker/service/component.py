"""The component of a service: it registers the service's volumes and its container."""

import json
from collections.abc import Sequence

import pulumi
import pulumi_docker as docker

from .. import folders, health
from ..inspect import drift
from ..inspect.survey import Described
from ..names import data_folder, labels
from ..ports import Published
from .container import Container, File, Volume
from .place import Place

_FOR_ROOT = "0600"
# Changes that the provider reports but does not apply to a running container.
_REPLACE_ON = ["healthcheck"]


class Service(pulumi.ComponentResource):
    """A service: its volumes and its container, which has started once the service is created.

    Creation does not wait until the service is healthy: `all_healthy` does, once per cluster.

    Args:
        token: the component's type.
        place: where its container runs.
        spec: the specification of its container.
        needs: resources that must exist before its container starts. A service that connects at
            startup would otherwise find an old container that is about to be replaced.
        opts: the parent and provider options.

    Attributes:
        volumes: its own volumes, by the last part of their names.
        container: its container.
        deliveries: the resources that deliver files into the running container.
    """

    def __init__(
        self,
        token: str,
        place: Place,
        spec: Container,
        needs: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.place = place
        self.name = spec.name or spec.service
        super().__init__(token, place.resource_name(self.name), {}, opts)
        self.volumes = {
            volume.name: self._volume(volume, spec.service)
            for volume in spec.volumes
            if not volume.shared
        }
        self.container = self._container(spec, needs)
        self.deliveries: list[pulumi.Resource] = []

    def _volume(self, volume: Volume, service: str) -> docker.Volume:
        place, hooks, after = self.place, None, list(self.place.after)
        data, party = place.host.data, place.party
        folder = data_folder(data, place.stack, party, volume.name)
        if data and folder:
            facts = place.services[service]
            made = folders.hook(
                f"folder-{place.host.name}-{place.resource_name(volume.name)}",
                data,
                folder,
                place.host.images.id(facts),
                labels(place.stack, helper="folder"),
                place.host.environment,
            )
            hooks = pulumi.ResourceHookBinding(before_create=[made])
            after.append(place.host.images.resource(facts))
        return docker.Volume(
            place.resource_name(volume.name),
            name=place.docker_name(volume.name),
            driver_opts=folders.options(folder) if folder else None,
            labels=[
                docker.VolumeLabelArgs(label=k, value=v) for k, v in place.labels(service).items()
            ],
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=after,
                retain_on_delete=place.keep_data,
                replacement_trigger=place.host.name,
                hooks=hooks,
                # A reused volume keeps its original labels; this must not replace it.
                ignore_changes=["labels", "driver"],
            ),
        )

    def _container(self, spec: Container, needs: Sequence[pulumi.Resource]) -> docker.Container:
        place = self.place
        facts = place.services[spec.service]
        environment = facts.environment | spec.environment
        present = place.host.survey.containers.get(place.docker_name(self.name), {})
        named = [(facts.ports[name], to) for name, to in spec.published.items()]
        publications = [*named, *spec.forwarded]
        generation = drift.generation(
            place.host.survey,
            place.docker_name(self.name),
            spec.networks,
            spec.files,
        )
        limits = drift.limits(facts)

        def labelled(generation: int) -> list[docker.ContainerLabelArgs]:
            all_labels = place.labels(spec.service)
            if generation:
                all_labels[drift.GENERATION] = str(generation)
            if limits:
                all_labels[drift.LIMITS] = json.dumps(limits)
            return [docker.ContainerLabelArgs(label=k, value=v) for k, v in all_labels.items()]

        return docker.Container(
            place.resource_name(self.name),
            name=place.docker_name(self.name),
            image=place.host.images.id(facts),
            command=list(spec.command) or None,
            envs=[f"{name}={value}" for name, value in sorted(environment.items())],
            uploads=[_upload(file) for file in spec.files],
            volumes=[
                docker.ContainerVolumeArgs(
                    container_path=volume.path,
                    volume_name=place.docker_name(volume.name)
                    if volume.shared
                    else self.volumes[volume.name].name,
                )
                for volume in spec.volumes
            ]
            + [
                docker.ContainerVolumeArgs(
                    container_path=folder.path,
                    host_path=folder.folder,
                    read_only=None if folder.writable else True,
                )
                for folder in spec.folders
                if not folder.required
            ],
            mounts=[
                docker.ContainerMountArgs(
                    target=folder.path,
                    type="bind",
                    source=folder.folder,
                    read_only=None if folder.writable else True,
                )
                for folder in spec.folders
                if folder.required
            ]
            or None,
            networks_advanced=[
                docker.ContainerNetworksAdvancedArgs(
                    name=place.networks[attachment.network.name].name,
                    ipv4_address=attachment.address,
                    aliases=list(attachment.aliases) or None,
                )
                for attachment in spec.networks
            ],
            ports=[
                docker.ContainerPortArgs(
                    internal=inside, external=to.port, ip=to.ip, protocol="tcp"
                )
                for inside, to in _in_dockers_order(publications, present)
            ],
            labels=generation.apply(labelled),
            capabilities=docker.ContainerCapabilitiesArgs(
                adds=[f"CAP_{name}" for name in sorted(facts.capabilities)] or None, drops=["ALL"]
            ),
            security_opts=["no-new-privileges"],
            cpu_period=limits.get("CpuPeriod"),
            cpu_quota=limits.get("CpuQuota"),
            memory=facts.memory,
            # With unless-stopped Docker would not start it again after a kill of dockerd.
            restart="always",
            init=True,  # the images' own PID 1 is a shell that ignores stop signals
            destroy_grace_seconds=spec.stop_seconds,
            healthcheck=health.healthcheck(spec.check or health.check(facts.probe), present),
            log_driver="json-file",
            log_opts=place.host.log_opts,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*place.after, *needs],
                delete_before_replace=True,
                replacement_trigger=place.host.name,
                hooks=place.host.leftovers,
                replace_on_changes=_REPLACE_ON,
                additional_secret_outputs=(
                    ["uploads"] if any(file.secret for file in spec.files) else None
                ),
                ignore_changes=[
                    f"uploads[{index}].content"
                    for index, file in enumerate(spec.files)
                    if file.reread
                ]
                # Docker sets it, depending on the kernel.
                + (["memorySwap"] if facts.memory else []),
            ),
        )


def _in_dockers_order(
    publications: Sequence[tuple[int, Published]], present: Described
) -> list[tuple[int, Published]]:
    """Publications in the order in which Docker lists those of one port, if it has several.

    The provider takes another order for a change, and which one it is depends on Docker's version.

    Args:
        publications: each port in the container, and where it is published.
        present: the container as Docker shows it, empty if it does not exist.
    """
    inside = [port for port, _ in publications]
    listed = (present.get("NetworkSettings") or {}).get("Ports") or {}

    def order(publication: tuple[int, Published]) -> tuple[int, int]:
        port, to = publication
        there = [
            Published(int(binding["HostPort"]), binding["HostIp"])
            for binding in listed.get(f"{port}/tcp") or ()
        ]
        return inside.index(port), there.index(to) if to in there else len(there)

    return sorted(publications, key=order)


def _upload(file: File) -> docker.ContainerUploadArgs:
    content: pulumi.Input[str] = file.content
    if file.secret:
        content = pulumi.Output.secret(file.content)
    return docker.ContainerUploadArgs(
        file=file.path,
        content=content,
        executable=True if file.executable else None,
        permissions=_FOR_ROOT if file.secret else None,
    )
