"""Computing, storage and federation engines, and what connects them; used by several lines."""
