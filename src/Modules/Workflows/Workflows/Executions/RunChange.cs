using Flagstone.Platform.Storage;
using Flagstone.Workflows.Nexus.Callbacks;
using Flagstone.Workflows.Nexus.Endpoints;
using Flagstone.Workflows.Outbox;
using Flagstone.Workflows.People;
using Flagstone.Workflows.Resetting;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.TimeSkipping;
using Flagstone.Workflows.Updates;
using Flagstone.Workflows.Versioning;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Protocol.V1;
using Temporalio.Api.Update.V1;
using Temporalio.Api.WorkflowService.V1;
using UpdateRequest = Temporalio.Api.Update.V1.Request;

namespace Flagstone.Workflows.Executions;

/// <summary>
/// One step of a run, being decided: its state is changed in place, and what is to be stored beside it is gathered. It is committed whole or
/// not at all; who does not commit drops the state too.
/// </summary>
/// <param name="wall">The time by the wall clock.</param>
/// <param name="by">Who is the cause of the events: the authenticated caller; null for the server itself.</param>
internal sealed class RunChange(RunState run, DateTimeOffset wall, Principal? by = null)
{
    private readonly Dictionary<(TaskKind Kind, long EventId), (TaskQueueKey Queue, QueuedTask Task)> queued = [];
    private readonly Dictionary<OutboxKey, OutboxMessage> sent = [];
    private readonly HashSet<OutboxKey> settled = [];
    private readonly HashSet<OutboxKey> marked = [];

    public RunState Run => run;

    /// <summary>The time by the run's clock; a step that skips time goes on behind it.</summary>
    public DateTimeOffset Now => RunTime.Of(run, wall);

    /// <summary>The time by the wall clock.</summary>
    public DateTimeOffset Wall => wall;

    /// <summary>While the commands of a workflow task become events: what they cause beside comes after all of them.</summary>
    public bool IsCommanding { get; set; }

    /// <summary>The events that this step adds to the history, with their ids.</summary>
    public List<HistoryEvent> Events { get; } = [];

    /// <summary>The ledger's id of who is the cause; empty for the server itself.</summary>
    public string Actor { get; init; } = "";

    /// <summary>What the caller did, for a row in the ledger; null for none.</summary>
    public CallerAct? Act { get; set; }

    /// <summary>Whether the run ends by this step.</summary>
    public bool Closes { get; set; }

    /// <summary>Whether it ends because another run goes on in its place: its parent, its children and its schedule are not told.</summary>
    public bool IsReset { get; set; }

    /// <summary>The events that the run has from another one; null for none.</summary>
    public CopiedEvents? Copied { get; init; }

    /// <summary>The events as they are stored, once the step is sealed.</summary>
    public List<(long Id, byte[] Body)> Stored { get; } = [];

    public IReadOnlyCollection<(TaskQueueKey Queue, QueuedTask Task)> Queued => queued.Values;

    /// <summary>Tasks that lay in a queue before this step, and must not any longer.</summary>
    public HashSet<(TaskKind Kind, long EventId)> Unqueued { get; } = [];

    /// <summary>Activities that people decide, of which this step changes something, by the id of the Scheduled event.</summary>
    public HashSet<long> People { get; } = [];

    /// <summary>Whether the run ends while people are asked.</summary>
    public bool EndsPeople { get; set; }

    /// <summary>The updates that were asked for and are not accepted yet, by their id.</summary>
    public IReadOnlyDictionary<string, UpdateRequest> Admitted { get; init; } = new Dictionary<string, UpdateRequest>();

    /// <summary>The messages of a worker that its commands have not placed yet.</summary>
    public List<Message> Messages { get; } = [];

    /// <summary>What this step decides of updates; those who wait are told when it is stored.</summary>
    public List<UpdateResult> UpdateResults { get; } = [];

    /// <summary>The endpoints of Nexus that the worker's commands name, by their names.</summary>
    public IReadOnlyDictionary<string, NexusEndpoint> Endpoints { get; set; } = new Dictionary<string, NexusEndpoint>();

    /// <summary>Whether this step has something to be asked of handlers of Nexus.</summary>
    public bool CallsNexus { get; set; }

    /// <summary>The queues that the version has which the run is pinned to, where a worker's commands name others than the run's own.</summary>
    public IReadOnlySet<string> VersionQueues { get; set; } = new HashSet<string>();

