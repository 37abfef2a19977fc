#!/bin/bash
# Behaves like the official RabbitMQ image's entrypoint, as far as deployers of FATE rely on it: its
# commands run as user rabbitmq, who owns the data.
set -eo pipefail

case "$1" in rabbitmq*)
    if [ "$(id -u)" = 0 ]; then
        find /var/lib/rabbitmq \! -user rabbitmq -exec chown rabbitmq '{}' +
        exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "${BASH_SOURCE[0]}" "$@"
    fi
    ;;
esac
exec "$@"
