#!/bin/sh
# Last step inside the sandbox, already without privileges: gives the program its exact environment and starts it.
#   /etc/start NAMES WORKDIR PROGRAM [ARGUMENT...]      NAMES: of the variables, separated by spaces
names=$1
cd "$2" || exit 126
shift 2
for name in $names; do
  eval "value=\$V_$name"
  set -- "$name=$value" "$@"
done
# The local adapter waits for this; container engines tell by themselves.
if [ -e /proc/self/fd/3 ]; then
  echo started >&3
  exec 3>&-
fi
exec env -i "$@"
