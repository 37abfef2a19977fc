# Prints the environment that a shell needs to use Pulumi here: eval "$(make -s env)"
# An existing backend login or passphrase stays in use.
set -eu
cd "$(dirname "$0")/.."
here=$(pwd)
# A word for the shell, whatever is in it.
quoted() { printf '%s\n' "$1" | sed "s/'/'\\\\''/g; s/^/'/; s/\$/'/"; }
.venv/bin/python toolchain/install.py env
echo "export PATH=$(quoted "$here/toolchain/bin"):\"\$PATH\""
credentials=${PULUMI_CREDENTIALS_PATH:-$HOME/.pulumi}/credentials.json
if [ -z "${PULUMI_BACKEND_URL:-}" ] && ! grep -q '"current": *"[^"]' "$credentials" 2>/dev/null; then
  # These characters would end the path of the URL, or begin an escape in it.
  path=$(printf '%s\n' "$here" | sed 's/%/%25/g; s/#/%23/g; s/?/%3F/g')
  echo "export PULUMI_BACKEND_URL=$(quoted "file://$path")"
fi
if [ -z "${PULUMI_CONFIG_PASSPHRASE+set}" ] && [ -z "${PULUMI_CONFIG_PASSPHRASE_FILE:-}" ]; then
  if [ ! -e .pulumi/passphrase ]; then
    mkdir -p .pulumi
    (umask 077 && .venv/bin/python -c 'import secrets; print(secrets.token_hex(16))' > .pulumi/passphrase)
  fi
  echo "export PULUMI_CONFIG_PASSPHRASE_FILE=$(quoted "$here/.pulumi/passphrase")"
fi
