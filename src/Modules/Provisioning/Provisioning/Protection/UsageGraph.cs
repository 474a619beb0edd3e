using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Protection;

/// <summary>One side of a usage: a resource by group, kind, namespace and name.</summary>
internal readonly record struct UsedResource(string Group, string Kind, string Namespace, string Name)
{
    /// <summary>Null while the usage selects it by labels and nothing was chosen yet.</summary>
    public static UsedResource? Of(JsonObject usage, string side)
    {
        var part = usage.At("spec", side);
        var name = part.At("resourceRef").Text("name");
        var apiVersion = part.Text("apiVersion");
        var space = part.At("resourceRef").Text("namespace");
        return name.Length == 0 ? null
            : new UsedResource(
                apiVersion.Contains('/', StringComparison.Ordinal) ? apiVersion.Split('/')[0] : "", part.Text("kind"),
                space.Length > 0 ? space : usage.NamespaceOf(), name);
    }

    /// <summary>
    /// The value of the label by which the usages of a resource are found. Without its namespace, which a usage gives or leaves out for what is in none.
    /// </summary>
    public string LabelValue => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Group}/{Kind}/{Name}")))[..32];

    public override string ToString() => $"{Kind} '{(Namespace.Length > 0 ? $"{Namespace}/" : "")}{Name}'";
}

/// <summary>Who uses what, as a graph. Pure.</summary>
internal static class UsageGraph
{
    /// <summary>The way round, from a resource back to itself, that an added usage would close; null when it closes none.</summary>
    public static IReadOnlyList<UsedResource>? Cycle(IEnumerable<(UsedResource Of, UsedResource By)> there, UsedResource of, UsedResource by)
    {
        if (of == by)
        {
            return [of, by];
        }

        // A usage says: "by" goes before "of". A way from "of", as something that is used by others, back to "by" is a circle.
        var uses = there.ToLookup(e => e.By, e => e.Of);
        var came = new Dictionary<UsedResource, UsedResource>();
        var open = new Queue<UsedResource>([of]);
        while (open.TryDequeue(out var at))
        {
            foreach (var next in uses[at].Where(n => n != of && came.TryAdd(n, at)))
            {
                if (next == by)
                {
                    return Path(came, of, by);
                }

                open.Enqueue(next);
            }
        }

        return null;
    }

    private static List<UsedResource> Path(Dictionary<UsedResource, UsedResource> came, UsedResource from, UsedResource to)
    {
        var path = new List<UsedResource> { to };
        while (path[^1] != from)
        {
            path.Add(came[path[^1]]);
        }

        path.Reverse();
        return [to, .. path];
    }
}
