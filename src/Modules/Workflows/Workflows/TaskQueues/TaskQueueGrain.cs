using Flagstone.Platform.Storage;
using Flagstone.Workflows.Activities.Standalone;
using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;
using Microsoft.Extensions.Logging;

namespace Flagstone.Workflows.TaskQueues;

/// <summary>
/// Hands tasks to the workers that wait, or keeps them until one comes. It holds no truth: tasks are rows of their executions, and an execution
/// refuses a task that is stale, so two activations at once, or a task handed out twice, do no harm.
/// </summary>
[GrainType("flagstone.workflow-task-queue"), Orleans.Concurrency.Reentrant]
internal sealed partial class TaskQueueGrain(
    TaskQueueStore store, DeploymentStore deployments, IGrainFactory grains, TimeProvider clock, ILogger<TaskQueueGrain> logger)
    : Grain, ITaskQueueGrain
{
    /// <summary>So many are kept in memory; the rest is read when they are gone.</summary>
    private const int MaxPending = 1_000;

    private const int MaxPollers = 1_000;

    /// <summary>A poll ends before Orleans gives a call up; the frontend polls again.</summary>
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(20);

    /// <summary>While workers wait, the rows are looked at so often: a hint may have been lost with its process.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(3);

    /// <summary>An execution that cannot answer keeps its task for so long, and no other one.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A task that was handed out is not offered again for so long. Its row stays until its start is stored; should its execution's process die
    /// before, the row is all there is of it.
    /// </summary>
    private static readonly TimeSpan HandedOut = TimeSpan.FromSeconds(5);

    /// <summary>A worker's own queue that it has not polled for so long is given up (as by Temporal's server).</summary>
    private static readonly TimeSpan StickyWindow = LongestPoll + TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Lately = TimeSpan.FromMinutes(5);

    /// <summary>A queue that no task came to for so long, and where none waits, is not used any more.</summary>
    private static readonly TimeSpan Used = TimeSpan.FromSeconds(30);

    private readonly HashSet<(string, long, int)> starting = [];
    private readonly Dictionary<(string, long, int), DateTimeOffset> handedOut = [];
    private readonly Dictionary<Guid, Waiter> polls = [];
    private readonly Dictionary<(string Identity, DeployedWorker? Worker), DateTimeOffset> pollers = [];
    private TaskQueueKey key;
    private DateTimeOffset added;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        key = TaskQueueKey.Parse(this.GetPrimaryKeyString());
        await RouteAsync();
        await ReadAsync("");
    }

    public Task AddAsync(QueuedTask task)
    {
        if (task.IsSticky && !pollers.Values.Any(at => at > clock.GetUtcNow() - StickyWindow))
        {
            // Its worker is gone: the task would lie here until its time is over.
            grains.GetGrain<IExecutionGrain>(new ExecutionKey(key.Namespace, task.WorkflowId).ToString()).ResetStickyAsync(task.RunId, key.Name).Ignore();
            return Task.CompletedTask;
        }

        added = clock.GetUtcNow();
        WakeOne(Keep(task));
        return Task.CompletedTask;
    }

    public async Task<Answer> PollAsync(Poll poll)
    {
        Seen(poll);
        var waiter = polls[poll.Id] = new Waiter(poll);
        try
        {
            await FollowAsync(poll);
            return await PollAsync(poll, waiter, clock.GetUtcNow() + (poll.Most < LongestPoll ? poll.Most : LongestPoll));
        }
        finally
        {
            polls.Remove(poll.Id);
        }
    }

    public Task EndPollAsync(Guid id)
    {
        if (polls.GetValueOrDefault(id) is { } ended)
        {
            ended.End();
            if (ended.Poll.Version.Length > 0)
            {
                // A version that nobody polls may be deleted; who has other polls is seen again with the next.
                pollers.Remove((ended.Poll.Identity, ended.Poll.Worker));
            }
        }

        return Task.CompletedTask;
    }

    public async Task DropAsync()
    {
        pollers.Clear();
        await ReadAsync("");
        foreach (var (lane, task) in lanes.Values.SelectMany(l => l.Pending.Select(t => (l, t))).ToList())
        {
            lane.Pending.Remove(task);
            await grains.GetGrain<IExecutionGrain>(new ExecutionKey(key.Namespace, task.WorkflowId).ToString()).ResetStickyAsync(task.RunId, key.Name);
        }
    }

    public Task<PollerSeen[]> PollersAsync() => Task.FromResult<PollerSeen[]>(
        [.. pollers.Where(p => p.Value > clock.GetUtcNow() - Lately).Select(p => new PollerSeen(p.Key.Identity, p.Value, p.Key.Worker))]);

    public Task<bool> IsUsedAsync() => Task.FromResult(added > clock.GetUtcNow() - Used || lanes.Values.Any(l => l.Pending.Count > 0));

    private async Task<Answer> PollAsync(Poll poll, Waiter waiter, DateTimeOffset until)
    {
        while (!waiter.IsOver)
        {
            // Looked up each time: they are made anew when tasks go elsewhere.
            var lane = Lane(poll.Version);
            if (TakeQuery(lane) is { } query)
            {
                return query;
            }

            if (Take(lane) is { } task)
            {
                if (await StartAsync(task, poll) is { } started)
                {
                    return started;
                }

                continue;
            }

            var now = clock.GetUtcNow();
            if (now >= until)
            {
                break;
            }

            if (now >= lane.Read + Look || (lane.More && lane.Pending.Count == 0))
            {
                await FollowAsync(poll);
                await ReadAsync(poll.Version);
                continue;
            }

            await waiter.WaitAsync(lane.Waiting, NextLook(lane, now, until) - now, clock);
        }

        // Woken for a task, and over before it was taken: another one may have it.
        if (Lane(poll.Version) is var left && left.Pending.Count + left.Queries.Count > 0)
        {
            WakeOne(left);
        }

        return default;
    }

    private static int Compare(QueuedTask? a, QueuedTask? b)
    {
        var order = a!.AtMicros.CompareTo(b!.AtMicros);
        order = order != 0 ? order : string.CompareOrdinal(a.RunId, b.RunId);
        order = order != 0 ? order : a.EventId.CompareTo(b.EventId);
        return order != 0 ? order : a.Attempt.CompareTo(b.Attempt);
    }

    private QueuedTask? Take(TaskLane lane)
    {
        if (lane.Pending.Min is not { } first || first.AtMicros > Micros.From(clock.GetUtcNow()))
        {
            return null;
        }

        lane.Pending.Remove(first);
        return first;
    }

    /// <summary>Null when the task was stale, or its execution could not answer.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "An execution that fails must not stop the others of its queue.")]
    private async Task<Answer?> StartAsync(QueuedTask task, Poll poll)
    {
        var mark = (task.RunId, task.EventId, task.Attempt);
        if (!starting.Add(mark))
        {
            return null;
        }

        try
        {
            var start = new TaskStart(task.RunId, task.EventId, task.Attempt, poll.Identity, poll.Caller, key.Name)
            {
                Version = poll.Version, Directive = task.Directive, IsIndependent = IsIndependent(task.Directive),
                Target = routing.HasVersions ? routing.TargetOf(task.WorkflowId) : null,
            };
            var answer = await StartAsync(task, start);
            if (answer.Refusal is not null)
            {
                Keep(task with { AtMicros = Micros.From(clock.GetUtcNow() + Again) });
            }
            else
            {
                handedOut[mark] = clock.GetUtcNow();
            }

            return answer.Message is { Length: > 0 } ? (Answer?)answer : null;
        }
        catch (Exception e)
        {
            LogNotStarted(e, task.WorkflowId, key.Name);
            Keep(task with { AtMicros = Micros.From(clock.GetUtcNow() + Again) });
            return null;
        }
        finally
        {
            starting.Remove(mark);
        }
    }

    /// <summary>A task that no event schedules is of an activity that a client started.</summary>
    private Task<Answer> StartAsync(QueuedTask task, TaskStart start)
    {
        if (key.Kind == TaskKind.Activity && task.EventId == 0)
        {
            return grains.GetGrain<IActivityExecutionGrain>(new ActivityKey(key.Namespace, task.WorkflowId).ToString()).StartTaskAsync(start);
        }

        var execution = grains.GetGrain<IExecutionGrain>(new ExecutionKey(key.Namespace, task.WorkflowId).ToString());
        return key.Kind == TaskKind.Workflow ? execution.StartWorkflowTaskAsync(start) : execution.StartActivityAsync(start);
    }

    /// <summary>Reads the tasks of a lane; of all where no version has polled the queue, and of a worker's own queue.</summary>
    private async Task ReadAsync(string name)
    {
        var now = Lane(name).Read = clock.GetUtcNow();
        if (key.Kind == TaskKind.Nexus)
        {
            // Its tasks are in no row.
            return;
        }

        foreach (var (mark, _) in handedOut.Where(h => h.Value <= now - HandedOut).ToList())
        {
            handedOut.Remove(mark);
        }

        var limit = MaxPending + handedOut.Count;
        var rows = routing.HasVersions && normal.Length == 0
            ? await store.ReadLaneAsync(key, routing, name, limit, CancellationToken.None) : await store.ReadAsync(key, limit, CancellationToken.None);
        foreach (var row in rows.Where(r => (r.RunId, r.EventId, r.Attempt) is var mark && !starting.Contains(mark) && !handedOut.ContainsKey(mark)))
        {
            Keep(row);
        }

        // Where all were of other lanes, reading them again at once would bring nothing.
        Lane(name).More = rows.Count == limit && Lane(name).Pending.Count > 0;
    }

    private static DateTimeOffset NextLook(TaskLane lane, DateTimeOffset now, DateTimeOffset until)
    {
        var next = lane.Read + Look < until ? lane.Read + Look : until;
        return lane.Pending.Min is { } first && Micros.ToTime(first.AtMicros) is var at && at < next ? at > now ? at : now : next;
    }

    private static void WakeOne(TaskLane lane)
    {
        while (lane.Waiting.First is { } first)
        {
            lane.Waiting.RemoveFirst();
            if (first.Value.TryWake())
            {
                return;
            }
        }
    }

    private void Seen(Poll poll)
    {
        var poller = (poll.Identity, poll.Worker);
        if (pollers.Count >= MaxPollers && !pollers.ContainsKey(poller))
        {
            pollers.Clear();
        }

        pollers[poller] = clock.GetUtcNow();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A task of execution {Workflow} in queue {Queue} was not started; it is tried again")]
    private partial void LogNotStarted(Exception exception, string workflow, string queue);
}
