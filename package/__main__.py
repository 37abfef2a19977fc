"""The package that `pulumi package add` adds to a program."""

from pulumi.provider.experimental import component_provider_host

from fate_components.provider import PACKAGE, Deployment

if __name__ == "__main__":
    component_provider_host([Deployment], PACKAGE)
