/**
 * The steps that make the database, in order: the n-th brings a file from version n to n + 1 (PRAGMA user_version).
 * A step that has shipped is never changed; a change is a new step.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE lease (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    started TEXT,
    machine TEXT NOT NULL,
    token TEXT,
    holder TEXT NOT NULL,
    until INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE change (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tab TEXT NOT NULL,
    key TEXT NOT NULL
  ) STRICT;

  CREATE TABLE request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    cancel_asked INTEGER NOT NULL DEFAULT 0,
    taken_by INTEGER,
    progress TEXT,
    result TEXT,
    error TEXT,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX request_state ON request (state);

  CREATE TABLE base (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha TEXT NOT NULL,
    snapshot INTEGER NOT NULL,
    environment_hash TEXT NOT NULL,
    environment TEXT NOT NULL,
    branch TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (sha, environment_hash)
  ) STRICT;

  CREATE TABLE round (
    base INTEGER NOT NULL REFERENCES base (id),
    number INTEGER NOT NULL,
    ideator TEXT NOT NULL,
    exploit_share REAL NOT NULL,
    asked INTEGER NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (base, number)
  ) STRICT;

  CREATE TABLE idea (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    base INTEGER NOT NULL REFERENCES base (id),
    round INTEGER NOT NULL,
    lane TEXT NOT NULL,
    move TEXT NOT NULL,
    title TEXT NOT NULL,
    hypothesis TEXT NOT NULL,
    details TEXT NOT NULL,
    expected TEXT NOT NULL,
    risk TEXT NOT NULL,
    edits TEXT NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0,
    dropped TEXT,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX idea_base ON idea (base);

  CREATE TABLE candidate (
    id TEXT PRIMARY KEY,
    idea INTEGER NOT NULL REFERENCES idea (id),
    number INTEGER NOT NULL,
    base INTEGER NOT NULL REFERENCES base (id),
    state TEXT NOT NULL,
    cut_from TEXT NOT NULL,
    proposal TEXT,
    approved TEXT,
    revises TEXT REFERENCES candidate (id),
    kind TEXT,
    patch_hash TEXT,
    duplicate_of TEXT REFERENCES candidate (id),
    failure TEXT,
    reasons TEXT NOT NULL DEFAULT '[]',
    approved_by TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (idea, number)
  ) STRICT;
  CREATE INDEX candidate_base ON candidate (base);

  CREATE TABLE parent (
    idea INTEGER NOT NULL REFERENCES idea (id),
    place INTEGER NOT NULL,
    candidate TEXT NOT NULL REFERENCES candidate (id),
    role TEXT NOT NULL,
    PRIMARY KEY (idea, place)
  ) STRICT;

  CREATE TABLE model_call (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    purpose TEXT NOT NULL,
    server TEXT NOT NULL,
    model TEXT NOT NULL,
    messages TEXT NOT NULL,
    params TEXT NOT NULL,
    answer TEXT,
    usage TEXT,
    cost REAL,
    latency_ms REAL,
    state TEXT NOT NULL,
    error TEXT,
    base INTEGER,
    round INTEGER,
    idea INTEGER,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX model_call_key ON model_call (key);

  CREATE TABLE attempt (
    candidate TEXT NOT NULL REFERENCES candidate (id),
    number INTEGER NOT NULL,
    model_call INTEGER REFERENCES model_call (id),
    answer TEXT NOT NULL,
    report TEXT NOT NULL,
    diff TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (candidate, number)
  ) STRICT;

  CREATE TABLE run (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    base INTEGER NOT NULL REFERENCES base (id),
    candidate TEXT REFERENCES candidate (id),
    purpose TEXT NOT NULL,
    sha TEXT,
    seed INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    retries TEXT REFERENCES run (id),
    box TEXT,
    class TEXT,
    state TEXT NOT NULL,
    reason TEXT,
    exit_code INTEGER,
    objective_state TEXT,
    objective_value REAL,
    verified INTEGER NOT NULL,
    counts INTEGER NOT NULL DEFAULT 0,
    cancel_asked INTEGER NOT NULL DEFAULT 0,
    log_bytes INTEGER NOT NULL DEFAULT 0,
    last_name TEXT,
    last_value REAL,
    last_step REAL,
    unreachable_since REAL,
    queued_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL
  ) STRICT;
  CREATE INDEX run_group ON run (base, candidate, purpose, seed);
  CREATE INDEX run_state ON run (state);
  CREATE INDEX run_candidate ON run (candidate);

  CREATE TABLE metric_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE run_metric (
    run INTEGER NOT NULL REFERENCES run (row),
    name INTEGER NOT NULL REFERENCES metric_name (id),
    PRIMARY KEY (run, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE metric (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES run (row),
    name INTEGER NOT NULL REFERENCES metric_name (id),
    step REAL,
    value REAL,
    state TEXT NOT NULL
  ) STRICT;
  CREATE INDEX metric_run ON metric (run, name);

  CREATE TABLE search (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    base INTEGER NOT NULL REFERENCES base (id),
    state TEXT NOT NULL,
    approve TEXT NOT NULL,
    rounds INTEGER NOT NULL,
    ideas_per_round INTEGER NOT NULL,
    seeds INTEGER NOT NULL,
    budgets TEXT NOT NULL,
    boxes TEXT NOT NULL,
    why TEXT,
    started_at INTEGER NOT NULL
  ) STRICT;
  `,
  // Files that a run writes its metrics into: how far each was read, and which points came from which. A name that a
  // file gives is read from files alone (run_metric.filed): what the log says of it is the same number again.
  `
  CREATE TABLE run_file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES run (row),
    path TEXT NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT '',
    UNIQUE (run, path)
  ) STRICT;
  ALTER TABLE metric ADD COLUMN file INTEGER REFERENCES run_file (id);
  CREATE INDEX metric_file ON metric (file) WHERE file IS NOT NULL;
  ALTER TABLE run_metric ADD COLUMN filed INTEGER NOT NULL DEFAULT 0;
  `,
  // Scheduling: order and pause of the queue, drained boxes, and what a waiting run needs to move to another box.
  `
  ALTER TABLE run ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE run ADD COLUMN wants TEXT;
  ALTER TABLE run ADD COLUMN wants_class TEXT;
  ALTER TABLE run ADD COLUMN start_before REAL;
  ALTER TABLE run ADD COLUMN position INTEGER;
  ALTER TABLE run ADD COLUMN gpus TEXT;
  ALTER TABLE run ADD COLUMN address TEXT;
  ALTER TABLE run ADD COLUMN moving INTEGER NOT NULL DEFAULT 0;
  UPDATE run SET wants = box WHERE state = 'queued';
  CREATE INDEX run_retries ON run (retries);

  CREATE TABLE box_state (
    name TEXT PRIMARY KEY,
    drained INTEGER NOT NULL DEFAULT 0,
    given_up INTEGER NOT NULL DEFAULT 0,
    paused INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  `,
  // What the gates saw in a candidate's patch, and what it is known for.
  `
  ALTER TABLE candidate ADD COLUMN findings TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE candidate ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
  `,
  // How long a result's curve is, and whether a person vouched for a number that looks too good to be true.
  `
  ALTER TABLE run ADD COLUMN curve_points INTEGER;
  ALTER TABLE run ADD COLUMN curve_end REAL;
  ALTER TABLE run ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;
  `,
  // Candidates that a person wrote.
  `
  ALTER TABLE candidate ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0;
  `,
  // Why a person rejected an idea.
  `
  ALTER TABLE idea ADD COLUMN rejection TEXT;
  `,
  // How a run failed, in its box's one word.
  `
  ALTER TABLE run ADD COLUMN cause TEXT;
  `,
];

/** The version this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;
