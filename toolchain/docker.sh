# Sets up Docker on this machine. Usage: docker.sh client | start | test | browser
#   client  the docker command, for remote Docker hosts
#   start   also a running local daemon, and the tools for building the lab images
#   test    the tools that the tests need to run their own daemons
#   browser the browser in which a test opens the page of fatectl board
set -eu
ask() {
  echo "$1" >&2
  exit 1
}
local=unix:///var/run/docker.sock
answers() { docker -H $local version >/dev/null 2>&1; }

# debootstrap verifies its downloads only if the keyring and gnupg are installed.
packages="docker.io iptables debootstrap debian-archive-keyring gnupg ca-certificates"
case $1 in
  client) programs=docker ;;
  start)
    programs="docker debootstrap"
    answers || programs="$programs dockerd iptables"
    ;;
  test)
    programs="docker dockerd containerd iptables debootstrap ip sshd"
    packages="$packages iproute2 openssh-server"
    ;;
  browser)
    programs="chromium chromedriver"
    packages=chromium-driver
    ;;
esac
missing=
for program in $programs; do
  PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || missing="$missing $program"
done
if [ -n "$missing" ]; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    ask "Missing:$missing. Install them (Debian: apt-get install $packages) or run make as root."
  echo "==> installing $packages (about a minute)"
  apt-get update -qq
  # shellcheck disable=SC2086 # the packages are words
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
fi
[ "$1" = start ] || exit 0
if answers; then
  echo "==> Docker is running"
  exit 0
fi
[ "$(id -u)" = 0 ] ||
  ask "Cannot connect to a Docker daemon at $local. Start one, or join the group docker."
echo "==> starting the Docker daemon"
if [ -d /run/systemd/system ]; then
  systemctl start docker
else
  # No service manager (a container, a minimal machine): leave the daemon running in the background.
  nohup dockerd >/var/log/dockerd.log 2>&1 </dev/null &
fi
tries=0
until answers; do
  tries=$((tries + 1))
  [ $tries -le 60 ] || ask "The Docker daemon did not start. See the end of /var/log/dockerd.log (or: journalctl -u docker)."
  sleep 1
done
