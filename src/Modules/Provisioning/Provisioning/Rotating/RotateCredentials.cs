using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Providers.Sql;
using Flagstone.Workflows.Contracts.Processes;

namespace Flagstone.Provisioning.Rotating;

/// <summary>
/// Changes a claim's password so that the old one ends, without a break: its logins take turns twice, and between the turns everything has time to take
/// the new one up. For after a leak, or when somebody leaves.
/// </summary>
internal sealed class RotateCredentials(ResourceStore store, ResourceGateway gateway, KindRegistry kinds, ClaimReader claims, TimeProvider clock) : IProcessKind
{
    public const string ProcessName = "rotate-credentials";

    private const string Turn = "turn";
    private const string Settle = "settle";
    private const int UsualHours = 24;
    private const int MostHours = 168;

    /// <summary>On a role: the step that asked for its turn, so that a repeated one does not ask again.</summary>
    private const string TurnedBy = "flagstone.dev/rotated-by";

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private static readonly TimeSpan Deadline = TimeSpan.FromDays(7);
    private static readonly TimeSpan Furthest = TimeSpan.FromDays(90);
    private static readonly KindId Deployments = new("deployments", "apps");
    private static readonly KindId Secrets = new("secrets", "");

    public string Name => ProcessName;

    public string Title => "Rotate a claim's credentials";

    public string Description =>
        "Asks an approver, waits for the time that was asked for, and lets the next login take over; services that the platform runs are started anew with it. "
        + "After the overlap the login before gets another password: copies of the old one work no longer.";

