using Flagstone.Platform.Admission;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Kinds;

/// <summary>Whoever makes a run or a source is the one for whom it acts: nobody acts in another's name by writing it down.</summary>
internal sealed class ActorRule : IAdmissionRule
{
    public string Name => "acts-for-its-maker";

    public ValueTask MutateAsync(AdmissionRequest request, CancellationToken ct)
    {
        if (request.Kind.Id != TemplateKinds.Run && request.Kind.Id != GitKinds.Source && request.Kind.Id != GitKinds.Repository)
        {
            return ValueTask.CompletedTask;
        }

        if (request.Next?["spec"] is System.Text.Json.Nodes.JsonObject spec && !request.Caller.IsSystem)
        {
            // A run keeps its maker. A source that somebody changes acts for them from then on.
            spec["actor"] = request.Before is { } before && request.Kind.Id == TemplateKinds.Run
                ? before["spec"].Text("actor")
                : request.Caller.Actor.Id;
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<AdmissionVerdict> JudgeAsync(AdmissionRequest request, CancellationToken ct) => new(AdmissionVerdict.Allowed);
}
