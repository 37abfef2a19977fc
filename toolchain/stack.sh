# Selects a stack and creates it if it does not exist. Usage: stack.sh STACK
set -eu
eval "$(sh toolchain/env.sh)"

# Ends with the output of a command that failed, and says which passphrase is a wrong one.
failed() {
  printf '%s\n' "$1" >&2
  case $1 in *'incorrect passphrase'*) ;; *) exit 1 ;; esac
  ours=$(pwd)/.pulumi/passphrase
  # Pulumi prefers the first one (pkg/secrets/passphrase).
  if [ -n "${PULUMI_CONFIG_PASSPHRASE+set}" ]; then
    given=PULUMI_CONFIG_PASSPHRASE
  elif [ "$PULUMI_CONFIG_PASSPHRASE_FILE" != "$ours" ]; then
    given=PULUMI_CONFIG_PASSPHRASE_FILE
  else
    echo "Stack $2 is encrypted with another passphrase than that in .pulumi/passphrase. Set PULUMI_CONFIG_PASSPHRASE to the" \
      "passphrase that the stack was created with." >&2
    exit 1
  fi
  echo "Stack $2 is encrypted with another passphrase than that of $given, which is set in this shell, perhaps for another" \
    "project. Set it to the passphrase that the stack was created with." >&2
  [ ! -e "$ours" ] || echo "If that is the one in .pulumi/passphrase, run: unset $given" >&2
  exit 1
}

said=$(pulumi stack select --create "$1" 2>&1) || failed "$said" "$1"
if grep -q '^ *fate:masterSecret:' "Pulumi.$1.yaml" 2>/dev/null; then
  # It is read only to see whether it can be: `pulumi up` would not say which passphrase is wrong.
  said=$(pulumi config get fate:masterSecret --stack "$1" 2>&1 >/dev/null) || failed "$said" "$1"
# The stacks that come with the project have no master secret: it must not be the same everywhere.
elif git ls-files --error-unmatch "Pulumi.$1.yaml" >/dev/null 2>&1; then
  echo "==> generating a master secret for stack $1, encrypted in Pulumi.$1.yaml"
  said=$(.venv/bin/python -c 'import secrets; print(secrets.token_hex(32), end="")' |
    pulumi config set --secret fate:masterSecret --stack "$1" 2>&1) || failed "$said" "$1"
fi
