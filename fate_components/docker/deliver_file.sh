# Brings a file into a running container; $APPLY, run inside it, makes its service read the file.
# A replaced container starts with the file of its first day. It serves nobody yet, so it is
# restarted with the right one instead of working with a wrong one until it reads it again.
set -eu
wanted=$(cat)
present=$(docker exec "$CONTAINER" cat "$FILE")
if [ "$wanted" != "$present" ]; then
  # BEFORE
  # Written beside it and moved, so that nobody reads half a file.
  printf '%s\n' "$wanted" |
    docker exec -i "$CONTAINER" sh -c 'cat > "$0.new" && mv "$0.new" "$0"' "$FILE"
  if [ "${PULUMI_COMMAND_STDOUT:-}" = "$CONTAINER" ]; then
    docker exec "$CONTAINER" sh -c "$APPLY"
  else
    docker restart "$CONTAINER" > /dev/null
  fi
fi
echo "$CONTAINER"
