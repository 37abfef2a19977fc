#!/bin/bash
# Runs strict checks, then continues like the official mysql:8 image's entrypoint.
set -eo pipefail

die() { echo "$(date -u +%FT%TZ) [ERROR] [Lab]: $*" >&2; exit 1; }

# a misspelt setting is an error
check_names() {
    local name
    for name in $(compgen -e MYSQL_); do
        case $name in
            MYSQL_ROOT_PASSWORD|MYSQL_DATABASE|MYSQL_USER|MYSQL_PASSWORD|MYSQL_ROOT_HOST) ;;
            MYSQL_ROOT_PASSWORD_FILE|MYSQL_DATABASE_FILE|MYSQL_USER_FILE|MYSQL_PASSWORD_FILE) ;;
            MYSQL_ALLOW_EMPTY_PASSWORD|MYSQL_INITDB_SKIP_TZINFO|MYSQL_PWD|MYSQL_TCP_PORT) ;;
            *) die "unknown setting $name" ;;
        esac
    done
}

# MariaDB accepts statements that MySQL 8 rejects: find them here, not at the first real deployment
check_dialect() {
    local words='create or replace (table|database|user|index)|(create|drop) (unique )?index if (not )?exists'
    words+='|(add|drop|modify) (column |index )?if (not )?exists|grant .* identified by'
    if [ -f "$1" ] && grep -qiE "$words" "$1"; then
        die "$1: MySQL 8 does not support: $(grep -iE -m1 "$words" "$1")"
    fi
}

check_names
[ -d /var/lib/mysql/mysql ] || for file in /docker-entrypoint-initdb.d/*.sql; do
    check_dialect "$file"
done
for argument in "$@"; do
    case "$argument" in --init-file=*|--init_file=*) check_dialect "${argument#*=}" ;; esac
done
exec /usr/local/libexec/docker-entrypoint.sh "$@"
