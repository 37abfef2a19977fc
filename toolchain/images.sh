# Builds the images of a stack on this machine's Docker daemon, while the Pulumi engine is built:
# `pulumi up` then finds them. Usage: images.sh STACK
set -eu
file=Pulumi.$1.yaml
local=unix:///var/run/docker.sock
grep -q "$local" "$file" || exit 0
if grep -q '^ *fate:registry: fate-lab' "$file"; then
  .venv/bin/python -m tests.lab.build --host "$local"
elif grep -q '^ *fate:images: packages' "$file"; then
  release=$(sed -n 's/^ *fate:release: *"\{0,1\}\([0-9.]*\).*/\1/p' "$file")
  # What every party has; `pulumi up` builds what else this stack needs.
  .venv/bin/python -m fate_components.images.packages.build --host "$local" --release "$release" \
    fateflow client rabbitmq mysql nginx
fi
