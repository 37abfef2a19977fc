"""What callers of FATE Flow put into their messages, of which the lab's service needs a part."""

import sys
from types import SimpleNamespace

# As in FATE's, which fails otherwise.
if "ofx.api.proto.rollsite.basic_meta_pb2" not in sys.modules:
    raise TypeError("Depends on file 'basic-meta.proto', but it has not been loaded")

Topic = Task = Model = Metadata = Data = Packet = SimpleNamespace
