# What the scripts share: finding or fetching what they need, and building. Sourced, never run.
# All talk goes to stderr, so that stdout stays with the program that is run.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
state=${EVIDENCEVAULT_STATE:-$root/.evidencevault}
export EVIDENCEVAULT_HOME=${EVIDENCEVAULT_HOME:-$state/vault}
export EVIDENCEVAULT_AZURITE_PORT=${EVIDENCEVAULT_AZURITE_PORT:-10000}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

readonly unreachable=3 # the programs' own exit code for "something needed is out of reach"

say() { printf '%s\n' "$*" >&2; }

# What happened, what it means, what to do next.
missing() {
  printf 'EvidenceVault cannot go on: %s\n' "$1" >&2
  shift
  printf '  %s\n' "$@" >&2
  exit "$unreachable"
}

# ---- What the machine must have -------------------------------------------------------------------------------------

need_dotnet() {
  command -v dotnet >/dev/null || missing '.NET is not here (no "dotnet" on the PATH).' \
    'Nothing has been changed. EvidenceVault is built with the .NET 10 SDK.' \
    'Install it as https://learn.microsoft.com/dotnet/core/install/linux says, and run this again.'
  local sdks
  sdks=$(dotnet --list-sdks)
  grep -q '^10\.' <<<"$sdks" || missing "the .NET 10 SDK is not here (found: $(awk '{print $1}' <<<"$sdks" | paste -sd ' ' -))." \
    'Nothing has been changed.' \
    'Install it as https://learn.microsoft.com/dotnet/core/install/linux says, and run this again.'
}

