# Selects a stack, and makes it when it is new. Usage: stack.sh STACK
set -eu
eval "$(sh toolchain/env.sh)"
pulumi stack select --create "$1" >/dev/null
# The stacks that come with the project have none; it must not be the same everywhere.
if git ls-files --error-unmatch "Pulumi.$1.yaml" >/dev/null 2>&1 &&
  ! grep -q '^ *fate:masterSecret:' "Pulumi.$1.yaml"; then
  echo "==> a master secret of its own for the stack $1, encrypted in Pulumi.$1.yaml"
  .venv/bin/python -c 'import secrets; print(secrets.token_hex(32), end="")' |
    pulumi config set --secret fate:masterSecret --stack "$1"
fi
