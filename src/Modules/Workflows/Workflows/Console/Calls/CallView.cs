using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Console.Calls;

/// <summary>A run's calls as its page shows them.</summary>
/// <param name="RunId">Whose they are.</param>
/// <param name="Length">How many events the run had when they were read.</param>
/// <param name="Events">Those of them that were read.</param>
/// <param name="AreChildrenListed">False where the server lists no runs by their parent, and the history alone tells of children.</param>
public sealed record CallView(string RunId, long Length, IReadOnlyList<HistoryEvent> Events, CallGraph Graph, bool AreChildrenListed)
{
    public long EventsRead => Events.Count;
}
