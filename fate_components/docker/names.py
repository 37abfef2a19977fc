"""The names and labels of our objects on the Docker hosts."""


def docker_name(stack: str, *parts: object) -> str:
    """The name of one of our objects on a Docker host, like fate-dev-9999-roll."""
    return "-".join(["fate", stack, *map(str, parts)])


def labels(stack: str, **more: str) -> dict[str, str]:
    """The labels by which our objects can be found, with or without the stack's state."""
    return {"fate.stack": stack} | {f"fate.{name}": value for name, value in more.items()}


def data_folder(data: str | None, stack: str, party: object, volume: str) -> str | None:
    """The folder on a Docker host that a volume keeps its data in, like /srv/fate/dev/9999/mysql.

    Args:
        data: the folder for all data on the host, or None if Docker chooses.
        stack: the stack's name.
        party: the party's id.
        volume: the last part of the volume's name.
    """
    return f"{data}/{stack}/{party}/{volume}" if data else None
