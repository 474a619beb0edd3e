using Flagstone.Workflows.Executions;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Protocol.V1;
using Temporalio.Api.Update.V1;
using UpdateRequest = Temporalio.Api.Update.V1.Request;

namespace Flagstone.Workflows.Updates;

/// <summary>
/// The updates of a run that are under way. In memory alone, as with Temporal's server: one that no worker has accepted is lost with the process,
/// and its caller, who waits, asks again.
/// </summary>
internal sealed class UpdateRegistry
{
    /// <summary>As many may be under way in one run.</summary>
    public const int MaxInFlight = 10;

    /// <summary>Who asked for a ticket and does not come to wait has gone.</summary>
    private static readonly TimeSpan TicketLife = TimeSpan.FromMinutes(1);

    private readonly List<UpdateEntry> entries = [];
    private readonly Dictionary<Guid, (UpdateEntry Entry, DateTimeOffset At)> tickets = [];

    public int Count => entries.Count;

    /// <summary>Whether one waits for a worker.</summary>
    public bool IsWaiting => entries.Any(e => e is { IsAdmitted: true, IsInHistory: false });

    /// <summary>What was asked and not accepted yet, by the update's id.</summary>
    public IReadOnlyDictionary<string, UpdateRequest> Admitted => entries.Where(e => e.IsAdmitted).ToDictionary(e => e.Id, e => e.Request);

    public UpdateEntry? Find(string id) => entries.Find(e => e.Id == id);

    public UpdateEntry Add(string id, UpdateRequest request, UpdateWorkflowExecutionLifecycleStage stage, bool isInHistory = false)
    {
        var entry = new UpdateEntry(id, request, stage) { IsInHistory = isInHistory };
        entries.Add(entry);
        return entry;
    }

    /// <summary>A promise that the entry can be waited for, even when it ends before.</summary>
    public Guid Ticket(UpdateEntry entry, DateTimeOffset now)
    {
        foreach (var (old, _) in tickets.Where(t => t.Value.At < now - TicketLife).ToList())
        {
            tickets.Remove(old);
        }

        var ticket = Guid.NewGuid();
        tickets[ticket] = (entry, now);
        return ticket;
    }

    public UpdateEntry? Redeem(Guid ticket) => tickets.Remove(ticket, out var found) ? found.Entry : null;

    /// <summary>The messages by which a worker is given the updates, in the order in which they came.</summary>
    /// <param name="again">Also those that a worker has: after a task that failed. Else it works on them, and they go with its next task silently.</param>
    public IEnumerable<Message> Send(WorkflowTaskState task, bool again)
    {
        foreach (var entry in entries.Where(e => e is { IsAdmitted: true, IsInHistory: false }))
        {
            var isNew = entry.SentWith.Length == 0;
            entry.SentWith = task.Stamp;
            if (isNew || again)
            {
                yield return new Message { Id = $"{entry.Id}/request", ProtocolInstanceId = entry.Id, EventId = task.StartedId - 1, Body = Any.Pack(entry.Request) };
            }
        }
    }

    /// <summary>Takes over what a worker decided, when it is stored.</summary>
    public void Apply(IEnumerable<UpdateResult> results)
    {
        foreach (var result in results)
        {
            if (Find(result.Id) is not { } entry)
            {
                continue;
            }

            if (result.Outcome is null)
            {
                entry.Accept();
            }
            else
            {
                entries.Remove(entry);
                entry.End(result.Outcome);
            }
        }
    }

    /// <summary>Rejects what a worker was given with a task and has not answered: it does not know updates.</summary>
    public void RejectUnanswered(string stamp) =>
        Apply(entries.Where(e => e.IsAdmitted && e.SentWith == stamp).Select(e => new UpdateResult(e.Id, new Outcome { Failure = UpdateFailures.Unprocessed() })).ToList());

    /// <summary>The run is over.</summary>
    /// <param name="continues">Whether another run follows it: who asks again reaches that one.</param>
    public void Close(bool continues)
    {
        foreach (var entry in entries.ToList())
        {
            entries.Remove(entry);
            if (entry.IsAdmitted)
            {
                entry.Abort(continues ? UpdateFailures.Aborted() : Refusal.Completed());
            }
            else
            {
                entry.End(new Outcome { Failure = UpdateFailures.WorkflowCompleted() });
            }
        }
    }

    /// <summary>Gives up what no worker has accepted.</summary>
    public void AbortAdmitted(Refusal why) => Abort(e => e.IsAdmitted, why);

    /// <summary>What became of the run is not known any more: who waits asks again.</summary>
    public void AbortAll() => Abort(_ => true, UpdateFailures.Aborted());

    private void Abort(Func<UpdateEntry, bool> which, Refusal why)
    {
        foreach (var entry in entries.Where(which).ToList())
        {
            entries.Remove(entry);
            entry.Abort(why);
        }
    }
}
