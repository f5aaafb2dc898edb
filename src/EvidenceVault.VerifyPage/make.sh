#!/usr/bin/env bash
# Makes dist/verify.html where a source has changed since it was made; the build of Pipeline calls this.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cd "$here"
exec "$here/../../scripts/web-build.sh" "$here" 'verify.html, the page that goes into every disclosure bundle,' dist/verify.html page/* check/*