    /// <summary>Whether this step changes what lists show of the run's version.</summary>
    public bool ChangesVersioning { get; set; }

    /// <summary>What this step asks of other executions.</summary>
    public IReadOnlyCollection<OutboxMessage> Sent => sent.Values;

    /// <summary>Messages that this step answers.</summary>
    public IReadOnlyCollection<OutboxKey> Settled => settled;

    /// <summary>Messages that this step does what they ask; who sent them is still to be told.</summary>
    public IReadOnlyCollection<OutboxKey> Marked => marked;

    /// <summary>Whether this step answers a message, or does what one asks.</summary>
    public bool IsMarked => marked.Count + settled.Count > 0;

    /// <summary>The first step of the run that follows this one, where it does; committed with this one.</summary>
    public RunChange? Follower { get; private set; }

    /// <summary>What the run was started with; null of a run that does not repeat, and of a step that cannot end it.</summary>
    public WorkflowExecutionStartedEventAttributes? First { get; init; }

    /// <summary>Begins the run that follows this one.</summary>
    public RunChange Follow(StartWorkflowExecutionRequest request, Origin origin) => Follower = Starting.Begin(
        new ExecutionKey(run.Namespace, run.WorkflowId), request, Guid.CreateVersion7(wall).ToString(), wall, by, origin with { Before = run });

    /// <summary>Adds an event: to the history, or to the buffer where a workflow task is open and the event comes from outside.</summary>
    public HistoryEvent Add(HistoryEvent added)
    {
        added.EventTime ??= Timestamp.FromDateTimeOffset(Now);
        added.Principal ??= by;

        if ((IsCommanding || run.WorkflowTask is { IsStarted: true }) && EventBuffer.IsBuffered(added.EventType))
        {
            run.Buffered.Add(added);
            return added;
        }

        return Append(added);
    }

    /// <summary>Gives buffered events their ids, in the order in which a worker can replay them.</summary>
    public void Flush()
    {
        var buffered = EventBuffer.Order(run.Buffered);
        run.Buffered.Clear();
        var started = new Dictionary<long, long>();
        foreach (var waiting in buffered)
        {
            EventBuffer.Link(Append(waiting), started);
        }
    }

    /// <summary>Nothing is added any more: the events become bytes, and the history's digest goes on over them.</summary>
    public void Seal()
    {
        foreach (var added in Events)
        {
            var body = added.ToByteArray();
            run.Digest = HistoryDigest.Next(run.Digest, body);
            Stored.Add((added.EventId, body));
        }
    }

    /// <param name="at">Not before this time, by the run's clock; null for at once.</param>
    public void Queue(TaskKind kind, string queue, long eventId, int attempt, DateTimeOffset? at = null)
    {
        if (kind == TaskKind.Activity && run.Activities.GetValueOrDefault(eventId)?.Human is not null)
        {
            People.Add(eventId);
            return;
        }

        var isSticky = kind == TaskKind.Workflow && queue != run.TaskQueue;
        queued[(kind, eventId)] = (new TaskQueueKey(run.Namespace, kind, queue), new QueuedTask(
            run.WorkflowId, run.RunId, eventId, attempt, Micros.From(at is { } time ? RunTime.Wall(run, time) : wall), isSticky,
            VersioningRules.DirectiveOf(run)));
        Unqueued.Remove((kind, eventId));
    }

    public void Unqueue(TaskKind kind, long eventId)
    {
        if (kind == TaskKind.Activity && run.Activities.GetValueOrDefault(eventId)?.Human is not null)
        {
            People.Add(eventId);
            return;
        }

        queued.Remove((kind, eventId));
        Unqueued.Add((kind, eventId));
    }

    public void Send(OutboxMessage message) => sent[message.Key] = message;

    public void Settle(OutboxKey key)
    {
        sent.Remove(key);
        settled.Add(key);
    }

    public void Mark(OutboxKey key) => marked.Add(key);

    private HistoryEvent Append(HistoryEvent added)
    {
        added.EventId = run.NextEventId++;
        if (added.ChildWorkflowExecutionStartedEventAttributes is { } started && run.Children.TryGetValue(started.InitiatedEventId, out var child))
        {
            child.StartedId = added.EventId;
        }

        CallbackRules.Numbered(run, added);
        run.HistoryBytes += added.CalculateSize();
        Events.Add(added);
        return added;
    }
}
