using System.Globalization;
using Flagstone.Platform.Identity;
using Flagstone.Ui.Components;
using Flagstone.Ui.Live;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.TaskQueues;
using Flagstone.Workflows.TimeSkipping;
using Microsoft.AspNetCore.Components;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Console;

/// <summary>A run: what it is, what it waits for, what it did, and what can be done to it.</summary>
public sealed partial class RunPage
{
    /// <summary>Events of a page of the timeline, and of the table: long histories are read in pieces.</summary>
    private const int EventsPerTimeline = 500;

    private const int EventsPerTable = 100;

    /// <summary>Among the last events the failure of a workflow task is looked for; what comes after it are messages from outside.</summary>
    private const int FailureIsWithin = 200;

    /// <summary>Workflow tasks to go back to are looked for among so many last events.</summary>
    private const int PointsAreWithin = 500;

    /// <summary>A run has activities on few queues; more are not asked for their workers.</summary>
    private const int MaxQueues = 5;

    private static readonly string[] OpenActs =
        [RunActionForm.Signal, RunActionForm.Cancel, RunActionForm.Terminate, RunActionForm.Reset, RunActionForm.Delete];

    /// <summary>Where clocks may jump.</summary>
    private static readonly string[] SkippingActs =
        [RunActionForm.Signal, SkipTimeForm.SkipTime, RunActionForm.Cancel, RunActionForm.Terminate, RunActionForm.Reset, RunActionForm.Delete];

    private static readonly string[] ClosedActs = [RunActionForm.Reset, RunActionForm.Delete];

    private RunState? run;
    private DescribeWorkflowExecutionResponse? described;
    private EvidenceResult? evidence;
    private Payloads? input;
    private RunStep? end;
    private RunStep? trouble;
    private IReadOnlyList<TaskQueueView> deserted = [];
    private IReadOnlyList<(string Id, DateTimeOffset FiresAt)> timers = [];
    private List<HistoryEvent> events = [];
    private IReadOnlyList<RunStep> steps = [];
    private IReadOnlyList<(long EventId, string Text)> points = [];
    private bool maySkip;
    private string? mayNot;
    private string asking = "";
    private string said = "";

    /// <summary>The workflow namespace's name.</summary>
    [Parameter]
    public required string Namespace { get; set; }

    [Parameter]
    public required string RunId { get; set; }

    /// <summary><c>history</c>, or absent for the overview.</summary>
    [SupplyParameterFromQuery]
    public string? View { get; set; }

    /// <summary>The first event of the page; absent for 1.</summary>
    [SupplyParameterFromQuery(Name = "from")]
    public long? From { get; set; }

    [Inject]
    internal EvidenceCheck Evidence { get; set; } = default!;

    protected override bool MayChange => run?.IsRunning == true;

    private bool IsHistory => View == "history";

    private string Here => Href(Namespace, RunId);

    private string[] Acts => !run!.IsRunning ? ClosedActs : maySkip ? SkippingActs : OpenActs;

    /// <summary>How far the run's clock is ahead.</summary>
    private TimeSpan Ahead => run!.TimeSkipping?.Skipped ?? TimeSpan.Zero;

    private RunTarget Target => new(Namespace, run!.WorkflowId, RunId);

    private int PageSize => IsHistory ? EventsPerTable : EventsPerTimeline;

    private long First => Math.Max(1, From ?? 1);

    private string Range => events.Count == 0 ? "No events"
        : string.Create(CultureInfo.InvariantCulture, $"Events {events[0].EventId:N0} to {events[^1].EventId:N0} of {run!.NextEventId - 1:N0}");

    public static string Href(string ns, string runId) => $"/workflows/{Uri.EscapeDataString(ns)}/{Uri.EscapeDataString(runId)}";

    protected override async Task<PageState> LoadAsync(CancellationToken ct)
    {
        if (RefuseNamespace(Namespace) is { } denied)
        {
            return denied;
        }

        if (await Reader.NamespaceAsync(Namespace, ct) is not { } ns)
        {
            return NoNamespace(Namespace);
        }

        var before = run;
        run = await Reader.FindAsync(ns, RunId, ct);
        if (run is null)
        {
            return new PageMissing($"There is no run {RunId} in namespace {Namespace}. It may have been deleted, by hand or because its retention is over.");
        }

        maySkip = ns.AllowsTimeSkipping;
        mayNot = AccessRules.RefuseWorkflows(Caller, Namespace);
        described = Description.Of(run);
        timers = [.. run.Timers.Select(t => (t.Key, t.Value.FiresAt)).OrderBy(t => t.FiresAt)];
        events = await Reader.EventsAsync(run, First, PageSize, ct);
        steps = IsHistory ? [] : RunSteps.Of(events);
        await ReadEndsAsync(run, ct);
        deserted = run.IsRunning ? await DesertedAsync(ns, run, ct) : [];
        // The whole history is read for it: once, as a closed one does not change.
        evidence = run.IsRunning ? null : evidence is not null && before?.RunId == run.RunId ? evidence : await Evidence.CheckAsync(ns.Id, RunId, ct);
        return PageState.Ready;
    }

