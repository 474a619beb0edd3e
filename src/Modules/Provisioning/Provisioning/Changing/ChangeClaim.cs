using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Contracts;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Contracts;
using Flagstone.Provisioning.Costs;
using Flagstone.Provisioning.Plans;
using Flagstone.Workflows.Contracts.Processes;

namespace Flagstone.Provisioning.Changing;

/// <summary>
/// Makes or changes a claim once another person has approved what it would do: they see the plan, and nothing else than that plan is done.
/// </summary>
internal sealed class ChangeClaim(ResourceStore store, ResourceGateway gateway, KindRegistry kinds, ClaimPlanner planner, ICatalog catalog) : IProcessKind
{
    /// <summary>On a claim: the process by which it became as it is.</summary>
    public const string ChangeAnnotation = "flagstone.dev/change";

    public const string ProcessName = "change-claim";

    private const string Apply = "apply";

    private static readonly TimeSpan Deadline = TimeSpan.FromDays(7);

    public string Name => ProcessName;

    public string Title => "Change a claim with approval";

    public string Description =>
        "Plans what a claim's manifest would make, change and delete, and what that costs; shows the plan to an approver, and applies it once it is approved, "
        + "if nothing has changed since.";

    public JsonObject Input => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("manifest"),
        ["properties"] = new JsonObject
        {
            ["manifest"] = new JsonObject
            {
                ["type"] = "object", ["title"] = "The claim", ["description"] = "The manifest as it should be, in JSON: apiVersion, kind, metadata with name and namespace, spec.",
            },
        },
    };

    public async Task<(ProcessPlan? Plan, Problem? Problem)> PlanAsync(Caller caller, JsonObject input, CancellationToken ct)
    {
        if (input["manifest"] is not JsonObject manifest)
        {
            return (null, Catalogue.BadFields([new ProblemCause("input.manifest", "FieldValueInvalid", "Give the claim's manifest, an object")]));
        }

        if (!kinds.TryFind(manifest.Text("apiVersion"), manifest.Text("kind"), out var kind) || !kind.AskedFor)
        {
            return (null, ClaimProblems.NoSuchKind(kinds, $"{manifest.Text("apiVersion")} {manifest.Text("kind")}"));
        }

        var key = kind.Key(manifest.NamespaceOf(), manifest.NameOf());
        if (key.Name.Length == 0)
        {
            return (null, Catalogue.BadFields([new ProblemCause("input.manifest.metadata.name", "FieldValueInvalid", "Name the claim: what is approved must be known")]));
        }

        var there = await store.FindAsync(key, ct);
        if (there is not null && await catalog.FindSourceAsync(there.ToDocument(), ct) is { } source)
        {
            return (null, Catalogue.Denied(key, Declared(source)));
        }

        switch (await planner.PlanAsync(caller, (JsonObject)manifest.DeepClone(), ct))
        {
            case PlanRefused refused:
                return (null, refused.Problem);
            case Planned { Plan: { Refusals: [_, ..] refusals } }:
                return (null, Catalogue.Denied(key, [.. refusals.Select(r => new RuleDenial(r.Rule, r.Message))]));
            case Planned { Plan: var plan }:
                return (PlanOf(kind, key, manifest, there?.Version ?? 0, plan), null);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    public async Task<ActOutcome> ActAsync(ProcessAct act, CancellationToken ct)
    {
        var manifest = (JsonObject)act.Arguments["manifest"]!.DeepClone();
        if (!kinds.TryFind(manifest.Text("apiVersion"), manifest.Text("kind"), out var kind))
        {
            return new ActOutcome.Refused($"{manifest.Text("kind")} is offered no longer.");
        }

        var key = kind.Key(manifest.NamespaceOf(), manifest.NameOf());
        var there = await store.FindAsync(key, ct);
        if (there?.ToDocument().Annotation(ChangeAnnotation) == act.Run)
        {
            return new ActOutcome.Done("It was applied.");
        }

        if (there is not null && await catalog.FindSourceAsync(there.ToDocument(), ct) is { } source)
        {
            return new ActOutcome.Refused(Declared(source));
        }

        if ((there?.Version ?? 0).ToString(CultureInfo.InvariantCulture) != act.Arguments.Text("version"))
        {
            return new ActOutcome.Refused($"{kind.Kind} {key.Display} has changed since the change was approved. Stop this, and ask for it again.");
        }

        if (await planner.PlanAsync(act.Platform, (JsonObject)manifest.DeepClone(), ct) is not Planned { Plan: var plan } || Digest(plan) != act.Arguments.Text("digest"))
        {
            return new ActOutcome.Refused("It would do something else than was approved: its composition or what it is made of has changed. Stop this, and ask for it again.");
        }

        var metadata = manifest.Metadata();
        (metadata["annotations"] ??= new JsonObject())[ChangeAnnotation] = act.Run;
        WriteOutcome outcome;
        if (there is null)
        {
            outcome = await gateway.CreateAsync(act.Platform, kind, key.Namespace, manifest, act.Options, ct);
        }
        else
        {
            metadata["resourceVersion"] = act.Arguments.Text("version");
            outcome = await gateway.UpdateAsync(act.Platform, kind, key, (current, _) => new((ClaimManifests.Replace(current, manifest), null)), act.Options, ct);
        }

        return outcome is Refused refused ? new ActOutcome.Refused(refused.Problem.Detail) : new ActOutcome.Done("It was applied.");
    }

    private static ProcessPlan PlanOf(KindDefinition kind, ResourceKey key, JsonObject manifest, long version, ClaimPlan plan)
    {
        var verb = version == 0 ? "Make" : "Change";
        return new ProcessPlan(key.ToString(), $"{verb} {kind.Kind} {key.Name} in {key.Namespace}",
        [
            new ProcessStep("An approver is asked")
            {
                Ask = new ProcessQuestion(
                    $"{verb} {kind.Kind} {key.Name} in {key.Namespace}?", Shown(plan), ["role:approver", "role:administrator"],
                    new Dictionary<string, string>
                    {
                        ["claim"] = $"{kind.Kind} {key.Display}", ["composition"] = plan.Composition ?? "none", ["it would"] = PlanMarkdown.Summary(plan, plan.Resources),
                        ["monthly cost"] = CostRules.Text(plan.Cost),
                    }, Deadline),
            },
            new ProcessStep("What was approved is applied")
            {
                Act = new ProcessDeed(Apply, new JsonObject
                {
                    ["manifest"] = manifest.DeepClone(), ["version"] = version.ToString(CultureInfo.InvariantCulture), ["digest"] = Digest(plan),
                }),
            },
        ]);
    }

    private static string Declared(string source) =>
        $"GitOps source '{source}' declares it, and puts back what is changed here. Commit the change to the source's repository";

    /// <summary>What an approver reads of the plan.</summary>
    private static string Shown(ClaimPlan plan)
    {
        if (PlanPreview.Of(plan) is not { } preview)
        {
            return "Nothing that it is made of changes.";
        }

        // Nobody answers that yet.
        preview.Remove("requiredApprovals");
        return YamlWriter.Write(preview);
    }

    /// <summary>Of all that the approver was shown, and of each field behind it.</summary>
    private static string Digest(ClaimPlan plan)
    {
        var shown = $"{PlanMarkdown.Write(new PlanView(plan, null))}\n{PlanPreview.Of(plan)?.ToJsonString()}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(shown)));
    }
}
