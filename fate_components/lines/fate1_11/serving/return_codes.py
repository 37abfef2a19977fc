"""The return codes of FATE Serving 2.1.

A code of the host is that of the guest with a 2 before it: 104 becomes 2104 (ErrorMessageUtil,
v2.1.6). A serving-proxy on the way adds 500 to its own: 105 becomes 605, and for the guest 2605
(UnaryCallService).
"""

from ....serving.inference import ReturnCodes

UNREACHABLE, NO_MODEL = 105, 104
CODES = ReturnCodes(
    {
        100: "the request has no service, or its features are no map: check --service and "
        "--features",
        102: "the guest's features do not fit the model: check --features",
        NO_MODEL: "no model is bound to this service: publish one under this name",
        UNREACHABLE: "the guest's own serving-server or the host's cannot be reached, or took more "
        "than 3 s: start the one that does not run, and try again",
        106: "serving-server does not know where serving-proxy is: see the log of serving-proxy",
        110: "an error in the guest's serving-server: see its log",
        124: "serving-server has more requests than it can handle: try again later",
        128: "the route table of serving-proxy does not permit the request, or has no "
        "serving-server: run `fatectl doctor`",
        2102: "the host's features do not fit the model: check the data of its serving.adapter",
        2104: "the host has lost the model: publish it again",
        2110: "an error in the host's serving-server: see its log",
        2113: "the host's adapter has found no features for this request: choose others with "
        "--device, or check the data of its serving.adapter",
        2116: "the host's adapter failed, or its image has no such class: check its "
        "serving.adapter and serving.adapterUrl",
        2605: "a serving-proxy on the way to the host cannot be reached: start the host's, and "
        "check its address in fate:peers if somebody else runs it",
        2610: "serving-proxy has no route to the host's party: add it to fate:parties or to "
        "fate:peers",
        2628: "the route table of the host's serving-proxy does not permit the request, or has no "
        "serving-server: its operator should check it",
    },
    no_model=NO_MODEL,
    unreachable=UNREACHABLE,
)
