-- Which keys this installation has, told by what gives none of them away.
CREATE TABLE installation_key (name TEXT COLLATE "C" PRIMARY KEY, fingerprint TEXT COLLATE "C" NOT NULL);
