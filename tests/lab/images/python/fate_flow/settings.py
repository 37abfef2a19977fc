"""FATE Flow's settings: names, defaults and order are those of the real file, so that a deployer's
additions take effect (or not) as they would there. The values are wrong for containers."""

# mypy: disable-error-code="import-not-found"

import os

from arch.api.utils import file_utils, log_utils
from arch.api.utils.core import get_lan_ip

from fate_flow.entity.runtime_config import RuntimeConfig
from fate_flow.utils.setting_utils import CenterConfig

# operating mode
WORK_MODE = 0
USE_LOCAL_DATABASE = True
USE_AUTHENTICATION = False
PRIVILEGE_COMMAND_WHITELIST: list[str] = []
CHECK_NODES_IDENTITY = False
USE_CONFIGURATION_CENTER = False
ZOOKEEPER_HOSTS = ["127.0.0.1:2181"]
MAX_CONCURRENT_JOB_RUN = 5
MAX_CONCURRENT_JOB_RUN_HOST = 10
_ONE_DAY_IN_SECONDS = 60 * 60 * 24
DEFAULT_GRPC_OVERALL_TIMEOUT = 60 * 1000 * 20  # ms
JOB_DEFAULT_TIMEOUT = 7 * 24 * 60 * 60
REDIS_QUEUE_DB_INDEX = 0

DATABASE = {
    "name": "fate_flow",
    "user": "root",
    "passwd": "fate_dev",
    "host": "127.0.0.1",
    "port": 3306,
    "max_connections": 100,
    "stale_timeout": 30,
}

REDIS = {
    "host": "127.0.0.1",
    "port": 6379,
    "password": "fate_dev",
    "max_connections": 500,
}

# constants
API_VERSION = "v1"
ROLE = "fateflow"
SERVERS = "servers"
SERVER_MODULE = "fate_flow_server.py"
TASK_EXECUTOR_MODULE = "driver/task_executor.py"
HEADERS = {"Content-Type": "application/json", "Connection": "close"}
SERVINGS_ZK_PATH = "/FATE-SERVICES/serving/online/publishLoad/providers"
FATE_FLOW_ZK_PATH = "/FATE-SERVICES/flow/online/transfer/providers"
FATE_FLOW_MODEL_TRANSFER_PATH = "/v1/model/transfer"
FATE_MANAGER_GET_NODE_INFO = "/node/info"
FATE_MANAGER_NODE_CHECK = "/node/management/check"

# logs
LOG_DIRECTORY = os.path.join(file_utils.get_project_base_directory(), "logs", "fate_flow")
log_utils.LoggerFactory.set_directory(LOG_DIRECTORY)
stat_logger = log_utils.getLogger("fate_flow_stat")
detect_logger = log_utils.getLogger("fate_flow_detect")
access_logger = log_utils.getLogger("fate_flow_access")

# services
IP = "0.0.0.0"
GRPC_PORT = 9360
HTTP_PORT = 9380
CLUSTER_STANDALONE_JOB_SERVER_PORT = 9381
SERVER_CONF_PATH = "arch/conf/server_conf.json"
SERVING_PATH = "/servers/servings"
server_conf = file_utils.load_json_conf(SERVER_CONF_PATH)
PROXY_HOST = server_conf.get(SERVERS).get("proxy").get("host")
PROXY_PORT = server_conf.get(SERVERS).get("proxy").get("port")
BOARD_HOST = server_conf.get(SERVERS).get("fateboard").get("host")
if BOARD_HOST == "localhost":
    BOARD_HOST = get_lan_ip()
BOARD_PORT = server_conf.get(SERVERS).get("fateboard").get("port")
MANAGER_HOST = server_conf.get(SERVERS).get("fatemanager", {}).get("host")
MANAGER_PORT = server_conf.get(SERVERS).get("fatemanager", {}).get("port")
SERVINGS = CenterConfig.get_settings(
    path=SERVING_PATH,
    servings_zk_path=SERVINGS_ZK_PATH,
    use_zk=USE_CONFIGURATION_CENTER,
    hosts=ZOOKEEPER_HOSTS,
    server_conf_path=SERVER_CONF_PATH,
)
BOARD_DASHBOARD_URL = (
    f"http://{BOARD_HOST}:{BOARD_PORT}/index.html#/dashboard?job_id={{}}&role={{}}&party_id={{}}"
)
RuntimeConfig.init_config(WORK_MODE=WORK_MODE)
RuntimeConfig.init_config(HTTP_PORT=HTTP_PORT)