    private async Task ReadEndsAsync(RunState of, CancellationToken ct)
    {
        var started = events is [{ EventId: 1 }, ..] ? events : await Reader.EventsAsync(of, 1, 1, ct);
        input = started is [var first, ..] ? first.WorkflowExecutionStartedEventAttributes?.Input : null;
        end = of.IsRunning ? null : await Reader.LastEventsAsync(of, 1, ct) is [var last, ..] ? RunMoments.End(last) : null;
        trouble = of.IsRunning && (of.WorkflowTask?.Attempt ?? of.NextAttempt) > 1
            ? (await Reader.LastEventsAsync(of, FailureIsWithin, ct)).Where(IsFailedTask).Select(RunMoments.Of).FirstOrDefault()
            : null;
    }

    private static bool IsFailedTask(HistoryEvent one) => one.EventType is EventType.WorkflowTaskFailed or EventType.WorkflowTaskTimedOut;

    /// <summary>The queues that the run waits at, and that nobody polls.</summary>
    private async Task<List<TaskQueueView>> DesertedAsync(WorkflowNamespace ns, RunState of, CancellationToken ct)
    {
        var views = new List<TaskQueueView>();
        foreach (var queue in of.Activities.Values.Where(a => a is { IsStarted: false, Human: null }).Select(a => a.Queue).Distinct().Take(MaxQueues))
        {
            views.Add(await Reader.QueueAsync(ns, TaskKind.Activity, queue, ct));
        }

        views.Add(await Reader.QueueAsync(ns, TaskKind.Workflow, of.TaskQueue, ct));
        return [.. views.Where(v => v.Pollers.Count == 0)];
    }

    private static IEnumerable<(string Id, string Title, string Who)> Asked(RunState of) => of.Activities.Values.Where(a => a.Human is not null)
        .OrderBy(a => a.ScheduledId).Select(a => ($"{of.RunId}.{a.ScheduledId}", a.Human!.Title, string.Join(", ", a.Human.Assignees)));

    private async Task AskAsync(string action)
    {
        points = action == RunActionForm.Reset ? RunMoments.Points(await Reader.LastEventsAsync(run!, PointsAreWithin, CancellationToken.None)) : [];
        (asking, said) = (action, "");
    }

    private void Follow(string runId)
    {
        asking = "";
        Navigation.NavigateTo(Href(Namespace, runId));
    }

    private async Task ClosedAsync(string done)
    {
        var wasDeleted = asking == RunActionForm.Delete && done.Length > 0;
        (asking, said) = ("", done);
        if (wasDeleted)
        {
            Navigation.NavigateTo(new RunQuery(Namespace).ToHref());
            return;
        }

        await ReloadAsync();
    }

    private static string SkippingText(TimeSkippingState state)
    {
        var skips = string.Create(CultureInfo.InvariantCulture, $"{state.Skips} of {state.MaxSkips} jumps");
        return !state.IsActive ? $"off after {skips}"
            : state.FastForward is { HasCompleted: false } forward ? $"on until {forward.Target.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, {skips}"
            : $"on, {skips}";
    }

    private static Status EvidenceStatus(EvidenceResult result) => result.Verdict switch
    {
        EvidenceVerdict.Verified => new("Verified", Tone.Good, "The stored history is the one whose digest the ledger has."),
        EvidenceVerdict.Altered => new("Altered", Tone.Bad, "Something of it was changed after its end: the ledger has another digest."),
        EvidenceVerdict.Open => new("Open", Tone.Busy),
        _ => new("Unknown", Tone.Warning, "The ledger has no row of its end."),
    };

    private static IEnumerable<KeyValuePair<string, Payload>> Sorted(Google.Protobuf.Collections.MapField<string, Payload>? fields) =>
        (fields ?? []).OrderBy(f => f.Key, StringComparer.Ordinal);
}
