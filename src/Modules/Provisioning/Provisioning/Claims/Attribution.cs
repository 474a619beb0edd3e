using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Claims;

/// <summary>
/// Whom a claim is charged to and how it is protected: by the labels of its namespace, which a developer does not write. What the namespace does
/// not say, the claim may, but for one thing: that its environment may be thrown away.
/// </summary>
internal sealed class Attribution(ResourceStore store)
{
    public const string Environment = "flagstone.dev/environment";
    public const string Team = "flagstone.dev/team";
    public const string Service = "flagstone.dev/service";
    public const string CostCentre = "flagstone.dev/cost-centre";

    public static readonly IReadOnlyList<string> Labels = [Environment, Team, Service, CostCentre];

    /// <summary>The environments of which a claim may say by itself that it is one: they protect more than none does.</summary>
    private static readonly HashSet<string> Protecting = new(["prod", "production"], StringComparer.Ordinal);

    public async Task<IReadOnlyDictionary<string, string>> OfAsync(string ns, CancellationToken ct)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        if (await store.FindAsync(NamespaceView.KeyOf(ns), ct) is { } space)
        {
            var document = space.ToDocument();
            foreach (var label in Labels)
            {
                if (document.Label(label) is { Length: > 0 } value)
                {
                    found[label] = value;
                }
            }
        }

        return found;
    }

    /// <summary>Puts them over what the claim says.</summary>
    public static void Put(JsonObject composite, IReadOnlyDictionary<string, string> attribution)
    {
        var labels = composite.MetadataMap("labels");
        if (labels[Environment] is { } said && !Protecting.Contains(said.ToString()))
        {
            labels.Remove(Environment);
        }

        foreach (var (label, value) in attribution)
        {
            labels[label] = value;
        }
    }
}
