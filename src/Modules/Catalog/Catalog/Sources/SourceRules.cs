using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Sources;

/// <summary>What a source may touch, before what its actor may: it can do only what both may.</summary>
internal static class SourceRules
{
    public const string ManagerPrefix = "gitops:";

    /// <summary>On a stored object: <c>disabled</c> keeps sources from changing and pruning it, as Flux's <c>kustomize.toolkit.fluxcd.io/reconcile</c> does.</summary>
    public const string ReconcileAnnotation = "flagstone.dev/reconcile";

    // Rights, policies, definitions and the platform's own kinds: out of a push's reach unless an administrator named them one by one.
    private static readonly HashSet<string> Protected =
    [
        "flagstone.dev", "scaffolder.backstage.io", "rbac.authorization.k8s.io", "apiextensions.k8s.io", "apiextensions.crossplane.io",
        "admissionregistration.k8s.io", "kyverno.io", "policies.kyverno.io", "pkg.crossplane.io",
    ];

    /// <summary>Null when the source may write a kind to a namespace; else why not, with the way out.</summary>
    public static string? Refuse(SourceSpec source, KindDefinition kind, string ns)
    {
        if (!MayWrite(source.Kinds, kind))
        {
            return $"the source may not write {kind.Kind} ({kind.Id}); an administrator can name it in spec.kinds";
        }

        return !kind.Namespaced || source.Namespaces.Contains(ns)
            ? null
            : $"the source may not write to namespace '{ns}'; it may write to: {string.Join(", ", source.Namespaces)}";
    }

    /// <summary>Another source that applies this resource, or null.</summary>
    public static string? OtherSource(JsonObject existing, string manager) =>
        Managers(existing).FirstOrDefault(m => m.StartsWith(ManagerPrefix, StringComparison.Ordinal) && m != manager)?[ManagerPrefix.Length..];

    /// <summary>True when the source still has fields of it: what people took over is not pruned.</summary>
    public static bool IsManaged(JsonObject existing, string manager) => Managers(existing).Contains(manager);

    /// <summary>True when somebody took the object out of its source's hands for now.</summary>
    public static bool IsLeftAlone(JsonObject existing) => existing.Annotation(ReconcileAnnotation) == "disabled";

    private static bool MayWrite(IReadOnlyList<string> listed, KindDefinition kind)
    {
        if (listed.Contains(kind.Id.ToString()))
        {
            return true;
        }

        var open = kind.Namespaced && !kind.Transient && !Protected.Contains(kind.Id.Group);
        return open && (listed.Count == 0 || listed.Contains($"*.{kind.Id.Group}"));
    }

    private static IEnumerable<string> Managers(JsonObject document) =>
        (document["metadata"].At("managedFields") as JsonArray)?.Select(m => m.Text("manager")) ?? [];
}
