#!/bin/sh
# Last step inside the sandbox, already without privileges: gives the program its exact environment and starts it.
#   start NAMES WORKDIR PROGRAM [ARGUMENT...]      NAMES: of the variables, separated by spaces
names=$1
cd "$2" || exit 126
shift 2
for name in $names; do
  eval "value=\$V_$name"
  set -- "$name=$value" "$@"
done
echo started >&3
exec 3>&-
exec env -i "$@"
