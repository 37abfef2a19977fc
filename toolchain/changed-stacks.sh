# Prints the stacks that changed files concern, one a line. The files' names are on standard input.
# A stack without a master secret has never been set up, like those that come with the project.
set -eu
cd "$(dirname "$0")/.."
files=$(cat)
program='^(__main__\.py|Pulumi\.yaml|requirements\.lock|(fate_components|config|toolchain)/.*)$'
for file in Pulumi.*.yaml; do
  grep -Eq '^ *fate:masterSecret:|^environment:' "$file" || continue
  if printf '%s\n' "$files" | grep -Fxq -e "$file" || printf '%s\n' "$files" | grep -Eq "$program"; then
    stack=${file#Pulumi.}
    echo "${stack%.yaml}"
  fi
done
