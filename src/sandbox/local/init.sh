#!/bin/sh
# Process 1 of the local sandbox: builds its file system from the mounts listed in the scratch folder's `fstab`, makes
# that the root, and then only collects orphans. Runs in the scratch folder, in namespaces of its own.
#   init.sh NETWORK WRITABLE_SIZE USER
set -eu
trap '[ $? -eq 0 ] || echo failed >&3' EXIT
if [ "$1" = none ]; then
  ip link set lo up &
fi
if [ "$2" != 0 ]; then
  mount -t tmpfs -o "size=$2,mode=755" tmpfs rw
  mkdir rw/upper rw/work
fi
mount -a -T fstab
if [ "$1" = none ]; then
  wait $!
fi
# metacopy: only the ownership is copied up, not the content.
[ "$2" = 0 ] || chown -R -h "$3:$3" root/app
if [ -e binds ]; then
  # Mount points below /tmp can only be made now. Folders end in a slash.
  while IFS= read -r path; do
    case $path in
    */) mkdir -p "root/$path" ;;
    *) mkdir -p "$(dirname "root/$path")" && : >"root/$path" ;;
    esac
  done <binds
  mount -a -T binds.fstab
fi
cd root
# The old root is stacked under the new one, and then taken away: pivot_root(2), "pivot_root(".", ".")".
pivot_root . .
umount -l .
cd /
echo ready >&3
exec 3>&- 2>/dev/null
while :; do
  sleep infinity &
  wait
done
