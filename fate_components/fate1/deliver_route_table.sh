# Brings a route table into a running proxy, which reads it again within a minute.
# A container that is new to us may have started with the table of its first day: it serves no job
# yet, so it is restarted with the right one instead of leaving a minute of wrong routes.
set -eu
wanted=$(cat)
present=$(docker exec "$CONTAINER" cat "$FILE")
if [ "$wanted" != "$present" ]; then
  # Written beside and moved, so that the proxy never reads half a table.
  printf '%s\n' "$wanted" |
    docker exec -i "$CONTAINER" sh -c 'cat > "$0.new" && mv "$0.new" "$0"' "$FILE"
  if [ "${PULUMI_COMMAND_STDOUT:-}" != "$CONTAINER" ]; then
    docker restart "$CONTAINER" > /dev/null
    tries=0
    until [ "$(docker inspect -f '{{.State.Health.Status}}' "$CONTAINER")" = healthy ]; do
      tries=$((tries + 1))
      if [ $tries -gt 300 ]; then
        echo "the proxy did not get healthy with its new route table" >&2
        exit 1
      fi
      sleep 1
    done
  fi
fi
echo "$CONTAINER"
