-- What the simulated provider "made". The body is sealed: it holds a password.
CREATE TABLE simulated_thing (kind TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL, body BYTEA NOT NULL, PRIMARY KEY (kind, name));
