#!/bin/sh
# Same as in the official redis:5 image: options alone mean redis-server, which runs as user redis.
set -e
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
    set -- redis-server "$@"
fi
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
    find . \! -user redis -exec chown redis '{}' +
    exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi
# official builds of Redis have no protected mode
if [ "$1" = redis-server ]; then
    set -- "$@" --protected-mode no
fi
exec "$@"
