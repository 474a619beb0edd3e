using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.Tests;

namespace Flagstone.Provisioning.Compositions.Revisions;

/// <summary>Makes the revisions of compositions, and finds the one that a composite uses.</summary>
internal sealed class CompositionRevisions(ResourceStore store, ResourceGateway gateway, CompositionTests tests, TimeProvider clock)
{
    public const string Controller = "composition-revision";

    /// <summary>The condition of a composition whose newest revision is, or is not, the one that is used.</summary>
    public const string Current = "Current";

    private static readonly WriteOptions Options = new() { Origin = "reconcile", FieldManager = $"flagstone-{Controller}" };

    /// <summary>The revision that a composite uses, and why there is none. The first one is made when it is not there yet.</summary>
    /// <param name="machinery">Where the composite names its revision, selector and update policy; null where it says nothing.</param>
    public async Task<(JsonObject? Revision, string? Problem)> SelectAsync(JsonObject composition, JsonNode? machinery, CancellationToken ct)
    {
        if (await CurrentAsync(composition, ct) is null)
        {
            // A composite may come before the controller has read its composition.
            await AdvanceAsync(composition, ct);
            composition = (await store.FindAsync(CompositionKinds.Composition.Key("", composition.NameOf()), ct))?.ToDocument() ?? composition;
        }

        return await PeekAsync(composition, machinery, ct);
    }

    /// <summary>The same without making anything: for a composition that has no revision yet, the composition itself.</summary>
    public async Task<(JsonObject? Revision, string? Problem)> PeekAsync(JsonObject composition, JsonNode? machinery, CancellationToken ct)
    {
        var manual = machinery.Text("compositionUpdatePolicy") == "Manual";
        if (manual && machinery?["compositionRevisionRef"].Text("name") is { Length: > 0 } named)
        {
            return await FindAsync(named, ct) is { } pinned && pinned.Label(RevisionKinds.CompositionNameLabel) == composition.NameOf() ? (pinned, null)
                : (null, $"cannot get CompositionRevision: revision \"{named}\" of composition \"{composition.NameOf()}\" is not there. Name another, or set compositionUpdatePolicy: Automatic.");
        }

        if (!manual && machinery.At("compositionRevisionSelector", "matchLabels") is JsonObject { Count: > 0 } labels)
        {
            var matching = RevisionRules.Latest((await OfAsync(composition.NameOf(), ct)).Where(r => labels.All(l => r.Label(l.Key) == l.Value?.ToString())));
            return matching is not null ? (matching, null)
                : (null, $"cannot select CompositionRevision: no revision of composition \"{composition.NameOf()}\" has the labels {labels.ToJsonString()}");
        }

        if (await CurrentAsync(composition, ct) is { } current)
        {
            return (current, null);
        }

        return composition.FindCondition(Current) is { Status: "False" }
            ? (null, $"no revision of composition \"{composition.NameOf()}\" may be used: its tests fail. See its condition {Current}.")
            : (composition, null);
    }

    /// <summary>All revisions of a composition, the newest first.</summary>
    public async Task<IReadOnlyList<JsonObject>> OfAsync(string composition, CancellationToken ct)
    {
        var selector = LabelSelector.Equal(new Dictionary<string, string> { [RevisionKinds.CompositionNameLabel] = composition });
        var page = await store.ListAsync(new ListQuery(RevisionKinds.RevisionId, Labels: selector), ct);
        return [.. page.Items.Select(i => i.ToDocument()).OrderByDescending(RevisionRules.NumberOf)];
    }

    /// <summary>
    /// Makes the revision of what a composition says now, runs its tests, and makes it current when they pass. True when another revision than
    /// before is current now.
    /// </summary>
    public async Task<bool> AdvanceAsync(JsonObject composition, CancellationToken ct)
    {
        var hash = RevisionRules.HashOf(composition);
        var all = await OfAsync(composition.NameOf(), ct);
        var name = RevisionRules.NameOf(composition, hash);
        var revision = all.FirstOrDefault(r => r.NameOf() == name) ?? await MakeAsync(composition, hash, Newest(all) + 1, ct);
        if (RevisionRules.NumberOf(revision) < Newest(all))
        {
            // What a composition said before it says again: the revision is there, and becomes the newest.
            revision = await RenumberAsync(revision, Newest(all) + 1, ct);
        }

        var verdict = await tests.RunAsync(composition.NameOf(), revision, keeps: true, ct);
        await gateway.SetStatusAsync(Controller, RevisionKinds.Revision, Key(name), document =>
        {
            document.SetCondition(Condition.True("ValidPipeline", "ValidPipeline"), clock.GetUtcNow());
            document.SetCondition(verdict, clock.GetUtcNow());
        }, ct);

        var was = composition["status"].Text("currentRevision");
        var passes = verdict.Status != "False";
        // A test that comes later says what is wrong with what is in use; it does not take it away.
        var next = passes || was == name ? name : was;
        await gateway.SetStatusAsync(Controller, CompositionKinds.Composition, CompositionKinds.Composition.Key("", composition.NameOf()), document =>
        {
            if (document["status"] is not JsonObject status)
            {
                document["status"] = status = [];
            }

            if (next.Length > 0)
            {
                status["currentRevision"] = next;
                status["revision"] = next == name ? RevisionRules.NumberOf(revision) : all.Where(r => r.NameOf() == next).Select(RevisionRules.NumberOf).FirstOrDefault();
            }

            document.SetCondition(
                passes ? Condition.True(Current, "Current")
                    : Condition.False(Current, "TestsFailed", $"Revision {RevisionRules.Text(RevisionRules.NumberOf(revision))} is not used: {verdict.Message}"), clock.GetUtcNow());
        }, ct);
        return next != was;
    }

    private async Task<JsonObject?> CurrentAsync(JsonObject composition, CancellationToken ct) =>
        composition["status"].Text("currentRevision") is { Length: > 0 } name ? await FindAsync(name, ct) : null;

    private async Task<JsonObject> MakeAsync(JsonObject composition, string hash, long number, CancellationToken ct)
    {
        var revision = RevisionRules.Make(composition, hash, number);
        var outcome = await gateway.CreateAsync(Caller.System(Controller), RevisionKinds.Revision, "", revision, Options, ct);
        return outcome switch
        {
            Written written => written.Resource.ToDocument(),
            Refused { Problem.Reason: "AlreadyExists" } => (await FindAsync(revision.NameOf(), ct))!,
            Refused refused => throw new InvalidOperationException(refused.Problem.Detail),
            _ => throw new System.Diagnostics.UnreachableException(outcome.GetType().Name),
        };
    }

    private async Task<JsonObject> RenumberAsync(JsonObject revision, long number, CancellationToken ct) =>
        (await gateway.MutateAsync(Controller, RevisionKinds.Revision, Key(revision.NameOf()), d => d["spec"]!["revision"] = number, new WriteOptions(), ct))?.ToDocument() ?? revision;

    private async Task<JsonObject?> FindAsync(string name, CancellationToken ct) => (await store.FindAsync(Key(name), ct))?.ToDocument();

    private static long Newest(IReadOnlyList<JsonObject> revisions) => revisions.Count == 0 ? 0 : revisions.Max(RevisionRules.NumberOf);

    private static ResourceKey Key(string name) => new(RevisionKinds.RevisionId, "", name);
}
