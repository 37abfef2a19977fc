#!/bin/bash
# Behaves like the official mysql:8 image's entrypoint, as far as deployers of FATE rely on it: it
# handles the first data directory, MYSQL_* settings, /docker-entrypoint-initdb.d and user mysql.
set -eo pipefail

say() { echo "$(date -u +%FT%TZ) [Note] [Entrypoint]: $*"; }
die() { echo "$(date -u +%FT%TZ) [ERROR] [Entrypoint]: $*" >&2; exit 1; }

# setting NAME [DEFAULT]: exports NAME; NAME_FILE may name a file that contains the value
setting() {
    local name=$1 file=${1}_FILE
    if [ -n "${!name}" ] && [ -n "${!file}" ]; then
        die "both $name and $file are set"
    elif [ -n "${!file}" ]; then
        [ -r "${!file}" ] || die "$file: user $(id -un) cannot read ${!file}"
        export "$name"="$(< "${!file}")"
    else
        export "$name"="${!name:-$2}"
    fi
    unset "$file"
}

# text as an SQL string
quote() {
    local text=${1//\\/\\\\}
    echo "'${text//\'/\\\'}'"
}

initialize() {
    [ -n "$MYSQL_ROOT_PASSWORD" ] || [ -n "$MYSQL_ALLOW_EMPTY_PASSWORD" ] ||
        die "database is uninitialized and no password is specified: set MYSQL_ROOT_PASSWORD"
    [ "$MYSQL_USER" != root ] || die 'MYSQL_USER="root": that user already exists'
    [ -z "$MYSQL_USER" ] || [ -n "$MYSQL_PASSWORD" ] || die "MYSQL_USER is set, but MYSQL_PASSWORD is not"
    ls /docker-entrypoint-initdb.d > /dev/null

    say "Initializing database files"
    cp -R /opt/mysql-data/. /var/lib/mysql

    # this server is not reachable over the network
    say "Starting temporary server"
    local socket=/run/mysqld/mysqld.sock client file
    mysqld --skip-networking --socket=$socket &
    local server=$!
    for _ in $(seq 300); do
        mysqladmin --socket=$socket -uroot ping > /dev/null 2>&1 && break
        kill -0 $server 2> /dev/null || die "temporary server did not start"
        sleep 0.1
    done

    local password
    password=$(quote "$MYSQL_ROOT_PASSWORD")
    {
        # mariadb-install-db creates more accounts than MySQL does, without passwords
        echo "DELETE FROM mysql.global_priv WHERE User = '' OR User = 'root' AND Host <> 'localhost';"
        echo "FLUSH PRIVILEGES;"
        if [ "$MYSQL_ROOT_HOST" != localhost ]; then
            echo "CREATE USER 'root'@$(quote "$MYSQL_ROOT_HOST") IDENTIFIED BY $password;"
            echo "GRANT ALL ON *.* TO 'root'@$(quote "$MYSQL_ROOT_HOST") WITH GRANT OPTION;"
        fi
        [ -z "$MYSQL_DATABASE" ] || echo "CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\`;"
        if [ -n "$MYSQL_USER" ]; then
            echo "CREATE USER '$MYSQL_USER'@'%' IDENTIFIED BY $(quote "$MYSQL_PASSWORD");"
            [ -z "$MYSQL_DATABASE" ] ||
                echo "GRANT ALL ON \`${MYSQL_DATABASE//_/\\_}\`.* TO '$MYSQL_USER'@'%';"
        fi
        echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $password;"
    } | mysql --socket=$socket -uroot

    export MYSQL_PWD=$MYSQL_ROOT_PASSWORD
    client="mysql --socket=$socket -uroot --comments ${MYSQL_DATABASE:+--database=$MYSQL_DATABASE}"
    for file in /docker-entrypoint-initdb.d/*; do
        case "$file" in
            *.sql) say "running $file"; $client < "$file" ;;
            *.sh) say "running $file"; if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
            */\*) ;;
            *) say "ignoring $file" ;;
        esac
    done
    say "Stopping temporary server"
    mysqladmin --socket=$socket -uroot shutdown
    wait $server
    unset MYSQL_PWD
    say "MySQL init process done. Ready for start up."
}

if [ "${1:0:1}" = - ]; then
    set -- mysqld "$@"
fi
want_help=
for argument in "$@"; do
    case "$argument" in -'?'|--help|-V|--version|--print-defaults) want_help=yes ;; esac
done
if [ "$1" = mysqld ] && [ -z "$want_help" ]; then
    if [ "$(id -u)" = 0 ]; then
        say "Switching to dedicated user 'mysql'"
        find /var/lib/mysql /run/mysqld \! -user mysql -exec chown mysql '{}' +
        exec setpriv --reuid=mysql --regid=mysql --init-groups "${BASH_SOURCE[0]}" "$@"
    fi
    for name in MYSQL_DATABASE MYSQL_USER MYSQL_PASSWORD MYSQL_ROOT_PASSWORD; do setting $name; done
    setting MYSQL_ROOT_HOST %
    for argument in "$@"; do
        case "$argument" in
            --init-file=*|--init_file=*)
                file=${argument#*=}
                [ -r "$file" ] || die "--init-file: user $(id -un) cannot read $file"
                ;;
        esac
    done
    [ -d /var/lib/mysql/mysql ] || initialize
fi
exec "$@"
