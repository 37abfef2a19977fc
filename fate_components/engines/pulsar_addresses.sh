# FATE creates a cluster for each party that it sends to, and never changes it; Pulsar connects to a
# cluster's first address until it is restarted. A new container knows no clusters yet.
if [ "${PULUMI_COMMAND_STDOUT:-}" = "$CONTAINER" ]; then
  changed=$(
    docker exec -i "$CONTAINER" timeout 120 bash -s "$FILE" ADMIN_PORT << 'SCRIPT'
admin() {
  exec 3<> "/dev/tcp/127.0.0.1/$port"
  printf '%s /admin/v2/clusters/%s HTTP/1.0\r\nContent-Type: application/json\r\n' "$1" "$2" >&3
  printf 'Content-Length: %s\r\n\r\n%s' "${#3}" "$3" >&3
  cat <&3
}
file=$1 port=$2
until (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do sleep 1; done
while read -r party url; do
  case $(admin GET "$party" '') in
    *"\"$url\""*) ;;
    *'"brokerServiceUrl"'*)
      answer=$(admin POST "$party" "{\"serviceUrl\":\"\",\"brokerServiceUrl\":\"$url\"}")
      case $answer in *' 204 '*) echo "$party" ;; *) echo "$answer" >&2; exit 1 ;; esac
      ;;
  esac
done < "$file"
SCRIPT
  )
  if [ -n "$changed" ]; then
    docker restart "$CONTAINER" > /dev/null
  fi
fi
