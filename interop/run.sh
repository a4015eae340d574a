#!/bin/sh
# npm run test:interop: what jobmeter says, checked by programs that others wrote. Installs what they need from Debian;
# where something cannot be had, it fails.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH
cache=${XDG_CACHE_HOME:-$HOME/.cache}/jobmeter-interop
mkdir -p "$cache"

missing=
for package in $(cat interop/packages.txt); do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
  echo "jobmeter: installing$missing"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >"$cache/apt.log" 2>&1 || {
    cat "$cache/apt.log" >&2
    exit 1
  }
fi

if command -v go >/dev/null; then
  echo 'jobmeter: building the Collector'
  (cd interop/collector && go build -trimpath -o "$cache/collector" .)
  export INTEROP_COLLECTOR="$cache/collector"
else
  echo 'jobmeter: no Go here, so no Collector; the schema comes from npm'
  [ -d "$cache/mockotlpserver" ] || {
    npm pack --silent --pack-destination "$cache" @elastic/mockotlpserver@0.10.0
    mkdir "$cache/mockotlpserver"
    tar -xzf "$cache/elastic-mockotlpserver-0.10.0.tgz" -C "$cache/mockotlpserver"
  }
  OTLP_PROTO=$(dirname "$(find "$cache/mockotlpserver" -type d -path '*opentelemetry/proto' | head -n 1)" | xargs dirname)
  export OTLP_PROTO
fi

exec node --test --test-concurrency=1 'interop/*.test.ts'
