using System.Text.Json.Nodes;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Protection;

/// <summary>Keeps what is in use from being deleted, and usages from going in a circle, in which nothing could ever be deleted.</summary>
internal sealed class UsageRule(Usages usages) : IAdmissionRule
{
    public string Name => "usage";

    public ValueTask MutateAsync(AdmissionRequest request, CancellationToken ct)
    {
        if (request.Next is { } usage && UsageKinds.All.Any(k => k.Id == request.Kind.Id))
        {
            Usages.Label(usage);
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask<AdmissionVerdict> JudgeAsync(AdmissionRequest request, CancellationToken ct)
    {
        if (request.Verb == "delete")
        {
            return await usages.InTheWayAsync(request.Key, ct) is { } used ? AdmissionVerdict.Deny(used) : AdmissionVerdict.Allowed;
        }

        return UsageKinds.All.Any(k => k.Id == request.Kind.Id) && await CycleAsync(request.Key, request.Next!, ct) is { } cycle
            ? AdmissionVerdict.Deny($"the usages go in a circle, so that none of these could ever be deleted: {string.Join(" used by ", cycle)}. Take one of them out.")
            : AdmissionVerdict.Allowed;
    }

    private async Task<IReadOnlyList<UsedResource>?> CycleAsync(ResourceKey key, JsonObject usage, CancellationToken ct)
    {
        if (UsedResource.Of(usage, "of") is not { } of || UsedResource.Of(usage, "by") is not { } by)
        {
            return null;
        }

        var there = (await usages.AboveAsync(by, ct)).Where(e => e.Usage.NameOf() != key.Name || e.Usage.NamespaceOf() != key.Namespace);
        return UsageGraph.Cycle(there.Select(e => (e.Of, e.By)), of, by);
    }
}
