using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions;

/// <summary>A composed resource as it is, with the values of its connection secret.</summary>
internal sealed record ObservedResource(JsonObject Document, IReadOnlyDictionary<string, string> Connection);

/// <summary>A composed resource as it should be.</summary>
internal sealed class DesiredResource(JsonObject document)
{
    public JsonObject Document { get; } = document;

    /// <summary>True once a function says so; null while none has said anything.</summary>
    public bool? Ready { get; set; }
}

/// <summary>What goes through the functions of a composition: the observed state, and the desired state that they build up.</summary>
internal sealed class Rendering(JsonObject composite, IReadOnlyDictionary<string, ObservedResource> observed)
{
    public JsonObject Composite { get; } = composite;

    public IReadOnlyDictionary<string, ObservedResource> Observed { get; } = observed;

    /// <summary>What the composite's status should say; only <c>status</c> counts.</summary>
    public JsonObject DesiredComposite { get; } = [];

    /// <summary>False keeps the composite from being ready whatever its resources say; null: they decide.</summary>
    public bool? CompositeReady { get; set; }

    public OrderedDictionary<string, DesiredResource> Desired { get; } = [];

    public JsonObject Environment { get; } = [];

    public Dictionary<string, string> Connection { get; } = new(StringComparer.Ordinal);

    public List<string> Warnings { get; } = [];
}
