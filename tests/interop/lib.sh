# What the interop scripts share. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail

# Exit 0, so that a machine without the tool is no failure, and loud, so that nobody takes it for a pass.
skip() {
  printf 'SKIPPED: %s\n' "$1"
  exit 0
}

# try_install PACKAGE…: true where apt has put them there. Asks nothing of a user who may not.
try_install() {
  command -v apt-get >/dev/null || return 1
  local -a as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
  fi
  "${as_root[@]}" apt-get update -qq >/dev/null 2>&1 || true
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

sample=${1:?"run it with a folder that 'EvidenceVault.Benchmarks log-sample' made, or through scripts/interop"}
sample=$(cd "$sample" && pwd -P)
