CREATE TABLE runs (
    id      TEXT PRIMARY KEY,
    profile TEXT NOT NULL,
    mode    TEXT NOT NULL,
    pace    TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    reason  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    ended   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX runs_by_time ON runs (at);
CREATE TABLE attempts (
    run      TEXT NOT NULL REFERENCES runs (id),
    nth      INTEGER NOT NULL,
    event    TEXT NOT NULL,
    event_at INTEGER NOT NULL,
    attempt  INTEGER NOT NULL,
    word     TEXT NOT NULL,
    state    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (run, nth)
) STRICT;
CREATE UNIQUE INDEX attempts_by_run ON attempts (run, event);
CREATE INDEX attempts_by_event ON attempts (event);
