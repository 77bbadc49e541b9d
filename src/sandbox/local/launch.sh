#!/bin/sh
# Host side of the local sandbox. File descriptor 3 is the channel to Vouch: out "holder PID",
# "joined", "ready", "failed", "started"; in "go".
# Everything that is run is given as arguments; the program's environment comes in as variables with the prefix V_, so
# that none of it (LD_PRELOAD, PATH, ENV) acts on the programs used here, which run as root.
#   launch.sh SCRIPTS SCRATCH NETWORK WRITABLE_SIZE USER COUNT CGROUP... NAMES WORKDIR PROGRAM [ARGUMENT...]
set -eu
scripts=$1 scratch=$2 network=$3 writable=$4 user=$5 count=$6
shift 6
ulimit -c 0
cd "$scratch"

net=''
[ "$network" = none ] && net=--net
# The holder keeps the namespaces, dies with this process, and takes everything inside along (it is their process 1).
# shellcheck disable=SC2086 # $net is empty or one word
setpriv --pdeathsig KILL unshare $net --mount --pid --ipc --uts --kill-child \
  sh "$scripts/init.sh" "$network" "$writable" "$user" </dev/null >/dev/null 2>&3 &
holder=$!
echo "holder $holder" >&3

# While the holder mounts, because each of these waits for the kernel.
while [ "$count" -gt 0 ]; do
  echo 0 >"$1/cgroup.procs"
  shift
  count=$((count - 1))
done
echo joined >&3

# End of file: Vouch is gone.
read -r word <&3
[ "$word" = go ]
[ "$network" = none ] && net="--net=/proc/$holder/ns/net"
# Replaces this process: its status, or the signal that ended it, is the program's.
# shellcheck disable=SC2086
exec nsenter --target "$holder" --mount --uts --ipc $net --pid="/proc/$holder/ns/pid_for_children" \
  unshare --cgroup \
  setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all \
  sh /etc/start "$@"
