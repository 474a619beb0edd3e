using Google.Protobuf;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>The end of a run's history, kept in memory: a worker is mostly given what was written a moment ago, which then is not read from the database.</summary>
internal sealed class RecentEvents
{
    private const int MaxEvents = 64;
    private const int MaxBytes = 64 * 1024;

    private readonly Queue<(long Id, byte[] Body)> events = [];
    private string run = "";
    private long bytes;

    /// <summary>Adds what a step stored. Events of another run than the last one's take the place of all.</summary>
    public void Add(string runId, IReadOnlyList<(long Id, byte[] Body)> stored)
    {
        if (runId != run)
        {
            Clear();
            run = runId;
        }

        foreach (var added in stored)
        {
            events.Enqueue(added);
            bytes += added.Body.Length;
        }

        while (events.Count > MaxEvents || bytes > MaxBytes)
        {
            bytes -= events.Dequeue().Body.Length;
        }
    }

    public void Clear()
    {
        events.Clear();
        bytes = 0;
    }

    /// <summary>Those of a run from an id on, without a gap to the last one; none where the first of them is not here.</summary>
    public IEnumerable<HistoryEvent> From(string runId, long id) =>
        runId == run && events.TryPeek(out var first) && first.Id <= id ? events.Where(e => e.Id >= id).Select(e => HistoryEvent.Parser.ParseFrom(e.Body)) : [];
}
