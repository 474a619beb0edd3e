using System.Text.Json.Nodes;

namespace Flagstone.Provisioning.Compositions.GoTemplating;

/// <summary>What the manifests ask for, gathered so that a fatal one leaves the rendering as it was.</summary>
internal sealed class Answer
{
    /// <summary>Null when no manifest is the composite.</summary>
    public JsonObject? Status { get; set; }

    /// <summary>What was said of the composite's readiness last; not set when nothing was.</summary>
    public (bool Said, bool? Ready) CompositeReady { get; set; }

    public OrderedDictionary<string, DesiredResource> Resources { get; } = [];

    public Dictionary<string, string> Connection { get; } = new(StringComparer.Ordinal);

    public JsonObject? Context { get; set; }

    public List<FunctionCondition> Conditions { get; } = [];

    public Dictionary<string, ResourceSelector> Requirements { get; } = new(StringComparer.Ordinal);

    public void ApplyTo(Rendering rendering)
    {
        if (Status is not null)
        {
            rendering.DesiredComposite["status"] = Status;
        }

        if (CompositeReady.Said)
        {
            rendering.CompositeReady = CompositeReady.Ready;
        }

        foreach (var (name, resource) in Resources)
        {
            rendering.Desired[name] = resource;
        }

        foreach (var (key, value) in Connection)
        {
            rendering.Connection[key] = value;
        }

        foreach (var (key, value) in Context ?? [])
        {
            rendering.Context[key] = value?.DeepClone();
        }

        rendering.Conditions.AddRange(Conditions);
        foreach (var (name, selector) in Requirements)
        {
            rendering.Requirements[name] = selector;
        }
    }
}
