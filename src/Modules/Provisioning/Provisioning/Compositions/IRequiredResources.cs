using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions;

/// <summary>Where the functions of a composition get what they require besides the composite: the store, or files when rendering offline.</summary>
internal interface IRequiredResources
{
    /// <summary>Empty when nothing matches; ordered by name.</summary>
    Task<IReadOnlyList<JsonObject>> FindAsync(ResourceSelector selector, CancellationToken ct);

    /// <summary>Values of a step's credentials, by the credential's name and the Secret's key.</summary>
    /// <exception cref="FatalResultException">A Secret is not there.</exception>
    Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> CredentialsAsync(JsonArray credentials, CancellationToken ct);
}
