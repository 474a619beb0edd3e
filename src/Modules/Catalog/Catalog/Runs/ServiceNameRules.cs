using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Runs;

/// <summary>Whether a run may take a name for a service: the name is its repository and its namespace.</summary>
internal static class ServiceNameRules
{
    public const string GitopsSuffix = "-gitops";

    /// <summary>The label of a namespace that says which service owns it.</summary>
    public const string ServiceLabel = "flagstone.dev/service";

    /// <summary>A GitOps repository is named after its service.</summary>
    public static string NamespaceOf(string repository) =>
        repository.EndsWith(GitopsSuffix, StringComparison.Ordinal) && repository.Length > GitopsSuffix.Length ? repository[..^GitopsSuffix.Length] : repository;

    /// <summary>Null when the name is free for this caller; else why not.</summary>
    /// <param name="existing">The namespace of that name, or null when there is none.</param>
    public static string? Refuse(Caller caller, string ns, JsonObject? existing)
    {
        if (ns is "default" or "flagstone" or "kube" || ns.StartsWith("kube-", StringComparison.Ordinal) || ns.StartsWith("flagstone-", StringComparison.Ordinal))
        {
            return $"the name '{ns}' belongs to the platform; use another";
        }

        if (caller.Namespace.Length > 0 && caller.Namespace != ns)
        {
            return $"the token is for namespace '{caller.Namespace}' alone, and a service '{ns}' owns the namespace of its name";
        }

        return existing is not null && existing.Label(ServiceLabel) != ns
            ? $"namespace '{ns}' is there already and belongs to no service of that name; use another name"
            : null;
    }
}
