#!/bin/sh
# Gives every file of a layered tree to the user that the program runs as, in the upper layer only. Runs in a mount
# namespace of its own; metacopy: only the ownership is copied up, not the content.
#   give.sh SCRATCH USER
set -eu
cd "$1"
mount -t overlay -o "lowerdir=tree,upperdir=layer,workdir=work,metacopy=on" overlay merged
chown -R -h "$2:$2" merged
