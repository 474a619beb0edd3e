namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>The private server cannot be had; the message says why, and the way out.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "It never leaves the provider.")]
internal sealed class PostgresUnavailableException(string message) : Exception(message);