    public JsonObject Input => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("kind", "namespace", "name"),
        ["properties"] = new JsonObject
        {
            ["kind"] = new JsonObject
            {
                ["type"] = "string", ["title"] = "Kind of the claim", ["description"] = "The plural with its group, such as postgresqlinstances.platform.example.com.",
            },
            ["namespace"] = new JsonObject { ["type"] = "string", ["title"] = "Namespace" },
            ["name"] = new JsonObject { ["type"] = "string", ["title"] = "Name" },
            ["at"] = new JsonObject
            {
                ["type"] = "string", ["title"] = "Not before", ["description"] = "A time such as 2026-12-01T22:00:00Z; as soon as it is approved when it is left out.",
            },
            ["overlapHours"] = new JsonObject
            {
                ["type"] = "integer", ["title"] = "Hours of overlap", ["description"] = "How long the old password goes on working.", ["minimum"] = 0, ["maximum"] = MostHours,
                ["default"] = UsualHours,
            },
        },
    };

    public async Task<(ProcessPlan? Plan, Problem? Problem)> PlanAsync(Caller caller, JsonObject input, CancellationToken ct)
    {
        var hours = UsualHours;
        if (input["overlapHours"] is { } given && (given is not JsonValue number || !number.TryGetValue(out hours) || hours is < 0 or > MostHours))
        {
            return (null, Bad("overlapHours", $"Give a whole number from 0 to {MostHours}"));
        }

        DateTimeOffset? at = null;
        if (input.Text("at") is { Length: > 0 } text)
        {
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) || time > clock.GetUtcNow() + Furthest)
            {
                return (null, Bad("at", $"Give a time within {Furthest.TotalDays} days, such as 2026-12-01T22:00:00Z"));
            }

            at = time;
        }

        if (kinds.Find(KindId.Parse(input.Text("kind"))) is not { AskedFor: true } kind)
        {
            return (null, ClaimProblems.NoSuchKind(kinds, input.Text("kind")));
        }

        var key = kind.Key(input.Text("namespace"), input.Text("name"));
        if (await store.FindAsync(key, ct) is not { } found)
        {
            return (null, Catalogue.NotFound(key));
        }

        if (AccessRules.Refuse(caller, "update", kind, key.Namespace) is { } why)
        {
            return (null, Catalogue.Forbidden(caller.Name, "update", key, why));
        }

        var roles = Roles(await claims.TreeAsync(kind, found.ToDocument(), ct));
        return roles.Count == 0
            ? (null, Catalogue.Denied(key, "nothing that it is made of has credentials that rotate: a Role of PostgreSQL with spec.forProvider.rotation has"))
            : (PlanOf(kind, key, roles, at, hours), null);
    }

    public async Task<ActOutcome> ActAsync(ProcessAct act, CancellationToken ct) => act.Action switch
    {
        Turn => await TurnAsync(act, ct),
        Settle => await SettleAsync(act.Arguments.Text("namespace"), ct),
        _ => new ActOutcome.Refused($"There is no action '{act.Action}'."),
    };

    /// <summary>The names of what a claim is made of whose logins take turns.</summary>
    public static IReadOnlyList<string> Roles(ClaimNode claim) =>
    [
        .. claim.All.Where(n => n.Kind == SqlKinds.Role.Kind && n.ApiVersion == SqlKinds.Role.ApiVersion
            && n.Document?.At("spec", "forProvider") is JsonObject wanted && Rotation.IsWanted(wanted)).Select(n => n.Name),
    ];

    private static ProcessPlan PlanOf(KindDefinition kind, ResourceKey key, IReadOnlyList<string> roles, DateTimeOffset? at, int hours)
    {
        JsonObject Arguments() => new() { ["claim"] = key.ToString(), ["roles"] = new JsonArray([.. roles.Select(r => (JsonNode)r)]) };
        ProcessStep Turning(string title) => new(title) { Act = new ProcessDeed(Turn, Arguments()) };
        var begin = at?.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
        return new ProcessPlan(key.ToString(), $"Rotate the credentials of {kind.Kind} {key.Name} in {key.Namespace}",
        [
            new ProcessStep("An approver is asked")
            {
                Ask = new ProcessQuestion(
                    $"Rotate the credentials of {kind.Kind} {key.Name} in {key.Namespace}?",
                    $"{(begin is null ? "At once" : $"At {begin}")} the next login takes over, and services that the platform runs are started anew with it. "
                        + $"{hours} hours later the password that is in use now stops working everywhere.",
                    ["role:approver", "role:administrator"],
                    new Dictionary<string, string> { ["claim"] = $"{kind.Kind} {key.Display}", ["roles"] = string.Join(", ", roles), ["overlap"] = $"{hours} hours" }, Deadline),
            },
            .. at is null ? [] : new[] { new ProcessStep($"It is approved, and waits until {begin}") { Until = at } },
            Turning("The next login takes over"),
            new ProcessStep("The services of the namespace answer with it") { Act = new ProcessDeed(Settle, new JsonObject { ["namespace"] = key.Namespace }) },
            .. hours == 0 ? [] : new[] { new ProcessStep($"The old password works for {hours} hours more") { Wait = TimeSpan.FromHours(hours) } },
            Turning("The old password ends"),
            new ProcessStep("The services of the namespace answer again") { Act = new ProcessDeed(Settle, new JsonObject { ["namespace"] = key.Namespace }) },
        ]);
    }

    private async Task<ActOutcome> TurnAsync(ProcessAct act, CancellationToken ct)
    {
        var active = new List<string>();
        foreach (var name in (act.Arguments["roles"] as JsonArray ?? []).Select(r => r!.ToString()))
        {
            var key = SqlKinds.Role.Key("", name);
            if (await store.FindAsync(key, ct) is not { } found)
            {
                return new ActOutcome.Refused($"Role {name} is there no longer.");
            }

            var role = found.ToDocument();
            if (role.Annotation(TurnedBy) != act.Key)
            {
                var now = clock.GetUtcNow().UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
                var outcome = await gateway.UpdateAsync(act.Platform, SqlKinds.Role, key, (current, _) =>
                {
                    var annotations = (JsonObject)(current.Metadata()["annotations"] ??= new JsonObject());
                    (annotations[TurnedBy], annotations[Rotation.RotateAtAnnotation]) = (act.Key, now);
                    return new((current, (Problem?)null));
                }, act.Options, ct);
                return outcome is Refused refused ? new ActOutcome.Refused(refused.Problem.Detail) : new ActOutcome.Waiting($"Role {name} was asked to turn.");
            }

            if (!(Time(role.At("status", "atProvider").Text("rotatedAt")) >= Rotation.RotateAt(role)))
            {
                var synced = role.FindCondition("Synced");
                return new ActOutcome.Waiting($"Role {name} has not turned yet{(synced is { Status: "False" } ? $": {synced.Message}" : ".")}");
            }

            active.Add(role.At("status", "atProvider").Text("activeLogin"));
        }

        return await LoginAsync(act.Arguments.Text("claim"), ct) is { } login && !active.Contains(login)
            ? new ActOutcome.Waiting("The claim's connection secret does not name the new login yet.") : new ActOutcome.Done();
    }

    /// <summary>Whom the claim's connection secret names; null where it names nobody.</summary>
    private async Task<string?> LoginAsync(string claim, CancellationToken ct)
    {
        if (!ResourceKey.TryParse(claim, out var key) || await store.FindAsync(key, ct) is not { } found
            || found.ToDocument().At("spec", "writeConnectionSecretToRef").Text("name") is not { Length: > 0 } secret
            || await store.FindAsync(new ResourceKey(Secrets, key.Namespace, secret), ct) is not { } stored
            || stored.ToDocument()["data"].Text("username") is not { Length: > 0 } encoded)
        {
            return null;
        }

        return Encoding.UTF8.GetString(Convert.FromBase64String(encoded));
    }

    private async Task<ActOutcome> SettleAsync(string ns, CancellationToken ct)
    {
        foreach (var deployment in (await store.ListAsync(new ListQuery(Deployments, ns), ct)).Items.Select(i => i.ToDocument()))
        {
            if (deployment.FindCondition("Available")?.Status != "True" || deployment.FindCondition("Progressing")?.Reason != "NewReplicaSetAvailable")
            {
                return new ActOutcome.Waiting($"Deployment {deployment.NameOf()} is on its way.");
            }
        }

        return new ActOutcome.Done();
    }

    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static Problem Bad(string field, string why) => Catalogue.BadFields([new ProblemCause($"input.{field}", "FieldValueInvalid", why)]);
}
