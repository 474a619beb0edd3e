using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

namespace Flagstone.Workflows.People;

/// <summary>The problems of the human tasks' endpoints; each has its page in <c>docs/problems</c>.</summary>
internal static class HumanTaskProblems
{
    private static readonly KindId Kind = new("humantasks", "workflows.flagstone.dev");

    public static ResourceKey Key(string ns, string id) => new(Kind, ns, id);

    public static Problem NoSuchTask(string id) => Catalogue.NotFound(Key("", id)) with
    {
        Detail = $"There is no human task '{id}'. GET /api/v1/humantasks lists those that are there; one goes with its run.",
    };

    public static Problem Of(HumanTaskRow row, HumanReply reply) => reply.Outcome switch
    {
        HumanOutcome.NotFound => NoSuchTask(row.Id),
        HumanOutcome.Forbidden => new(403, "forbidden", "Forbidden", "Not allowed", $"Human task '{row.Id}': {reply.Why}"),
        HumanOutcome.Conflict => new(409, "conflict", "Conflict", "It has changed meanwhile", $"Human task '{row.Id}': {reply.Why}"),
        HumanOutcome.Invalid => Catalogue.BadRequest(reply.Why),
        _ => Catalogue.StoreUnavailable(reply.Why),
    };
}
