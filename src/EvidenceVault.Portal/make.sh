#!/usr/bin/env bash
# Makes dist/portal.css and dist/portal.js where a source has changed since they were made; the build of the portal calls this.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cd "$here"
exec "$here/../../scripts/web-build.sh" "$here" 'the style and the script of the portal' dist/portal.js assets/*
