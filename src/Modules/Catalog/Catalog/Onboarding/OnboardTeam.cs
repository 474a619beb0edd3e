using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Catalog.Contracts;
using Flagstone.Catalog.Kinds;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Workflows.Contracts.Processes;

namespace Flagstone.Catalog.Onboarding;

/// <summary>Takes a team on: an administrator approves, the team is in the catalog, its people get tokens, and its lead says that they can work.</summary>
internal sealed partial class OnboardTeam(ResourceStore store, ResourceGateway gateway, KindRegistry kinds) : IProcessKind
{
    private const string Create = "create";
    private const string Remove = "remove";
    private const int MaxMembers = 100;

    /// <summary>On a group: the process that made it.</summary>
    private const string MadeBy = "flagstone.dev/process";

    private static readonly TimeSpan Deadline = TimeSpan.FromDays(14);

    public string Name => "onboard-team";

    public string Title => "Take a team on";

    public string Description =>
        "Asks an administrator, makes the team in the catalog, asks an administrator to issue tokens to its people, and asks its lead whether they can work. "
        + "A team whose lead refuses, or says nothing in time, is taken out again.";

    public JsonObject Input => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("name", "lead"),
        ["properties"] = new JsonObject
        {
            ["name"] = new JsonObject { ["type"] = "string", ["title"] = "Name", ["description"] = "Its name in the catalog, such as payments.", ["maxLength"] = 63 },
            ["title"] = new JsonObject { ["type"] = "string", ["title"] = "Title", ["description"] = "As people call it.", ["maxLength"] = 200 },
            ["lead"] = new JsonObject { ["type"] = "string", ["title"] = "Lead", ["description"] = "The name that their token is, or will be, issued for." },
            ["members"] = new JsonObject
            {
                ["type"] = "string", ["title"] = "Further members", ["description"] = "Names that tokens are, or will be, issued for, with commas between them.",
            },
        },
    };

    public async Task<(ProcessPlan? Plan, Problem? Problem)> PlanAsync(Caller caller, JsonObject input, CancellationToken ct)
    {
        if (caller.Role is not (Role.Developer or Role.Administrator) || caller.Namespace.Length > 0)
        {
            return (null, Catalogue.Forbidden(caller.Name, "create", Key(input.Text("name")), "developers and administrators whose token is for all namespaces ask for teams"));
        }

        var (name, lead) = (input.Text("name"), input.Text("lead"));
        List<string> members = [lead, .. input.Text("members").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(m => m != lead).Distinct()];
        ProblemCause[] wrong =
        [
            .. !TeamName().IsMatch(name) ? [Wrong("name", $"'{name}' is no name of a team: use small letters, digits and hyphens, such as payments")] : Array.Empty<ProblemCause>(),
            .. members.Where(m => !PrincipalNames.IsValid(m)).Select(m => Wrong(m == lead ? "lead" : "members", $"'{m}' is no name of a token: {PrincipalNames.Rule}")),
            .. members.Count > MaxMembers ? [Wrong("members", $"There are {members.Count}; {MaxMembers} are the most")] : Array.Empty<ProblemCause>(),
        ];
        return wrong.Length > 0 ? (null, Catalogue.BadFields(wrong))
            : await store.FindAsync(Key(name), ct) is not null ? (null, Catalogue.AlreadyExists(Key(name)))
            : (PlanOf(caller, name, input.Text("title") is { Length: > 0 } title ? title : name, members), null);
    }

    public async Task<ActOutcome> ActAsync(ProcessAct act, CancellationToken ct)
    {
        var (kind, key) = (kinds.Find(EntityKinds.Team)!, Key(act.Arguments.Text("name")));
        var there = await store.FindAsync(key, ct);
        var isOurs = there?.ToDocument().Annotation(MadeBy) == act.Run;
        if (act.Action == Remove)
        {
            // What somebody else has made since stays.
            return isOurs && await gateway.DeleteAsync(act.Platform, kind, key, new DeleteOptions(Uid: there!.ToDocument()["metadata"].Text("uid")), act.Options with { Verb = "delete" }, ct)
                is Refused { Problem: { Status: not 404 } problem } ? new ActOutcome.Refused(problem.Detail) : new ActOutcome.Done();
        }

        if (there is not null)
        {
            return isOurs ? new ActOutcome.Done() : new ActOutcome.Refused($"There is a team {key.Name} in the catalog by now.");
        }

        var outcome = await gateway.CreateAsync(act.Platform, kind, key.Namespace, new JsonObject
        {
            ["apiVersion"] = kind.ApiVersion,
            ["kind"] = kind.Kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = key.Name, ["title"] = act.Arguments.Text("title"), ["annotations"] = new JsonObject { [MadeBy] = act.Run },
            },
            ["spec"] = new JsonObject { ["type"] = "team", ["children"] = new JsonArray(), ["members"] = act.Arguments["members"]!.DeepClone() },
        }, act.Options, ct);
        return outcome is Refused refused ? new ActOutcome.Refused(refused.Problem.Detail) : new ActOutcome.Done();
    }

    private static ProcessPlan PlanOf(Caller caller, string name, string title, List<string> members)
    {
        var facts = new Dictionary<string, string> { ["team"] = title, ["lead"] = members[0], ["members"] = string.Join(", ", members) };
        var arguments = new JsonObject { ["name"] = name, ["title"] = title, ["members"] = new JsonArray([.. members.Select(m => (JsonNode)m)]) };
        ProcessStep Asking(string step, string question, string description, string assignee) =>
            new(step) { Ask = new ProcessQuestion(question, description, [assignee], facts, Deadline) };
        List<ProcessStep> steps =
        [
            Asking("An administrator is asked", $"Take team {title} on?", "The team is made in the catalog, and may own services.", "role:administrator"),
            new ProcessStep("The team is made in the catalog") { Act = new ProcessDeed(Create, arguments, Remove) },
            Asking(
                "An administrator issues the tokens", $"Have the people of {title} their tokens?",
                $"Issue each of these a developer's token who has none, and hand it over: {string.Join(", ", members)}. Approve once that is done.", "role:administrator"),
        ];
        if (caller.Name != members[0])
        {
            steps.Add(Asking(
                "Its lead is asked whether they can work", "Can your team work?",
                "Sign in with your token, look at the golden paths, and approve. The guides say how to go on.", $"user:{members[0]}"));
        }

        return new ProcessPlan(name, $"Take team {title} on", steps);
    }

    private static ResourceKey Key(string name) => new(EntityKinds.Team, "default", name);

    private static ProblemCause Wrong(string field, string why) => new($"input.{field}", "FieldValueInvalid", why);

    [GeneratedRegex(@"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex TeamName();
}
