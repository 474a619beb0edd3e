using Flagstone.Workflows.Deployments;
using Flagstone.Workflows.Executions;
using Microsoft.Extensions.Logging;

namespace Flagstone.Workflows.TaskQueues;

/// <summary>
/// Versions: each has a lane of the queue, where its tasks and its workers meet, and so have the workers without one. Where a task goes is read from the
/// rows of the deployments whose workers have polled the queue. A worker's own queue follows the queue that it belongs to.
/// </summary>
internal sealed partial class TaskQueueGrain
{
    private const int MaxFollowers = 1_000;

    private readonly Dictionary<string, TaskLane> lanes = new(StringComparer.Ordinal);

    /// <summary>Workers' own queues that belong to this one, and when they asked last.</summary>
    private readonly Dictionary<string, DateTimeOffset> followers = new(StringComparer.Ordinal);

    private QueueRouting routing = QueueRouting.None;
    private DateTimeOffset routed;

    /// <summary>Of a worker's own queue: the one that it belongs to.</summary>
    private string normal = "";

    /// <summary>Of a worker's own queue: the worker's version.</summary>
    private string ownVersion = "";

    public async Task RerouteAsync(QueueRouting? given)
    {
        if (given is null)
        {
            await RouteAsync();
        }
        else
        {
            Route(given);
        }

        foreach (var (own, at) in followers.ToList())
        {
            if (at < clock.GetUtcNow() - StickyWindow)
            {
                followers.Remove(own);
                continue;
            }

            await Sibling(own).RerouteAsync(routing);
        }
    }

    public Task<QueueRouting> FollowAsync(string own)
    {
        if (followers.Count >= MaxFollowers && !followers.ContainsKey(own))
        {
            // They ask again within seconds.
            followers.Clear();
        }

        followers[own] = clock.GetUtcNow();
        return Task.FromResult(routing);
    }

    /// <summary>Looks where tasks go, where a change may not have been told; nothing for a queue that no version has polled.</summary>
    private async Task FollowAsync(Poll poll)
    {
        var isOld = clock.GetUtcNow() >= routed + Look;
        if (poll.Normal.Length > 0)
        {
            var isFirst = normal != poll.Normal || ownVersion != poll.Version;
            (normal, ownVersion) = (poll.Normal, poll.Version);
            if (isOld || isFirst)
            {
                Route(await Sibling(poll.Normal).FollowAsync(key.Name));
            }

            return;
        }

        if ((isOld && routing.HasVersions) || (poll.Version.Length > 0 && !routing.Versions.Contains(poll.Version)))
        {
            await RouteAsync();
        }
    }

    private async Task RouteAsync() => Route(await deployments.RoutingAsync(key, CancellationToken.None));

    private void Route(QueueRouting next)
    {
        routed = clock.GetUtcNow();
        if (next.Equals(routing))
        {
            return;
        }

        routing = next;
        var all = lanes.Values.ToList();
        lanes.Clear();
        foreach (var task in all.SelectMany(l => l.Pending))
        {
            Keep(task);
        }

        foreach (var query in all.SelectMany(l => l.Queries))
        {
            Lane(LaneOf(query.Directive, query.WorkflowId)).Queries.Enqueue(query);
        }

        // Each one looks at its new lane.
        foreach (var waiter in all.SelectMany(l => l.Waiting))
        {
            waiter.TryWake();
        }
    }

    private ITaskQueueGrain Sibling(string name) => grains.GetGrain<ITaskQueueGrain>(new TaskQueueKey(key.Namespace, key.Kind, name).ToString());

    private bool IsIndependent(string directive) => key.Kind == TaskKind.Activity && directive.Length > 1 && !routing.Versions.Contains(directive);

    private string LaneOf(string directive, string workflowId) => routing.LaneOf(directive, workflowId, IsIndependent(directive));

    private TaskLane Lane(string version)
    {
        if (!lanes.TryGetValue(version, out var lane))
        {
            lanes[version] = lane = new TaskLane();
        }

        return lane;
    }

    /// <summary>Puts a task to those of its lane, which is returned.</summary>
    private TaskLane Keep(QueuedTask task)
    {
        var version = LaneOf(task.Directive, task.WorkflowId);
        var lane = Lane(version);
        if (normal.Length > 0 && version != ownVersion)
        {
            // The worker that has the run in its cache is not of the version that goes on with it.
            grains.GetGrain<IExecutionGrain>(new ExecutionKey(key.Namespace, task.WorkflowId).ToString()).ResetStickyAsync(task.RunId, key.Name).Ignore();
            return lane;
        }

        if (lane.Pending.Count >= MaxPending)
        {
            lane.More = true;
            return lane;
        }

        // One that was pinned elsewhere is the same task.
        lane.Pending.Remove(task);
        lane.Pending.Add(task);
        return lane;
    }

    /// <summary>The tasks and the workers of one version.</summary>
    private sealed class TaskLane
    {
        public SortedSet<QueuedTask> Pending { get; } = new(Comparer<QueuedTask>.Create(Compare));

        public Queue<QueryTask> Queries { get; } = [];

        public LinkedList<Waiter> Waiting { get; } = [];

        /// <summary>When its rows were looked at last.</summary>
        public DateTimeOffset Read { get; set; }

        /// <summary>Whether there are more rows than were read.</summary>
        public bool More { get; set; }
    }

    /// <summary>A poll that waits for a task.</summary>
    private sealed class Waiter(Poll poll)
    {
        private TaskCompletionSource woken = new();

        public Poll Poll => poll;

        public bool IsOver { get; private set; }

        public async Task WaitAsync(LinkedList<Waiter> waiting, TimeSpan most, TimeProvider clock)
        {
            woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var place = waiting.AddLast(this);
            using var timeout = new CancellationTokenSource(most > TimeSpan.Zero ? most : TimeSpan.Zero, clock);
            await using (timeout.Token.Register(() => woken.TrySetResult()))
            {
                await woken.Task;
            }

            if (place.List is not null)
            {
                waiting.Remove(place);
            }
        }

        public bool TryWake() => woken.TrySetResult();

        public void End()
        {
            IsOver = true;
            woken.TrySetResult();
        }
    }
}
