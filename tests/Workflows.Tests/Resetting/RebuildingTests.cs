using System.Text.Json;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Resetting;

namespace Flagstone.Workflows.Tests.Resetting;

/// <summary>A run's state from its events alone.</summary>
public sealed class RebuildingTests
{
    [Fact]
    public void Whatever_happened_to_a_run_its_events_tell_what_is_under_way()
    {
        var (compared, kinds) = (0, new HashSet<string>());
        for (var seed = 0; seed < 60; seed++)
        {
            foreach (var steps in new RandomLives(seed).Live(150))
            {
                // What is buffered has happened to the state, and stands in no event.
                if (steps.Run.Buffered.Count > 0)
                {
                    continue;
                }

                var rebuilt = Rebuilding.Of(steps.Run, "run", "start", null, [.. steps.Events.Select(e => e.Clone())]);

                Assert.Equal((seed, Told(steps.Run)), (seed, Told(rebuilt)));
                compared++;
            }

            kinds.UnionWith(new RandomLives(seed).Live(150).Last().Events.Select(e => $"{e.EventType}"));
        }

        Assert.True(compared > 1_000, $"Only {compared} states were compared.");
        Assert.True(kinds.Count >= 25, $"Only {kinds.Count} types of events: {string.Join(' ', kinds)}");
    }

    /// <summary>What events tell of a state.</summary>
    private static string Told(RunState run) => JsonSerializer.Serialize(new
    {
        run.NextEventId,
        run.Status,
        run.LastCompletedStarted,
        run.Signals,
        run.CancelRequested,
        Task = run.WorkflowTask is { IsTransient: false } task ? $"{task.ScheduledId} {task.StartedId} {task.Identity}" : "",
        Activities = run.Activities.Values.OrderBy(a => a.ScheduledId).Select(a =>
            $"{a.ScheduledId} {a.Id} {a.Type} {a.Queue} {a.FirstScheduledAt:O} {a.ScheduleToClose} {a.ScheduleToStart} {a.StartToClose} {a.Heartbeat} "
            + $"{a.Retry} {a.CancelRequestedId}"),
        Timers = run.Timers.OrderBy(t => t.Key).Select(t => $"{t.Key} {t.Value.StartedId} {t.Value.FiresAt:O}"),
        Children = run.Children.Values.OrderBy(c => c.InitiatedId).Select(c => $"{c}"),
        Externals = run.Externals.Values.OrderBy(e => e.InitiatedId).Select(e => $"{e}"),
        Updates = run.Updates.OrderBy(u => u.Key).Select(u => $"{u.Key} {u.Value}"),
        Memo = Fields(run.Memo?.Fields),
        Attributes = Fields(run.SearchAttributes?.IndexedFields),
    });

    private static string Fields(IEnumerable<KeyValuePair<string, Temporalio.Api.Common.V1.Payload>>? fields) =>
        string.Join(' ', (fields ?? []).OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}={f.Value.Data.ToStringUtf8()}"));
}
