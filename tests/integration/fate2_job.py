"""A real training job of FATE 2, as people write it in the notebook: PSI, SecureBoost, an AUC.

Each script runs in a party's client container, once GUEST, HOST and ROLE are substituted.
"""

# The label depends on both parties' features; most persons are known to both.
UPLOAD = """
import csv, random, sys
from fate_client.pipeline import FateFlowPipeline

random.seed(7)
rows = []
for person in range(240):
    mine, theirs = [[random.gauss(0, 1) for _ in range(3)] for _ in range(2)]
    label = int(mine[0] + theirs[0] + random.gauss(0, 0.3) > 0)
    rows.append((person, label, mine, theirs))
guest = "ROLE" == "guest"
with open("/tmp/data.csv", "w") as file:
    out = csv.writer(file)
    out.writerow(["id", "y", "x0", "x1", "x2"] if guest else ["id", "x0", "x1", "x2"])
    for person, label, mine, theirs in rows[:200] if guest else rows[20:]:
        out.writerow([f"p{person}", label, *mine] if guest else [f"p{person}", *theirs])
meta = {"delimiter": ",", "dtype": "float64", "match_id_name": "id"}
if guest:
    meta |= {"label_type": "int64", "label_name": "y"}
pipeline = FateFlowPipeline().set_parties(local="0")
pipeline.transform_local_file_to_dataframe(
    file="/tmp/data.csv", namespace="test", name="data", meta=meta, head=True, extend_sid=True
)
"""

TRAIN = """
from fate_client.pipeline import FateFlowPipeline
from fate_client.pipeline.components.fate import PSI, Evaluation, HeteroSecureBoost, Reader

pipeline = FateFlowPipeline().set_parties(guest="GUEST", host="HOST")
reader = Reader("reader_0")
reader.guest.task_parameters(namespace="test", name="data")
reader.hosts[0].task_parameters(namespace="test", name="data")
psi = PSI("psi_0", input_data=reader.outputs["output_data"])
boost = HeteroSecureBoost(
    "boost_0", num_trees=2, max_depth=3, train_data=psi.outputs["output_data"],
    validate_data=psi.outputs["output_data"],
)
evaluation = Evaluation(
    "evaluation_0", runtime_parties={"guest": "GUEST"}, metrics=["auc"],
    input_datas=[boost.outputs["train_output_data"]],
)
pipeline.add_tasks([reader, psi, boost, evaluation])
pipeline.compile()
pipeline.fit()
print("METRICS", pipeline.get_task_info("evaluation_0").get_output_metric())
"""
