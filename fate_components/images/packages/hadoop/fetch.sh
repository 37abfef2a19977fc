# Fetches Hadoop and all that it needs with Maven, with this build's certificates, proxy and
# settings. Usage: fetch.sh FILES FOLDER
set -eu
files=$1 out=$2
if [ -s "$files/ca-bundle.crt" ]; then
  awk -v folder=/usr/local/share/ca-certificates \
    '/BEGIN CERTIFICATE/ {inside = 1; n++} inside {print > (folder "/build-" n ".crt")} /END CERTIFICATE/ {inside = 0}' \
    "$files/ca-bundle.crt"
  update-ca-certificates > /dev/null 2>&1
fi
# Java does not read the variables that other programs do
proxy=${https_proxy:-${HTTPS_PROXY:-}}
if [ -n "$proxy" ]; then
  address=$(echo "$proxy" | sed -E 's|^[a-z]+://||; s|^[^@]*@||; s|/.*$||')
  direct=$(echo "${no_proxy:-${NO_PROXY:-}}" | sed -E 's/(^|,)\./\1*./g; s/,/|/g')
  MAVEN_OPTS="-Dhttps.proxyHost=${address%:*} -Dhttps.proxyPort=${address##*:}"
  MAVEN_OPTS="$MAVEN_OPTS -Dhttp.proxyHost=${address%:*} -Dhttp.proxyPort=${address##*:}"
  export MAVEN_OPTS="$MAVEN_OPTS -Dhttp.nonProxyHosts=$direct"
fi
# log4j 1.2 is replaced by reload4j
mvn --batch-mode --no-transfer-progress --strict-checksums --settings "$files/maven-settings.xml" \
  --file "$files/pom.xml" \
  org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
  -DincludeScope=runtime -DoutputDirectory="$out" \
  -DexcludeArtifactIds=log4j,slf4j-log4j12 \
  -DexcludeClassifiers=osx-aarch_64,osx-x86_64,linux-aarch_64