need_node() {
  local next='Install Node.js 20 or later with npm (on Debian 12 from https://nodejs.org, later Debians: apt-get install nodejs npm), and run this again.'
  local meaning='The page that goes into every disclosure bundle (verify.html) is built with it, and Azurite, the blob service for one machine, runs on it.'
  command -v node >/dev/null || missing 'Node.js is not here (no "node" on the PATH).' "$meaning" "$next"
  local version
  version=$(node --version)
  version=${version#v}
  ((${version%%.*} >= 20)) || missing "Node.js $version is too old." "$meaning" "$next"
}

need_npm() {
  command -v npm >/dev/null || missing 'npm is not here (no "npm" on the PATH).' \
    'Azurite, and what the page verify.html is built with, are fetched with it.' \
    'Install npm (Debian: apt-get install npm; it also comes with Node.js from https://nodejs.org), and run this again.'
}

has_gtk() { compgen -G '/usr/lib/*/libgtk-3.so.0' >/dev/null || compgen -G '/usr/lib*/libgtk-3.so.0' >/dev/null; }

# need_packages THING…: ffmpeg gtk openssl sqlite3 chromium bubblewrap. Asks apt only for what is missing.
need_packages() {
  local thing gtk=0
  local -a packages=()
  for thing in "$@"; do
    case $thing in
      bubblewrap) command -v bwrap >/dev/null || packages+=(bubblewrap) ;;
      gtk) has_gtk || { gtk=1; packages+=(libgtk-3-0); } ;;
      ffmpeg) { command -v ffmpeg && command -v ffprobe; } >/dev/null || packages+=(ffmpeg) ;;
      *) command -v "$thing" >/dev/null || packages+=("$thing") ;;
    esac
  done
  ((${#packages[@]})) || return 0

  command -v apt-get >/dev/null || missing "${packages[*]} not found, and apt-get, which could install it, is not here." \
    'Nothing has been changed.' \
    "Install ${packages[*]} with this system's own package tool, and run this again."
  local -a as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || missing "${packages[*]} not found, and only root may install it (there is no sudo)." \
      'Nothing has been changed.' \
      "As root: apt-get install ${packages[*]} — and run this again."
    as_root=(sudo)
    [[ -t 0 ]] || as_root+=(-n)
  fi

  say "setup: installing ${packages[*]} with apt-get"
  local log=$state/log/apt.log
  mkdir -p "$state/log"
  "${as_root[@]}" apt-get update -qq >"$log" 2>&1 ||
    say "setup: apt-get update reported errors ($log); trying with the lists that are there"
  # Debian 13 and Ubuntu 24.04 renamed the package with their 64-bit time change.
  if ((gtk)) && ! apt-cache show libgtk-3-0 >/dev/null 2>&1; then
    packages=("${packages[@]/#libgtk-3-0/libgtk-3-0t64}")
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >>"$log" 2>&1 ||
    missing "apt-get could not install ${packages[*]}: $(tail -n 1 "$log")" \
      "The whole of what it said is in $log." \
      'Mend what it names (often the network or a full disk), and run this again.'
}

# want_packages THING…: the same, but what cannot be had is told and does without.
want_packages() {
  local said
  if said=$(need_packages "$@" 2>&1); then
    [[ -z $said ]] || say "$said"
  else
    say "setup: going on without $*, which could not be installed: footage is then analysed under limits only (see SECURITY.md)"
  fi
}

# ---- Azurite --------------------------------------------------------------------------------------------------------

azurite_folder=$root/scripts/azurite
azurite_program=$azurite_folder/node_modules/azurite/dist/src/blob/main.js

# Fetches Azurite as package-lock.json pins it. The mark is written last: an interrupted npm leaves none, and is run again.
setup_azurite() {
  need_node
  local mark=$azurite_folder/node_modules/.as-locked
  if [[ -f $mark && -f $azurite_program ]] && cmp -s "$mark" "$azurite_folder/package-lock.json"; then return 0; fi
  need_npm
  mkdir -p "$state/log"
  (
    flock 9
    if [[ -f $mark && -f $azurite_program ]] && cmp -s "$mark" "$azurite_folder/package-lock.json"; then exit 0; fi
    say 'setup: fetching Azurite with npm'
    (cd "$azurite_folder" && npm ci --no-fund --no-audit --loglevel=error >"$state/log/npm.log" 2>&1 9>&-) ||
      missing "npm could not fetch Azurite: $(grep -m1 . "$state/log/npm.log" || echo 'it said nothing')" \
        "The whole of what it said is in $state/log/npm.log." \
        'Check the network and the npm registry, and run this again.'
    cp "$azurite_folder/package-lock.json" "$mark"
  ) 9>"$state/npm.lock"
}

# The storage the programs use, in their environment and never on a command line, where every user of the machine could
# read it. The account and key are Azurite's published ones, the same on every machine: no secret.
use_local_storage() {
  local port=$EVIDENCEVAULT_AZURITE_PORT
  if [[ $port == 10000 ]]; then
    export EVIDENCEVAULT_STORAGE='UseDevelopmentStorage=true'
  else
    local key='Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
    export EVIDENCEVAULT_STORAGE="DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=$key;BlobEndpoint=http://127.0.0.1:$port/devstoreaccount1;"
  fi
}

# ---- Building -------------------------------------------------------------------------------------------------------

# program PROJECT: the path of what a build of a project below src/ or samples/ makes.
program() {
  local folder=$root/src/$1 name=$1
  [[ -d $folder ]] || folder=$root/samples/$1
  [[ $1 == EvidenceVault.Cli ]] && name=evidencevault
  printf '%s\n' "$folder/bin/Release/net10.0/$name.dll"
}

# One line that changes when any source of the solution does. Some 20 ms; MSBuild would take seconds to say the same.
sources_mark() {
  local -a folders=("$root/src")
  [[ $1 == programs ]] && folders+=("$root/samples")
  [[ $1 == everything ]] && folders+=("$root/samples" "$root/tests")
  {
    find "${folders[@]}" \( -name bin -o -name obj -o -name TestResults -o -name node_modules -o -name dist \) -prune -o -type f -printf '%P %s %T@\n' | LC_ALL=C sort
    find "$root" -maxdepth 1 -type f \( -name '*.props' -o -name '*.targets' -o -name '*.sln' -o -name global.json -o -name .editorconfig -o -name BannedSymbols.txt \) -printf '%P %s %T@\n' | LC_ALL=C sort
    printf 'CI=%s\n' "${CI:-}"
  } | sha256sum
}

# build programs|everything: Release, and only when a source has changed since the last build that went well.
build() {
  local what=$1 target mark
  local stamp=$state/built-$what
  target=$root/EvidenceVault.sln
  [[ $what == programs ]] && target=$root/scripts/programs.slnf
  mark=$(sources_mark "$what")
  is_built() {
    [[ -f $stamp && $(<"$stamp") == "$mark" && -f $(program EvidenceVault.Cli) && -f $(program EvidenceVault.Worker) && -f $(program EvidenceVault.Portal) ]]
  }
  is_built && return 0
  need_dotnet
  need_node
  need_npm
  mkdir -p "$state/log"
  (
    flock 9
    is_built && exit 0
    say "setup: building EvidenceVault ($what, Release)"
    local log=$state/log/build-$what.log began=$SECONDS
    # No build servers stay behind: they would hold memory, and the lock through the file they inherit.
    local -a quiet=(-nologo -v:quiet -nodeReuse:false -p:UseSharedCompilation=false)
    if ! (cd "$root" && dotnet restore "$target" --locked-mode "${quiet[@]}") >"$log" 2>&1 9>&-; then
      missing "the packages could not be restored: $(grep -m1 -i error "$log" || tail -n 1 "$log")" \
        "The whole of what dotnet said is in $log." \
        'NU1004: packages were changed; run "dotnet restore" and commit the lock files. Anything else: check the network and the NuGet source, and run this again.'
    fi
    if ! (cd "$root" && dotnet build "$target" -c Release --no-restore "${quiet[@]}") >>"$log" 2>&1 9>&-; then
      grep -E 'error' "$log" | sort -u | head -n 20 >&2 || true
      missing 'the build failed.' "The whole of what dotnet said is in $log." 'Mend what it names, and run this again.'
    fi
    printf '%s\n' "$mark" >"$stamp.new"
    mv "$stamp.new" "$stamp"
    # Everything holds the programs too.
    if [[ $what == everything ]]; then sources_mark programs >"$stamp.new" && mv "$stamp.new" "$state/built-programs"; fi
    say "setup: built in $((SECONDS - began)) s"
  ) 9>"$state/build.lock"
}
