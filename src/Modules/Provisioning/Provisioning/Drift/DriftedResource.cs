using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Drift;

/// <summary>A resource that was changed outside of the platform.</summary>
/// <param name="Seen">When it was seen first, as RFC 3339.</param>
/// <param name="State"><c>reverted</c> when the platform has put it back, <c>open</c> when it differs still.</param>
/// <param name="Resource">Plural and group of its kind.</param>
public sealed record DriftedResource(
    string Resource, string ApiVersion, string Kind, string Namespace, string Name, string? Template, string Seen, string State, IReadOnlyList<DriftedField> Fields);

/// <summary>One field.</summary>
/// <param name="Path">Below <c>spec</c>, such as <c>forProvider.storageEncrypted</c>.</param>
/// <param name="Wanted">Null when it should not be there.</param>
/// <param name="Actual">Null when it is not there.</param>
/// <param name="NeedsReplacement">True when no update can put it back.</param>
public sealed record DriftedField(string Path, JsonNode? Wanted, JsonNode? Actual, bool NeedsReplacement);
