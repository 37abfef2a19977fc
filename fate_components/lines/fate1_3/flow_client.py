"""The client of FATE Flow of FATE 1.3."""

from ...jobs.flow_v1 import FlowClient

# Its Python is not on PATH.
FLOW = FlowClient("python", "source /data/projects/python/venv/bin/activate\n", "127.0.0.1")
