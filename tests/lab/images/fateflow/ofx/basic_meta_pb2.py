"""FATE's messages on which those in proxy_pb2 depend; the lab needs none of them."""
