using Flagstone.Workflows.Executions;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Resetting;

/// <summary>What a reset goes out from.</summary>
/// <param name="Run">The run to whose history the new one goes back.</param>
/// <param name="Owner">The run that its children know as their parent: an older one, where the history that is kept is from that one.</param>
/// <param name="Kept">Its events up to the point, without a gap.</param>
/// <param name="Digest">Of those, as they are stored.</param>
/// <param name="Later">Of its events behind the point those that concern a reset.</param>
/// <param name="Following">As <paramref name="Later"/>, of the runs that continued it as new.</param>
internal sealed record ResetBase(
    RunState Run, string Owner, IReadOnlyList<HistoryEvent> Kept, byte[] Digest, IReadOnlyList<HistoryEvent> Later, IReadOnlyList<HistoryEvent> Following);

/// <summary>Events that a run has from another one; the commit copies them as they are stored.</summary>
/// <param name="Last">The last one's id.</param>
internal sealed record CopiedEvents(string RunId, long Last);
