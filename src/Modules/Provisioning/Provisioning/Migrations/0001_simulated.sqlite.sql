-- What the simulated provider "made". The body is sealed: it holds a password.
CREATE TABLE simulated_thing (kind TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
