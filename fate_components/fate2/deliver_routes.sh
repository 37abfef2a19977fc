# Brings routes into a running container, for what reads them next: by itself, or after $THEN.
set -eu
wanted=$(cat)
present=$(docker exec "$CONTAINER" cat "$FILE")
if [ "$wanted" != "$present" ]; then
  # Written beside and moved, so that nobody reads half a table.
  printf '%s\n' "$wanted" |
    docker exec -i "$CONTAINER" sh -c 'cat > "$0.new" && mv "$0.new" "$0" && eval "$1"' "$FILE" "$THEN"
fi
echo "$CONTAINER"
