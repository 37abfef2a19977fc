#!/bin/bash
# Does what the official RabbitMQ image's entrypoint does, as far as deployers of FATE rely on it:
# its commands run as the user rabbitmq, who can read what was delivered and owns the data.
set -eo pipefail

case "$1" in rabbitmq*)
    if [ "$(id -u)" = 0 ]; then
        find /var/lib/rabbitmq \! -user rabbitmq -exec chown rabbitmq '{}' +
        # delivered files are root's, some for root alone; one mounted read-only stays as it is
        chgrp -R rabbitmq /etc/rabbitmq || true
        chmod -R g+rX /etc/rabbitmq || true
        exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "${BASH_SOURCE[0]}" "$@"
    fi
    ;;
esac
exec "$@"
