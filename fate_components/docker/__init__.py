"""Building blocks for any software on Docker hosts; nothing here knows FATE's services."""
