#!/bin/bash
# Starts one processor with the options that the egg manager passes. If an option is repeated, the last
# one wins. As in the official image, the address (-a) is the one passed to the egg manager, not its own IP.

while [ $# -gt 0 ]; do
    case "$1" in
        --venv) venv=$2 ;;
        --python-path) python_path=$2 ;;
        --engine-path) engine_path=$2 ;;
        --port) port=$2 ;;
        --data-dir) data_dir=$2 ;;
        --logs-dir) logs_dir=$2 ;;
        --node-manager) node_manager=$2 ;;
        --engine-addr) engine_addr=$2 ;;
        *) echo "fate-lab: processor-starter.sh: unknown option $1" >&2; exit 2 ;;
    esac
    shift 2 || { echo "fate-lab: processor-starter.sh: $1 has no value" >&2; exit 2; }
done

source "$venv/bin/activate"
export PYTHONPATH=$PYTHONPATH:$python_path
mkdir -p "$logs_dir"
python "$engine_path" -p "$port" -d "$data_dir" -m "$node_manager" -a "$engine_addr" \
    >> "$logs_dir/processor-$port.log" 2>&1
