"""The return codes of FATE Serving 1.2.2, as seen on the real services."""

from ....serving.inference import ReturnCodes

UNREACHABLE, NO_MODEL = 107, 1104
CODES = ReturnCodes(
    {
        UNREACHABLE: "a serving-proxy or serving-server on the way cannot be reached, or took "
        "longer than 3 s",
        109: "the route table of serving-proxy does not permit the request",
        110: "serving-server cannot reach its Redis",
        NO_MODEL: "no model is bound to this service",
        2000: "the host's part failed: the probability is the guest's share alone",
        2104: "the host has lost the model: load it again",
        2111: "the host's adapter class does not exist: check serving.adapter",
        2503: "serving-proxy has no route to the host's party",
    },
    no_model=NO_MODEL,
    unreachable=UNREACHABLE,
)
