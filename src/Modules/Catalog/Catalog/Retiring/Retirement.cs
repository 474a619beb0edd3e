using System.Text.Json.Nodes;
using Flagstone.Catalog.Contracts;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;
using Flagstone.Workflows.Contracts.Processes;

namespace Flagstone.Catalog.Retiring;

/// <summary>What a service has that goes with it, as found when its retirement is asked for.</summary>
/// <param name="Owner">As the entity says it, for example <c>group:default/payments</c>.</param>
/// <param name="Team">Of an owner that is a group of the catalog; else null.</param>
/// <param name="Claims">With their kinds, for people.</param>
internal sealed record Retirement(
    EntityName Service, string Owner, TeamFacts? Team, Goner Entity, IReadOnlyList<Goner> Namespaces, IReadOnlyList<Goner> Sources, IReadOnlyList<Goner> Repositories,
    IReadOnlyList<string> Claims);

/// <summary>Something that goes. A later thing of the same name has another uid, and stays.</summary>
internal sealed record Goner(ResourceKey Key, string Uid)
{
    public static Goner Of(StoredResource found) => new(found.Key, found.ToDocument()["metadata"].Text("uid"));

    public JsonObject ToJson() => new() { ["key"] = Key.ToString(), ["uid"] = Uid };

    public static Goner Read(JsonNode? node) =>
        ResourceKey.TryParse(node.Text("key"), out var key) ? new(key, node.Text("uid")) : throw new FormatException($"'{node.Text("key")}' names no resource.");
}

/// <summary>Whom a retirement asks, and what it does in which order. Pure.</summary>
internal static class RetirementRules
{
    /// <summary>The one action: what the arguments name is deleted.</summary>
    public const string Delete = "delete";

    private const string Administrators = "role:administrator";

    private static readonly TimeSpan Deadline = TimeSpan.FromDays(14);

    public static ProcessPlan Plan(Retirement found, Caller caller, int days)
    {
        var steps = new List<ProcessStep>(Asks(found, caller, days));
        if (days > 0)
        {
            steps.Add(new ProcessStep($"It is approved, and waits for {Days(days)}: until then it can be taken back") { Wait = TimeSpan.FromDays(days) });
        }

        // In this order: a source would bring back what is deleted by hand.
        steps.AddRange(
            from part in (IEnumerable<(string Title, IReadOnlyList<Goner> Goners)>)
            [
                ("Its GitOps sources are deleted", found.Sources), ("Its namespaces are deleted, with its process, claims and data", found.Namespaces),
                ("Its entity is taken out of the catalog", [found.Entity]), ("Its repositories are put aside", found.Repositories),
            ]
            where part.Goners.Count > 0
            select new ProcessStep(part.Title) { Act = new ProcessDeed(Delete, new JsonObject { ["goners"] = new JsonArray([.. part.Goners.Select(g => g.ToJson())]) }) });
        return new ProcessPlan(found.Service.ToString(), $"Retire service {found.Service.Name}", steps);
    }

    /// <summary>
    /// The owner consents, and an administrator, whose the repositories and namespaces are. Who asks has consented; another person always has.
    /// </summary>
    private static IEnumerable<ProcessStep> Asks(Retirement found, Caller caller, int days)
    {
        var owners = found.Team is { Members.Count: > 0 } team ? $"team:{team.Name}" : found.Owner.StartsWith("user:", StringComparison.Ordinal) && EntityName.TryParse(found.Owner, out var user) ? $"user:{user.Name}" : null;
        var isOwner = found.Team?.Has(caller.Name) ?? owners == $"user:{caller.Name}";
        var isAdministrator = caller is { Role: Role.Administrator, Namespace: "" };
        if (owners is not null && !isOwner)
        {
            yield return Ask($"Its owner is asked: {found.Owner}", found, days, owners);
        }

        if (!isAdministrator)
        {
            yield return Ask(owners is null ? $"An administrator is asked, alone: nobody is in {found.Owner}" : "An administrator is asked", found, days, Administrators);
        }
        else if (owners is null || isOwner)
        {
            yield return Ask("Another person is asked", found, days, found.Team is null || owners is null ? [Administrators] : [Administrators, owners]);
        }
    }

    private static ProcessStep Ask(string title, Retirement found, int days, params string[] assignees) => new(title)
    {
        Ask = new ProcessQuestion(
            $"Retire service {found.Service.Name}?",
            $"{(days == 0 ? "At once" : $"After {Days(days)}")} its process stops, and its claims go with their data. Its repositories are put aside, not deleted.", assignees, Context(found), Deadline) { ApproversMayDecide = false },
    };

    private static Dictionary<string, string> Context(Retirement found) => new(
        from line in (IEnumerable<(string Name, string Text)>)
        [
            ("service", found.Service.ToString()), ("owner", found.Owner), ("namespaces", Names(found.Namespaces)), ("claims, with their data", string.Join(", ", found.Claims)),
            ("GitOps sources", Names(found.Sources)), ("repositories", Names(found.Repositories)),
        ]
        where line.Text.Length > 0
        select KeyValuePair.Create(line.Name, line.Text.Length > MaxText ? line.Text[..MaxText] + "…" : line.Text));

    private const int MaxText = 900;

    private static string Names(IEnumerable<Goner> goners) => string.Join(", ", goners.Select(g => g.Key.Name));

    private static string Days(int days) => days == 1 ? "a day" : $"{days} days";
}
