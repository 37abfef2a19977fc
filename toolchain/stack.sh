# Selects a stack and creates it if it does not exist. Usage: stack.sh STACK
set -eu
eval "$(sh toolchain/env.sh)"
pulumi stack select --create "$1" >/dev/null
# The stacks that come with the project have no master secret: it must not be the same everywhere.
if git ls-files --error-unmatch "Pulumi.$1.yaml" >/dev/null 2>&1 &&
  ! grep -q '^ *fate:masterSecret:' "Pulumi.$1.yaml"; then
  echo "==> generating a master secret for stack $1, encrypted in Pulumi.$1.yaml"
  .venv/bin/python -c 'import secrets; print(secrets.token_hex(32), end="")' |
    pulumi config set --secret fate:masterSecret --stack "$1"
fi
