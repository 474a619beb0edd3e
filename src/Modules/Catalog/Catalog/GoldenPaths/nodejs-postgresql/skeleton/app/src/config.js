// Everything that differs between environments comes from the environment. What is missing or wrong stops the start, all of it named at once.

const MAX_PORT = 65_535;

export function readConfig(env) {
  const problems = [];

  const required = (name) => {
    const value = env[name];
    if (!value) problems.push(`${name} is not set`);
    return value;
  };

  const port = (name, fallback) => {
    const text = env[name] || fallback;
    const value = Number(text);
    if (Number.isInteger(value) && value >= 0 && value <= MAX_PORT) return value;
    problems.push(`${name} is '${text}', which is not a port`);
    return undefined;
  };

  const config = {
    service: env.SERVICE_NAME || '${{ values.name }}',
    host: env.HOST || undefined,
    port: port('PORT', '8080'),
    database: {
      host: required('DATABASE_HOST'),
      port: port('DATABASE_PORT', '5432'),
      user: required('DATABASE_USER'),
      password: required('DATABASE_PASSWORD'),
      database: required('DATABASE_NAME'),
      // The server's certificate is always checked; a private authority is named by NODE_EXTRA_CA_CERTS.
      ssl: env.DATABASE_TLS === 'true',
    },
  };

  if (problems.length > 0) throw new Error(`The configuration is not usable: ${problems.join('; ')}.`);
  return config;
}
