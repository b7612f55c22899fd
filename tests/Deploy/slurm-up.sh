#!/usr/bin/env bash
# A Slurm cluster on this machine for a test, without systemd or cgroups: a controller and two nodes of one core. Needs slurm-wlm, munge and root.
#
#   slurm-up.sh FOLDER     starts it; then SLURM_CONF=FOLDER/slurm.conf
#   slurm-up.sh -d FOLDER  ends what it started
set -euo pipefail
runs() { grep -qs '^State:.[^ZX]' "/proc/$1/status"; }
if [ "$1" = -d ]; then
    pids=$(cat "$2"/*.pid)
    kill $pids 2> /dev/null || true

    # They write into the folder until they are gone.
    for pid in $pids; do
        for i in $(seq 100); do
            runs "$pid" || break
            [ "$i" -lt 100 ] && sleep 0.1 || kill -KILL "$pid"
        done
    done
    exit 0
fi

folder=$(realpath "$1") host=$(hostname)
mkdir -p "$folder/state" "$folder/log"

# Slurm and munge trust a key that this run makes, over a socket of its own.
head -c 1024 /dev/urandom > "$folder/munge.key"
chmod 600 "$folder/munge.key"
munged --foreground --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.run" --log-file="$folder/log/munged" --seed-file="$folder/munge.seed" &> "$folder/log/munged.out" &
echo $! > "$folder/munged.pid"

# Two ports for the daemons and one for each node, where nobody else is.
base=$((20000 + $$ % 20000))
cat > "$folder/slurm.conf" <<CONF
ClusterName=differ
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$base
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$folder/munge.socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
SlurmctldPidFile=$folder/slurmctld.run
SlurmdPidFile=$folder/slurmd-%n.run
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((base + 1))-$((base + 2))] CPUs=1 RealMemory=2048 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$folder/slurm.conf
for i in $(seq 50); do
    [ -S "$folder/munge.socket" ] && break
    sleep 0.1
done
setsid slurmctld -f "$SLURM_CONF" -D &> "$folder/log/slurmctld" &
echo $! > "$folder/slurmctld.pid"
for node in n1 n2; do
    mkdir -p "$folder/spool-$node"
    setsid slurmd -f "$SLURM_CONF" -N $node -D &> "$folder/log/$node" &
    echo $! > "$folder/$node.pid"
done
for i in $(seq 150); do
    [ "$(timeout 2 sinfo -h -t idle -o %D 2> /dev/null)" = 2 ] && exit 0
    sleep 0.2
done
tail -n 5 "$folder"/log/* >&2
exit 1
