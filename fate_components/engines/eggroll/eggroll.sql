-- The tables of Eggroll __VERSION__'s cluster manager; their columns are those its code reads and writes.
-- Keys on texts are as long as the server allows in latin1.
CREATE TABLE IF NOT EXISTS store_locator (
  store_locator_id SERIAL PRIMARY KEY,
  store_type VARCHAR(255) NOT NULL,
  namespace VARCHAR(2000) NOT NULL DEFAULT 'DEFAULT',
  name VARCHAR(2000) NOT NULL,
  path VARCHAR(2000) NOT NULL DEFAULT '',
  total_partitions INT UNSIGNED NOT NULL,
__SERIALIZERS__  version INT UNSIGNED NOT NULL DEFAULT 0,
  status VARCHAR(255) NOT NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  UNIQUE KEY store_locator_name (namespace(120), name(640)),
  KEY store_locator_by_name (name(767)),
  KEY store_locator_type (store_type),
  KEY store_locator_status (status)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS store_option (
  store_option_id SERIAL PRIMARY KEY,
  store_locator_id BIGINT UNSIGNED NOT NULL,
  name VARCHAR(255) NOT NULL,
  data VARCHAR(2000) NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY store_option_locator (store_locator_id)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS store_partition (
  store_partition_id SERIAL PRIMARY KEY,
  store_locator_id BIGINT UNSIGNED NOT NULL,
  node_id BIGINT UNSIGNED NOT NULL,
  partition_id INT UNSIGNED NOT NULL,
  status VARCHAR(255) NOT NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  UNIQUE KEY store_partition_place (store_locator_id, store_partition_id, node_id),
  KEY store_partition_node (node_id)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS server_node (
  server_node_id SERIAL PRIMARY KEY,
  name VARCHAR(2000) NOT NULL DEFAULT '',
  server_cluster_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
  host VARCHAR(1000) NOT NULL,
  port INT NOT NULL,
  node_type VARCHAR(255) NOT NULL,
  status VARCHAR(255) NOT NULL,
  last_heartbeat_at DATETIME DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY server_node_place (host(600), port, node_type(100)),
  KEY server_node_status (status)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS node_resource (
  resource_id SERIAL PRIMARY KEY,
  server_node_id BIGINT NOT NULL,
  resource_type VARCHAR(255),
  total BIGINT NOT NULL DEFAULT 0,
  used BIGINT NOT NULL DEFAULT 0,
  pre_allocated BIGINT NOT NULL DEFAULT 0,
  allocated BIGINT NOT NULL DEFAULT 0,
  extention VARCHAR(512),
  status VARCHAR(255),
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  UNIQUE KEY node_resource_type (server_node_id, resource_type),
  KEY node_resource_status (server_node_id, status)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS session_main (
  session_id VARCHAR(767) PRIMARY KEY,
  name VARCHAR(2000) NOT NULL DEFAULT '',
  status VARCHAR(255) NOT NULL,
  status_reason VARCHAR(255),
  before_status VARCHAR(255),
  tag VARCHAR(255),
  total_proc_count INT,
  active_proc_count INT,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY session_main_status (status)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS session_option (
  session_option_id SERIAL PRIMARY KEY,
  session_id VARCHAR(2000),
  name VARCHAR(255) NOT NULL,
  data VARCHAR(2000) NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY session_option_session (session_id(767))
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS session_processor (
  processor_id SERIAL PRIMARY KEY,
  session_id VARCHAR(767),
  server_node_id INT NOT NULL,
  processor_type VARCHAR(255) NOT NULL,
  status VARCHAR(255),
  before_status VARCHAR(255),
  tag VARCHAR(255),
  command_endpoint VARCHAR(255),
  transfer_endpoint VARCHAR(255),
  processor_option VARCHAR(512),
  pid INT NOT NULL DEFAULT -1,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY session_processor_session (session_id)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS processor_resource (
  id SERIAL PRIMARY KEY,
  processor_id BIGINT NOT NULL,
  session_id VARCHAR(767),
  server_node_id INT NOT NULL,
  resource_type VARCHAR(255),
  allocated BIGINT NOT NULL DEFAULT 0,
  extention VARCHAR(512),
  status VARCHAR(255),
  pid INT NOT NULL DEFAULT -1,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY processor_resource_processor (processor_id),
  KEY processor_resource_session (session_id),
  KEY processor_resource_status (server_node_id, resource_type, status)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS session_ranks (
  container_id SERIAL PRIMARY KEY,
  session_id VARCHAR(767),
  server_node_id INT NOT NULL,
  global_rank INT UNSIGNED NOT NULL,
  local_rank INT UNSIGNED NOT NULL,
  KEY session_ranks_session (session_id)
) DEFAULT CHARACTER SET latin1;
