using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Ui.Components;

namespace Flagstone.Provisioning.Claims;

/// <summary>A resource in the tree under a claim: what is desired, and what is observed of it.</summary>
/// <param name="Document">The resource, or null while it is desired and not there yet.</param>
internal sealed record ClaimNode(string Kind, string ApiVersion, string Name, string Namespace, JsonObject? Document, IReadOnlyList<ClaimNode> Children)
{
    public Status Status => Document is null ? new Status("Not there yet", Tone.Busy) : Status.OfConditions(Document);

    /// <summary>The name of the template of the composition that made it; empty for a claim and its composite.</summary>
    public string Template => Document?.Annotation(Names.ResourceNameAnnotation) ?? "";

    public string ExternalName => Document?.Annotation(Names.ExternalNameAnnotation) ?? "";

    public bool IsSimulated => Document?["status"].At("simulated") is JsonValue v && v.TryGetValue<bool>(out var simulated) && simulated;

    public bool AnySimulated => IsSimulated || Children.Any(c => c.AnySimulated);

    public IEnumerable<ClaimNode> All => Children.SelectMany(c => c.All).Prepend(this);
}
