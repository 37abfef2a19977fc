# Updates the images' lock files of Python packages. Usage: sh fate_components/images/packages/locks/lock.sh [uv]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
uv=${1:-$here/../../../../.venv/bin/uv}
lock() { # IN OUT [OVERRIDES]
  echo "==> $2"
  "$uv" pip compile --quiet --upgrade --generate-hashes --no-annotate --no-header \
    --no-emit-index-url --no-emit-find-links --python-version 3.11 \
    --python-platform x86_64-unknown-linux-gnu ${3:+--override "$3"} "$1" -o "$2"
}
for release in 2.0.0 2.2.0; do
  for image in fateflow client; do
    lock "$here/$image-$release.in" "$here/$image-$release.txt" "$here/$image.overrides"
  done
done
lock "$here/../fateflow-spark/requirements.in" "$here/../fateflow-spark/requirements.txt"
