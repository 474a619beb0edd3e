# Shared by the scripts in this folder; source it.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

say() { printf '%s\n' "$*" >&2; }

die() { say "$(basename "$0"): $*"; exit 1; }

# Where the built host is; CONFIGURATION is release unless told otherwise.
host_binary() { echo "$ROOT/artifacts/publish/flagstone/flagstone"; }

# Builds the host when a source is newer than the last build. What a build itself fetches is no source.
ensure_built() {
  local binary; binary=$(host_binary)
  if [ ! -x "$binary" ] || [ -n "$(find "$ROOT/src" "$ROOT/docs/problems" "$ROOT"/Directory.*.props -newer "$binary" -type f -not -path '*/obj/*' -not -path '*/wwwroot/lib/*' -print -quit)" ]; then
    say "Building Flagstone..."
    dotnet publish "$ROOT/src/Host/Flagstone.Host.csproj" -c Release --self-contained true \
      -p:PublishReadyToRun=true -o "$ROOT/artifacts/publish/flagstone" -v quiet --nologo >&2 || return 1
    touch "$binary"
  fi
}
