-- Custom values that versions of an order told of its customer: each as the highest version says that names it.
CREATE TABLE purchase_data (
  workspace_id text   NOT NULL CHECK (workspace_id <> ''),
  purchase_id  uuid   NOT NULL,
  key          text   NOT NULL,
  value        text   NOT NULL,
  version      bigint NOT NULL,
  PRIMARY KEY (workspace_id, purchase_id, key),
  FOREIGN KEY (workspace_id, purchase_id) REFERENCES purchase (workspace_id, id)
);
SELECT homing_protect('purchase_data');
