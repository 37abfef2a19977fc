"""The names of our objects on the Docker hosts."""


def docker_name(stack: str, *parts: object) -> str:
    """The name of one of our objects on a Docker host, like fate-dev-9999-roll."""
    return "-".join(["fate", stack, *map(str, parts)])
