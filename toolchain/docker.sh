# Sees to Docker on this machine. Usage: docker.sh install | start
#   install  the programs that tests and lab images need
#   start    also a daemon that answers at the usual place
set -eu
ask() {
  echo "$1" >&2
  exit 1
}
missing=
for program in docker dockerd debootstrap ip iptables; do
  PATH=$PATH:/usr/sbin:/sbin command -v $program >/dev/null || missing="$missing $program"
done
answers() { docker version >/dev/null 2>&1; }

if [ "$1" = start ] && answers; then
  echo "==> Docker answers"
  exit 0
fi
if [ -n "$missing" ]; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    ask "Missing:$missing. Install them (Debian: apt-get install docker.io iproute2 iptables debootstrap), or run make as root."
  echo "==> Docker from Debian's packages (about a minute)"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    docker.io iproute2 iptables debootstrap ca-certificates >/dev/null
fi
[ "$1" = start ] || exit 0
answers && exit 0
[ "$(id -u)" = 0 ] ||
  ask "No Docker daemon answers at ${DOCKER_HOST:-/var/run/docker.sock}: start one, or join the group docker."
[ -z "${DOCKER_HOST:-}" ] || ask "No Docker daemon answers at DOCKER_HOST=$DOCKER_HOST."
echo "==> starting the Docker daemon"
if [ -d /run/systemd/system ]; then
  systemctl start docker
else
  # No service manager (a container, a minimal machine): the daemon is simply left running.
  nohup dockerd >/var/log/dockerd.log 2>&1 </dev/null &
fi
tries=0
until answers; do
  tries=$((tries + 1))
  [ $tries -le 60 ] || ask "The Docker daemon did not start; its last words are in /var/log/dockerd.log (or: journalctl -u docker)."
  sleep 1
done
