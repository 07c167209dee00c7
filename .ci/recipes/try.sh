#!/usr/bin/env bash
# Runs the recipes for real, on this machine: one sweep in one piece, then in shards by each engine that is named, and compares what is printed
# byte for byte. What an engine needs and is not there is unpacked below target/engines; nothing is installed, and nothing is left running.
#
#   .ci/recipes/try.sh parallel slurm dask
set -euo pipefail
cd "$(dirname "$0")/../.."
recipes=.ci/recipes engines=$PWD/target/engines
cargo build --release --quiet -p shaketable
export SHAKETABLE=$PWD/target/release/shaketable SHAKETABLE_FORMAT=json SHAKETABLE_OUT SHARDS

work=$(mktemp -d)
running=()
finish() {
    local process
    for process in "${running[@]}"; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap finish EXIT

missing() {
    echo "$1 cannot be tried: $2" >&2
    exit 1
}

# Scenarios that pass, that catch a planted bug, and (made up here) one that fails: a shard that finds something must not look broken.
cat >"$work/failing.toml" <<'TOML'
# A planted bug that nobody expects.
protocol = "raft/local-reads"
nodes    = 3
duration = "12s"
seeds    = "0..20"

[raft]
elections = "plain"

[clients]
workload = "register"
keys     = 1
reads    = 90

[[fault]]
isolate = { node = "leader", every = ["500ms", "2s"], for = ["500ms", "2s"] }
TOML
sweep=(scenarios/synod scenarios/negative/synod-*.toml "$work/failing.toml" --seeds 0..20)
SHAKETABLE_OUT=$work/whole
"$SHAKETABLE" run "${sweep[@]}" --quiet >"$work/whole.json" && code=0 || code=$?
[ "$code" = 1 ] || missing "the sweep" "it ended with $code, and one scenario in it must fail"

# Whether what this engine has printed, and how it ended, is what one run of the whole gave.
compare() {
    local engine=$1 began=$2 ended=$3
    sed "s:$SHAKETABLE_OUT/:$work/whole/:" "$work/$engine.json" | cmp - "$work/whole.json"
    [ "$ended" = "$code" ] || missing "$engine" "its merge ended with $ended, and the whole with $code"
    # A page has in it, compressed, in which folder its case is.
    diff -r --exclude="*.html" "$work/whole" "$SHAKETABLE_OUT"
    echo "$engine: the same report as of one run, after $((SECONDS - began)) s"
}

try_parallel() {
    "$recipes/parallel.sh" 7 "${sweep[@]}"
}

try_dask() {
    local python=$engines/dask/bin/python
    if ! [ -x "$python" ]; then
        python3 -m venv "$engines/dask" || missing dask "python3 with venv is needed"
        "$python" -m pip install --quiet dask distributed || missing dask "dask and distributed cannot be installed"
    fi
    "$python" "$recipes/dask-shards.py" 7 "${sweep[@]}"
}

# A Slurm of this machine alone. Authentication is off: it listens on the loopback, and ends with this script.
start_slurm() {
    local packages root=$engines/slurm
    if ! command -v slurmctld >/dev/null; then
        command -v apt-get >/dev/null || missing slurm "install slurmctld, slurmd and sbatch"
        if ! [ -d "$root" ]; then
            packages=$(apt-get install --simulate --no-install-recommends slurmctld slurmd slurm-client |
                awk '/^Inst/ && $2 !~ /^(munge|sysstat)$/ { print $2 }') || missing slurm "run apt-get update"
            mkdir -p "$root.new"
            # shellcheck disable=SC2086 # They are words.
            (cd "$root.new" && apt-get download $packages >&2) || missing slurm "its packages cannot be downloaded"
            for package in "$root.new"/*.deb; do dpkg -x "$package" "$root.new"; done
            for tool in slurmctld slurmd slurmstepd; do ln -s "$tool-wlm" "$root.new/usr/sbin/$tool"; done
            rm "$root.new"/*.deb
            mv "$root.new" "$root"
        fi
        export PATH=$root/usr/sbin:$root/usr/bin:$PATH
    fi
    local plugins name
    plugins=$(dirname "$(find "$root" /usr/lib -name auth_none.so -print -quit 2>/dev/null)")
    export LD_LIBRARY_PATH=$plugins:$(dirname "$plugins")
    name=$(hostname -s)
    mkdir -p "$work/cluster/state" "$work/cluster/spool"
    export SLURM_CONF=$work/cluster/slurm.conf
    cat >"$SLURM_CONF" <<CONF
ClusterName=shaketable
SlurmctldHost=$name(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/none
CredType=cred/none
PluginDir=$plugins
SlurmctldPort=26817
SlurmdPort=26818
StateSaveLocation=$work/cluster/state
SlurmdSpoolDir=$work/cluster/spool
SlurmctldPidFile=$work/cluster/slurmctld.pid
SlurmdPidFile=$work/cluster/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
SchedulerParameters=sched_interval=1,sched_min_interval=0
NodeName=$name NodeAddr=127.0.0.1 CPUs=$(nproc)
PartitionName=all Nodes=ALL Default=YES
CONF
    slurmctld -D >"$work/cluster/slurmctld.log" 2>&1 &
    running+=($!)
    slurmd -D -N "$name" -d "$(command -v slurmstepd)" >"$work/cluster/slurmd.log" 2>&1 &
    running+=($!)
    local patience=60
    until [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ]; do
        { ((patience--)) && kill -0 "${running[@]}"; } || { cat "$work"/cluster/*.log >&2; missing slurm "it does not start"; }
        sleep 0.5
    done
}

try_slurm() {
    [ -v SLURM_CONF ] || start_slurm
    local submit=(sbatch --wait --quiet --output="$work/cluster/job-%a.log" "--chdir=$PWD")
    "${submit[@]}" "$recipes/slurm.sh" "${sweep[@]}" || { cat "$work"/cluster/job-*.log >&2; return 70; }
    # One is lost and submitted again by itself. Slurm then speaks of an array of one task.
    rm "$SHARDS/shard-0004-of-0008.ndjson"
    "$SHAKETABLE" merge "$SHARDS" >&2 && return 70
    "${submit[@]}" --array=3 "$recipes/slurm.sh" "${sweep[@]}" || return 70
    "$SHAKETABLE" merge "$SHARDS"
}

for engine in "$@"; do
    SHARDS=$work/$engine-shards SHAKETABLE_OUT=$work/$engine
    began=$SECONDS
    "try_$engine" >"$work/$engine.json" && ended=0 || ended=$?
    compare "$engine" "$began" "$ended"
done
