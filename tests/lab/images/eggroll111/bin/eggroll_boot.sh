#!/bin/bash
# start PROGRAM NAME: runs a program and leaves it.
mkdir -p bin/pid
echo "------ env starts -----"
env
echo "------ env ends -----"
[ "$1" = start ] || { echo "unknown: $1"; exit 1; }
bash $2 &
echo "start: $2, pid $!"
