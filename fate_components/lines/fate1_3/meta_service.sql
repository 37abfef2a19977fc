-- The tables of EggRoll 1.x's meta-service; their columns are those its code reads and writes.
CREATE TABLE IF NOT EXISTS dtable (
  table_id SERIAL PRIMARY KEY,
  namespace VARCHAR(2000) NOT NULL DEFAULT 'DEFAULT',
  table_name VARCHAR(2000) NOT NULL,
  table_type VARCHAR(255) NOT NULL,
  total_fragments INT UNSIGNED NOT NULL,
  dispatcher VARCHAR(2000) NOT NULL DEFAULT 'DEFAULT',
  serdes VARCHAR(2000) NOT NULL DEFAULT 'MOD',
  storage_version INT UNSIGNED NOT NULL DEFAULT 0,
  status VARCHAR(255) NOT NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  UNIQUE KEY dtable_name (namespace(100), table_name(600), table_type(68)),
  KEY dtable_namespace (namespace(768)),
  KEY dtable_status (status)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS fragment (
  fragment_id SERIAL PRIMARY KEY,
  table_id BIGINT UNSIGNED NOT NULL,
  node_id BIGINT UNSIGNED NOT NULL,
  fragment_order INT UNSIGNED NOT NULL,
  status VARCHAR(255) NOT NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  UNIQUE KEY fragment_place (table_id, node_id, fragment_order),
  KEY fragment_node (node_id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS node (
  node_id SERIAL PRIMARY KEY,
  host VARCHAR(1000),
  ip VARCHAR(255) NOT NULL,
  port INT NOT NULL,
  type VARCHAR(255) NOT NULL,
  status VARCHAR(255) NOT NULL,
  last_heartbeat_at DATETIME DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY node_ip (ip),
  KEY node_type (type),
  KEY node_status (status)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS task (
  task_id SERIAL PRIMARY KEY,
  task_name VARCHAR(2000) NOT NULL,
  task_type VARCHAR(255) NOT NULL,
  status VARCHAR(255) NOT NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  UNIQUE KEY task_name (task_name(768)),
  KEY task_status (status)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS result (
  result_id SERIAL PRIMARY KEY,
  result_name VARCHAR(2000),
  result_type VARCHAR(2000) NOT NULL,
  value VARCHAR(10000) NOT NULL,
  status VARCHAR(255) NOT NULL,
  task_id BIGINT UNSIGNED,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY result_name (result_name(768)),
  KEY result_task (task_id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- The nodes, as wanted: each is HEALTHY in one row, under the id it has had, if any.
CREATE TEMPORARY TABLE wanted LIKE node;
INSERT INTO wanted (ip, port, type, status) VALUES
  __NODES__;
CREATE TEMPORARY TABLE kept AS
  SELECT MIN(node.node_id) AS node_id
  FROM node JOIN wanted USING (ip, port, type)
  GROUP BY ip, port, type;

START TRANSACTION;
UPDATE node LEFT JOIN kept USING (node_id)
  SET node.status = IF(kept.node_id IS NULL, 'LOST', 'HEALTHY');
INSERT INTO node (ip, port, type, status)
  SELECT wanted.ip, wanted.port, wanted.type, wanted.status
  FROM wanted LEFT JOIN node USING (ip, port, type)
  WHERE node.node_id IS NULL;
COMMIT;
