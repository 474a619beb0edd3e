const MAX_USER_AGENT = 200;

// A statement sees the table as it was before its own insert, hence the one more.
const RECORD = `
  WITH visit_made AS (INSERT INTO visit (user_agent) VALUES ($1) RETURNING id, visited_at, user_agent)
  SELECT id, visited_at, user_agent, (SELECT count(*) FROM visit) + 1 AS visits FROM visit_made`;

export function openVisits(pool) {
  return {
    async record(userAgent = '') {
      const { rows } = await pool.query(RECORD, [userAgent.slice(0, MAX_USER_AGENT)]);
      const [{ visits, ...row }] = rows;
      return { visits: Number(visits), row: { ...row, id: Number(row.id) } };
    },
  };
}
