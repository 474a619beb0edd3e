#!/usr/bin/env bash
# The adjudication sample on a platform that runs: makes its namespace, two people and its worker, starts one claim, and prints its page.
#   samples/adjudication/demo.sh DATA PORT K8S_PORT TEMPORAL_PORT
#   samples/adjudication/demo.sh --down DATA      stops the worker
source "$(dirname "${BASH_SOURCE[0]}")/../../script/lib.sh"
umask 077

stop_worker() {
  local pidfile=$1/adjudication.pid
  if [ -f "$pidfile" ] && [ "$(cat "/proc/$(cat "$pidfile")/comm" 2>/dev/null)" = adjudication ]; then kill "$(cat "$pidfile")"; fi
  rm -f "$pidfile"
}

if [ "${1:-}" = --down ]; then stop_worker "${2:?}"; exit 0; fi
data=${1:?} port=${2:?} kubernetes=${3:?} temporal=${4:?}
token=$(cat "$data/admin.token")
binary=$ROOT/artifacts/bin/Flagstone.Samples.Adjudication/release_linux-x64/adjudication

json() { curl -fsS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"; }
person() { json -d "{\"name\":\"$1\",\"role\":\"$2\"$3}" "http://127.0.0.1:$port/api/v1/tokens" | sed 's/.*"token":"\([^"]*\)".*/\1/'; }

say "Building the sample..."
built=$(dotnet build "$ROOT/samples/adjudication" -c Release -v quiet --nologo) || die "the sample cannot be built: $built"
sed -n 's/.*certificate-authority-data: *//p' "$data/kubeconfig" | base64 -d >"$data/adjudication.ca"
namespaces=https://127.0.0.1:$kubernetes/apis/workflows.flagstone.dev/v1alpha1/workflownamespaces
json --cacert "$data/adjudication.ca" "$namespaces/claims" >/dev/null 2>&1 || json --cacert "$data/adjudication.ca" "$namespaces" >/dev/null -d '{
  "apiVersion": "workflows.flagstone.dev/v1alpha1", "kind": "WorkflowNamespace", "metadata": { "name": "claims" },
  "spec": { "timeSkipping": true, "searchAttributes": { "ClaimStatus": "Keyword", "Claimant": "Keyword" } } }'

# Who starts a claim decides nothing of it: the worker's token does.
TEMPORAL_API_KEY=$(person claims-desk developer ',"namespace":"claims"')
export TEMPORAL_ADDRESS=127.0.0.1:$temporal TEMPORAL_NAMESPACE=claims TEMPORAL_API_KEY
person bob approver '' >"$data/bob.token"
stop_worker "$data"
setsid "$binary" work 1 >"$data/adjudication.log" 2>&1 </dev/null &
echo $! >"$data/adjudication.pid"
for _ in $(seq 600); do
  if grep -qs '^Build 1 works' "$data/adjudication.log"; then break; fi
  kill -0 "$(cat "$data/adjudication.pid")" 2>/dev/null || die "the worker ended; its log is $data/adjudication.log"
  sleep 0.1
done
run=$("$binary" start "C-$(date +%s)")
say "The claim's first calls time out and fail, as the insurer's stub was told to, and are made again..."
for _ in $(seq 600); do
  if json "http://127.0.0.1:$port/api/v1/humantasks?mine=true&state=open" | grep -q "$run"; then break; fi
  sleep 0.1
done

say ""
say "A claim waits for triage. Sign in with the token in $data/admin.token, and decide in the Inbox: http://127.0.0.1:$port/inbox"
say "Two people see each claim: sign in with $data/bob.token for the assessment, and as the first for the release."
say "Between them the claim waits for days: skip them on its page, which is"
echo "http://127.0.0.1:$port/workflows/claims/$run"
