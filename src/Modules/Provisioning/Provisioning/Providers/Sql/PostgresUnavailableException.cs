namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>The server cannot be had; the message says why, and the way out.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "It never leaves the provider.")]
internal sealed class PostgresUnavailableException(string message) : Exception(message)
{
    /// <summary>True when the resource names a server that is not configured, or moved: no server was asked.</summary>
    public bool OfResource { get; init; }
}
