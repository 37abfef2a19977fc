#!/bin/bash
# Behaves like the official RabbitMQ image's entrypoint, as far as deployers of FATE rely on it: its
# commands run as user rabbitmq, who can read delivered files and owns the data.
set -eo pipefail

case "$1" in rabbitmq*)
    if [ "$(id -u)" = 0 ]; then
        find /var/lib/rabbitmq \! -user rabbitmq -exec chown rabbitmq '{}' +
        # delivered files belong to root, some only readable by root; read-only mounts stay unchanged
        chgrp -R rabbitmq /etc/rabbitmq || true
        chmod -R g+rX /etc/rabbitmq || true
        exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "${BASH_SOURCE[0]}" "$@"
    fi
    ;;
esac
exec "$@"
