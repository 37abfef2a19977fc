#!/bin/bash
# Starts a process of a session, with its output in the logs of the session.
logs=$(sed -n 's/^eggroll\.logs\.dir=//p' "$2") session=$4 number=$8
mkdir -p "$logs/$session" || exit 1
/usr/bin/python3 -I -m fate_lab.fate1_11.egg_pair "$@" \
  >> "$logs/$session/egg_pair-$number.out" 2> "$logs/$session/egg_pair-$number.err" &
echo "egg_pair processor id:$number, os process id:$!" >> "$logs/$session/pid.txt"
