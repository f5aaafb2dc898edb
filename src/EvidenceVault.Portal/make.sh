#!/usr/bin/env bash
# Makes dist/portal.css and the scripts of the pages where a source has changed since they were made; the build of the portal calls this.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cd "$here"
mapfile -t sources < <(find assets ../EvidenceVault.VerifyPage/check ../EvidenceVault.VerifyPage/page -type f ! -path 'assets/help/*' | LC_ALL=C sort)
exec "$here/../../scripts/web-build.sh" "$here" "the style and the scripts of the portal" dist/portal.css "${sources[@]}"
