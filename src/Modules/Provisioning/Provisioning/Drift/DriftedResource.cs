using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Drift;

/// <summary>A resource that was changed outside of the platform.</summary>
/// <param name="Seen">When it was seen first, as RFC 3339.</param>
/// <param name="State"><c>open</c> while it differs; <c>settled</c> once it was put back, or accepted or excepted.</param>
/// <param name="Resource">Plural and group of its kind.</param>
public sealed record DriftedResource(
    string Resource, string ApiVersion, string Kind, string Namespace, string Name, string? Template, string Seen, string State, IReadOnlyList<DriftedField> Fields)
{
    /// <summary>The fields that keep a value which was accepted; empty for none.</summary>
    public IReadOnlyList<string> Accepted { get; init; } = [];

    /// <summary>The fields that may be whatever they are; empty for none.</summary>
    public IReadOnlyList<string> Excepted { get; init; } = [];
}

/// <summary>One field.</summary>
/// <param name="Path">Below <c>spec</c>, such as <c>forProvider.storageEncrypted</c>.</param>
/// <param name="Wanted">Null when it should not be there.</param>
/// <param name="Actual">Null when it is not there.</param>
/// <param name="NeedsReplacement">True when no update can put it back.</param>
public sealed record DriftedField(string Path, JsonNode? Wanted, JsonNode? Actual, bool NeedsReplacement);

/// <summary>What is decided about drift.</summary>
/// <param name="Resource">Plural and group of the managed resource's kind.</param>
/// <param name="Name">The managed resource; it must belong to the claim.</param>
/// <param name="Action"><c>accept</c> keeps the values that are there, <c>except</c> lets the fields be whatever they are, <c>revert</c> takes both back and
/// puts the fields back, also where the claim only reports drift.</param>
/// <param name="Paths">The fields, as the drift names them.</param>
/// <param name="Reason">Why; it is in the ledger.</param>
public sealed record DriftDecision(string Resource, string Name, string Action, IReadOnlyList<string> Paths, string Reason);
