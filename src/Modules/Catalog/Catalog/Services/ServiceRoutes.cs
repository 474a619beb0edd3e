using System.Text.Json.Nodes;
using Flagstone.Catalog.Contracts;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Runs;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Services;

/// <summary>Which services and teams a committed row concerns.</summary>
internal static class ServiceRoutes
{
    private const string EntityNamespace = "default";

    // Kinds of these groups say nothing about whether a service runs, and there are many of them.
    private static readonly HashSet<string> Silent =
        ["", EntityKinds.Group, "scaffolder.backstage.io", GitKinds.Group, "networking.k8s.io", "monitoring.coreos.com", "rbac.authorization.k8s.io"];

    /// <summary>
    /// The component itself, and what it is made of: its source, and claims and Deployments in the namespace of its name. A name that is no
    /// component's costs one read.
    /// </summary>
    public static IEnumerable<string> Services(CommittedRow row)
    {
        if (row.Change == ChangeType.None)
        {
            yield break;
        }

        if (row.Key.Kind == EntityKinds.Component)
        {
            if (row.Verb != "status")
            {
                yield return row.Key.ToString();
            }
        }
        else if (row.Key.Kind == GitKinds.Source)
        {
            yield return KeyOf(ServiceNameRules.NamespaceOf(row.Key.Name));
        }
        else if (row.Key.Namespace.Length > 0 && !Silent.Contains(row.Key.Kind.Group))
        {
            yield return KeyOf(row.Key.Namespace);
        }
    }

    /// <summary>The group itself, and the group that owns a component.</summary>
    public static IEnumerable<string> Teams(CommittedRow row)
    {
        if (row.Key.Kind == EntityKinds.Team && row.Change is ChangeType.Added or ChangeType.Modified && row.Verb != "status")
        {
            yield return row.Key.ToString();
        }
        else if (row.Key.Kind == EntityKinds.Component && row.Change != ChangeType.None
            && EntityName.TryParse(JsonNode.Parse(row.Body.Span)?["spec"].Text("owner"), out var owner))
        {
            yield return TeamKey(owner).ToString();
        }
    }

    public static ResourceKey TeamKey(EntityName team) => new(EntityKinds.Team, team.Namespace, team.Name);

    private static string KeyOf(string name) => new ResourceKey(EntityKinds.Component, EntityNamespace, name).ToString();
}
