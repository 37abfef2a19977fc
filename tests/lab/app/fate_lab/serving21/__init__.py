"""Stand-ins for FATE Serving 2.1: serving-server, serving-proxy, serving-admin and ZooKeeper."""
