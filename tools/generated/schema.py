"""The JSON schema of stack files, for YAML language servers.

It checks structure: which keys there are, and the form of their values. What depends on several
keys, `pulumi preview` checks.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fate_components.lines import settings_models
from fate_components.releases import catalogue
from fate_components.releases.facts import Release, ServiceFacts
from fate_components.settings.errors import NAMESPACE
from fate_components.settings.keys import ENCRYPTED, without_links
from fate_components.settings.reading import PLAIN

Schema = dict[str, Any]

_RELEASE = f"{NAMESPACE}:release"
# How pydantic writes the bounds of what a validator of our own has looked at first.
_BOUNDS = {"ge": "minimum", "le": "maximum"}
_ENCRYPTED = {"$ref": "#/definitions/encrypted"}


def stack_file() -> Schema:
    """The schema of a stack file."""
    releases = [catalogue.load(name) for name in reversed(catalogue.known())]
    definitions: Schema = {"encrypted": ENCRYPTED}
    conditions = []
    for line in settings_models():
        of_line = [release for release in releases if release.line == line]
        definitions |= _definitions(line, of_line)
        condition = {"properties": {_RELEASE: {"enum": [one.name for one in of_line]}}}
        then = {"$ref": f"#/definitions/{line}"}
        conditions.append({"if": {**condition, "required": [_RELEASE]}, "then": then})
    about = definitions[releases[0].line]["properties"][_RELEASE]["description"]
    names = [release.name for release in releases]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A stack of FATE on Docker hosts",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": {_RELEASE: {"description": about, "enum": names}},
                "required": [_RELEASE],
                "allOf": conditions,
            }
        },
        "required": ["config"],
        "definitions": definitions,
    }


def _definitions(line: str, releases: Iterable[Release]) -> Schema:
    """The schemas of a release line's models, by the line's name and theirs."""
    prefix = f"{line}."
    settings = settings_models()[line].model_json_schema(
        ref_template=f"#/definitions/{prefix}{{model}}"
    )
    models = {name: _tidy(one) for name, one in settings.pop("$defs").items()}
    settings = _tidy(settings)
    training = _merged(release.services for release in releases)
    serving = _merged(release.serving for release in releases)
    _only(settings["properties"]["services"], {**training, **serving})
    for name, services in {"Training": training, "Serving": serving}.items():
        if name in models:
            keys = models[name]["properties"]
            ports = [port for one in services.values() for port in one.published_ports]
            _only(keys["services"], services)
            _only(keys["publish"], ports)
    if ports_of_peers := models["Peer"]["properties"].get("ports"):
        _only(ports_of_peers, [port for one in training.values() for port in one.gateway])
    return {
        line: _config(line, settings),
        **{f"{prefix}{name}": model for name, model in models.items()},
    }


def _merged(services: Iterable[Mapping[str, ServiceFacts]]) -> dict[str, ServiceFacts]:
    return {name: one for some in services for name, one in some.items()}


def _only(key: Schema, names: Iterable[str]) -> None:
    """Name the keys of a map, which the models leave to the release's facts."""
    one = key["additionalProperties"]
    key.update(properties=dict.fromkeys(names, one), additionalProperties=False)


def _config(line: str, settings: Schema) -> Schema:
    """The keys of a release line, among those of other Pulumi packages."""
    required = [
        f"{NAMESPACE}:{field.alias}"
        for field in settings_models()[line].model_fields.values()
        # A secret is there only after `pulumi config set --secret` has written it.
        if field.is_required() and field.alias != "masterSecret"
    ]
    return {
        "type": "object",
        "properties": {
            f"{NAMESPACE}:{key}": _as_set(key, one) for key, one in settings["properties"].items()
        },
        "patternProperties": {f"^(?!{NAMESPACE}:)": {}},
        "additionalProperties": False,
        "required": required,
    }


def _as_set(key: str, schema: Schema) -> Schema:
    """A key whose value may also be as `pulumi config set` without --path writes it."""
    if key in ("release", "masterSecret"):
        return schema
    form = {name: value for name, value in schema.items() if name != "description"}
    written: list[Schema] = [_ENCRYPTED]
    if form.get("type") == "boolean":
        written.append({"enum": ["true", "false"]})
    elif key not in PLAIN:
        start = r"\[" if form.get("type") == "array" else r"\{"
        written.append({"type": "string", "pattern": rf"^\s*{start}"})
    return {"description": schema["description"], "anyOf": [form, *written]}


def _tidy(schema: Any) -> Any:
    """A schema of pydantic's in the words of draft 7, without titles that repeat the key."""
    if isinstance(schema, list):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    found: Schema = {}
    if ENCRYPTED.items() <= schema.items():
        schema = {key: value for key, value in schema.items() if key not in ENCRYPTED} | _ENCRYPTED
    for key, value in schema.items():
        if key == "properties":
            found[key] = {name: _tidy(one) for name, one in value.items()}
        elif key == "description":
            found[key] = without_links(value)
        elif key == "$ref" and len(schema) > 1:
            found["allOf"] = [{key: value}]  # draft 7 ignores what is beside a $ref
        elif key in _BOUNDS:
            found[_BOUNDS[key]] = value
        elif key == "title" or (key == "default" and not isinstance(value, bool | int | str)):
            continue
        else:
            found[key] = _tidy(value)
    return found
