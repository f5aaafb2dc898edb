#!/usr/bin/env bash
# Makes what is built with npm, where a source has changed since it was made; the builds of .NET projects call this.
#   scripts/web-build.sh FOLDER WHAT OUTPUT SOURCE…   (OUTPUT and SOURCE below FOLDER; FOLDER has package.json, package-lock.json and build.mjs)
# One at a time: of two builds that run at once, the second waits and finds it made. A kill leaves what was there, or nothing, and no mark: it is made again.
set -euo pipefail
folder=$1 what=$2 output=$3
shift 3
cd "$folder"
mkdir -p dist
exec 9>dist/.lock
flock 9

fail() {
  # The form that MSBuild takes for an error.
  printf 'web-build.sh: error EVPAGE: %s\n' "$*" >&2
  exit 1
}
command -v node >/dev/null || fail "$what is built with Node.js, and there is no \"node\" on the PATH. Install Node.js 20 or later with npm, and build again."
version=$(node --version)
version=${version#v}
((${version%%.*} >= 20)) || fail "$what is built with Node.js 20 or later, and this is $version. Install a later one, and build again."
command -v npm >/dev/null || fail "$what is built with npm, and there is no \"npm\" on the PATH. Install npm, and build again."

mark=$({ node --version; sha256sum package.json package-lock.json build.mjs "$@"; } | sha256sum)
if [[ ! -s $output || ! -f dist/.mark || $(<dist/.mark) != "$mark" ]]; then
  if [[ ! -f node_modules/.as-locked ]] || ! cmp -s node_modules/.as-locked package-lock.json; then
    npm ci --ignore-scripts --no-fund --no-audit --loglevel=error >dist/npm.log 2>&1 9>&- ||
      fail "npm could not fetch what it takes to build $what: $(grep -m1 . dist/npm.log || echo 'it said nothing'). Check the network and the npm registry, and build again."
    cp package-lock.json node_modules/.as-locked
  fi
  node build.mjs 9>&-
  printf '%s\n' "$mark" >dist/.mark
fi
touch "$output" # later than its sources, so that MSBuild does not ask again
