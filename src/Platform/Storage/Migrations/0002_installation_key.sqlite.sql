-- Which keys this installation has, told by what gives none of them away.
CREATE TABLE installation_key (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL) WITHOUT ROWID;
