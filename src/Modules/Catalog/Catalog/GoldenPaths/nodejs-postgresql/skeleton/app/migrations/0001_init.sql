CREATE TABLE visit (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  visited_at timestamptz NOT NULL DEFAULT now(),
  user_agent text        NOT NULL
);
