# Selects a stack, and makes it when it is new. Usage: stack.sh STACK
set -eu
eval "$(sh toolchain/env.sh)"
pulumi stack select --create "$1" >/dev/null
if [ "$1" = dev ] && ! grep -q '^ *fate:masterSecret:' Pulumi.dev.yaml; then
  echo "==> a master secret of its own for the dev stack, encrypted in Pulumi.dev.yaml"
  .venv/bin/python -c 'import secrets; print(secrets.token_hex(32), end="")' |
    pulumi config set --secret fate:masterSecret --stack dev
fi
