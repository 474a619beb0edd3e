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

  const flag = (name) => {
    const text = env[name] || 'false';
    if (text !== 'true' && text !== 'false') problems.push(`${name} is '${text}', which is neither true nor false`);
    return text === 'true';
  };

  const address = (name) => {
    const value = required(name);
    if (value && !/^[^\s/]+:\d{1,5}$/.test(value)) problems.push(`${name} is '${value}', which is not HOST:PORT`);
    return value;
  };

  const service = env.SERVICE_NAME || '${{ values.name }}';
  const config = {
    service,
    host: env.HOST || undefined,
    port: port('PORT', '8080'),
    temporal: {
      address: address('TEMPORAL_ADDRESS'),
      namespace: required('TEMPORAL_NAMESPACE'),
      taskQueue: env.TEMPORAL_TASK_QUEUE || service,
      // A Temporal server on a laptop takes none.
      apiKey: env.TEMPORAL_API_KEY || undefined,
      // Always said: with an API key the SDK would speak TLS of itself.
      tls: flag('TEMPORAL_TLS'),
    },
  };

  if (problems.length > 0) throw new Error(`The configuration is not usable: ${problems.join('; ')}.`);
  return config;
}
