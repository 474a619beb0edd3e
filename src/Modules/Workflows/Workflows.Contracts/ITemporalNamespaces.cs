namespace Flagstone.Workflows.Contracts;

/// <summary>A Temporal server elsewhere.</summary>
/// <param name="Address"><c>HOST:PORT</c> of its frontend.</param>
/// <param name="ApiKey">Empty for none.</param>
/// <param name="UseTls">False for a server that speaks in the clear.</param>
/// <param name="ServerCertificate">The authority that its certificate is of, as PEM; empty for the machine's own ones.</param>
/// <param name="ClientCertificate">As PEM; empty for none.</param>
/// <param name="ClientKey">As PEM; empty for none.</param>
public sealed record TemporalServer(string Address, string ApiKey, bool UseTls, string ServerCertificate = "", string ClientCertificate = "", string ClientKey = "")
{
    /// <summary>The address alone: what it holds beside is secret, and text ends in logs.</summary>
    public override string ToString() => Address;
}

/// <summary>What a namespace is to be, or is.</summary>
/// <param name="Retention">How long closed workflow executions are kept.</param>
/// <param name="SearchAttributes">Its own ones by name, with their types as Temporal names them: <c>Text Keyword Int Double Bool Datetime KeywordList</c>.</param>
public sealed record TemporalNamespaceSettings(string Description, string OwnerEmail, TimeSpan Retention, IReadOnlyDictionary<string, string> SearchAttributes);

/// <summary>A namespace that is there.</summary>
/// <param name="Id">As the server knows it.</param>
/// <param name="Owner">Who made it (<see cref="ITemporalNamespaces.CreateAsync"/>); empty when it was made by nobody who says so.</param>
/// <param name="Open">Workflow executions that run in it.</param>
public sealed record TemporalNamespaceState(string Id, string Owner, TemporalNamespaceSettings Settings, long Open);

/// <summary>A call that came to nothing, or of which it is not known what it came to.</summary>
/// <param name="isRefusal">True when the server refused it, and would again.</param>
public sealed class TemporalCallException(string message, bool isRefusal, Exception inner) : Exception(message, inner)
{
    public bool IsRefusal { get; } = isRefusal;
}

/// <summary>
/// Namespaces of Temporal's API, here or at another server, which is asked by the same messages. Each call may be repeated. A call throws
/// <see cref="TemporalCallException"/>.
/// </summary>
public interface ITemporalNamespaces
{
    /// <summary>The server that the settings name instead of the embedded one; null for the embedded one.</summary>
    TemporalServer? Elsewhere { get; }

    /// <summary>Where workers of this installation find its own frontend, as <c>HOST:PORT</c>.</summary>
    string OwnAddress { get; }

    /// <param name="server">Null for this installation; so in each call.</param>
    /// <returns>Null when there is none of the name.</returns>
    Task<TemporalNamespaceState?> FindAsync(TemporalServer? server, string name, CancellationToken ct);

    /// <param name="owner">Kept in the namespace's data, so that it is known again.</param>
    Task CreateAsync(TemporalServer? server, string name, string owner, TemporalNamespaceSettings settings, CancellationToken ct);

    /// <summary>Makes it be as wanted. Search attributes that are not wanted are removed.</summary>
    Task UpdateAsync(TemporalServer? server, string name, TemporalNamespaceSettings settings, CancellationToken ct);

    /// <summary>Deletes it with all its workflow executions. What is not there is deleted.</summary>
    Task DeleteAsync(TemporalServer? server, string name, CancellationToken ct);
}
