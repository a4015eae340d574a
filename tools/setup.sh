#!/bin/sh
# All that a fresh clone lacks: the dependencies (the pinned Node is one of them) and the bundle. Quick when nothing is to do.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH

installed=node_modules/.installed-lock.json
if ! cmp -s package-lock.json "$installed"; then
  echo 'jobmeter: installing dependencies'
  npm ci --ignore-scripts --loglevel=error
  cp package-lock.json "$installed"
fi

if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 15) ? 0 : 1)'; then
  echo "jobmeter: needs Node 22.15 or newer, this is $(node --version), and there is no pinned one for this platform" >&2
  exit 2
fi

bundle=dist/jobmeter.js
if [ ! -f "$bundle" ] || [ -n "$(find src instrumentation tools/build.ts "$installed" -newer "$bundle" | head -n 1)" ]; then
  node tools/build.ts
fi
