using System.Globalization;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Identity;
using Flagstone.Ui.Components;
using Flagstone.Ui.Live;
using Flagstone.Workflows.Console.Archive;
using Flagstone.Workflows.Console.Calls;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.People;
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

    /// <summary>Workflow tasks to go back to are looked for among so many last events.</summary>
    private const int PointsAreWithin = 500;

    /// <summary>A run has activities on few queues; more are not asked for their workers.</summary>
    private const int MaxQueues = 5;

    private static readonly string[] OpenActs =
        [RunActionForm.Signal, UpdateForm.Update, RunActionForm.Cancel, RunActionForm.Terminate, RunActionForm.Reset, RunActionForm.Delete];

    /// <summary>Where clocks may jump.</summary>
    private static readonly string[] SkippingActs =
        [RunActionForm.Signal, UpdateForm.Update, SkipTimeForm.SkipTime, RunActionForm.Cancel, RunActionForm.Terminate, RunActionForm.Reset, RunActionForm.Delete];

    private static readonly string[] ClosedActs = [RunActionForm.Reset, RunActionForm.Delete];

    private RunView? run;
    private (EvidenceVerdict Verdict, HistoryRow? Row)? evidence;
    private RunStep? end;
    private RunStep? trouble;
    private IReadOnlyList<TaskQueueView> deserted = [];
    private IReadOnlyList<(string Id, DateTimeOffset FiresAt)> timers = [];
    private IReadOnlyList<(string Id, string Title, string Who)> asked = [];
    /// <summary>What the events were read for: while it is the same, so are they.</summary>
    private (string RunId, WorkflowExecutionStatus Status, long Events, long First, int Size) shown;
    private List<HistoryEvent> events = [];
    private IReadOnlyList<HistoryEvent> recent = [];
    private IReadOnlyList<RunStep> steps = [];
    private CallView? calls;
    private IReadOnlyList<(long EventId, string Text)> points = [];
    /// <summary>How far the run's clock is ahead.</summary>
    private TimeSpan ahead;
    private bool maySkip;
    private string? mayNot;
    private string asking = "";
    private string said = "";
    /// <summary>The run that is neither there nor archived: a walk through the archive is made once.</summary>
    private string nowhere = "";

    /// <summary>The workflow namespace's name.</summary>
    [Parameter]
    public required string Namespace { get; set; }

    [Parameter]
    public required string RunId { get; set; }

    /// <summary><c>history</c>, <c>calls</c>, or absent for the overview.</summary>
    [SupplyParameterFromQuery]
    public string? View { get; set; }

    /// <summary>The first event of the page; absent for 1.</summary>
    [SupplyParameterFromQuery(Name = "from")]
    public long? From { get; set; }

    [Inject]
    internal EvidenceReader Evidence { get; set; } = default!;

    [Inject]
    internal ArchiveReader Archive { get; set; } = default!;

    [Inject]
    internal HistoryReader Histories { get; set; } = default!;

    [Inject]
    internal CallReader Calls { get; set; } = default!;

    [Inject]
    internal QueueReader Queues { get; set; } = default!;

    [Inject]
    internal HumanTasks People { get; set; } = default!;

    protected override bool MayChange => run?.IsRunning == true;

    private bool IsHistory => View == "history";

    private bool IsCalls => View == "calls";

    private string Here => Href(Namespace, RunId);

    /// <summary>Whether the last events tell how far the run's clock is ahead, or what it waits for.</summary>
    private bool ClockIsUnknown => run!.IsRunning || run.IsArchived || run.Skipping is not null;

    private string[] Acts => run!.IsArchived ? [] : !run.IsRunning ? ClosedActs : maySkip ? SkippingActs : OpenActs;

    private RunTarget Target => new(Namespace, run!.WorkflowId, RunId);

    private int PageSize => IsCalls ? 0 : IsHistory ? EventsPerTable : EventsPerTimeline;

    private long First => Math.Max(1, From ?? 1);

    private string Range => events.Count == 0 ? "No events"
        : string.Create(CultureInfo.InvariantCulture, $"Events {events[0].EventId:N0} to {events[^1].EventId:N0} of {run!.Events:N0}");

    public static string Href(string ns, string runId) => $"/workflows/{Uri.EscapeDataString(ns)}/{Uri.EscapeDataString(runId)}";

    protected override async Task<PageState> LoadAsync(CancellationToken ct)
    {
        if (RefuseNamespace(Namespace) is { } denied)
        {
            return denied;
        }

        if (await Namespaces.FindAsync(Caller, Namespace, ct) is not { } ns)
        {
            return NoNamespace(Namespace);
        }

        var before = run;
        run = await FindAsync(before, ct);
        if (run is null)
        {
            return new PageMissing($"There is no run {RunId} in namespace {Namespace}. It may have been deleted, by hand or because its retention is over.");
        }

        maySkip = ns.AllowsTimeSkipping;
        mayNot = AccessRules.RefuseWorkflows(Caller, Namespace);
        var wanted = (RunId, run.Status, run.Events, First, PageSize);
        if (wanted != shown)
        {
            events = IsCalls ? [] : await Histories.EventsAsync(Caller, Namespace, run.Execution, First, PageSize, ct);
            recent = await Histories.LastAsync(Caller, Namespace, run, ClockIsUnknown ? HistoryReader.MaxEvents : 1, ct);
            // Last: what could not be read is read again.
            shown = wanted;
        }

        ahead = RunClock.Ahead(run.Started, recent);
        steps = IsHistory ? [] : RunSteps.Of(events);
        calls = IsCalls ? await Calls.ReadAsync(Caller, Namespace, run, calls, ct) : null;
        timers = run.IsRunning ? RunTimers.Of(recent) : [];
        end = run.IsRunning ? null : recent is [var last, ..] ? RunMoments.End(last) : null;
        trouble = run.IsRunning && run.TaskAttempt > 1 ? recent.Where(IsFailedTask).Select(RunMoments.Of).FirstOrDefault() : null;
        deserted = run.IsRunning ? await DesertedAsync(run, ct) : [];
        asked = run.IsRunning ? [.. (await People.OpenAsync(RunId, ct)).Select(t => (t.Id, t.Request.Title, string.Join(", ", t.Request.Assignees)))] : [];
        // The whole history is read for it: once, as a closed one does not change.
        evidence = run.IsRunning ? null : evidence is not null && before?.RunId == run.RunId ? evidence : await Evidence.CheckAsync(ns, run, ct);
        return PageState.Ready;
    }

    /// <summary>Null when it is neither there nor archived.</summary>
    private async Task<RunView?> FindAsync(RunView? before, CancellationToken ct)
    {
        var known = before?.RunId == RunId ? before : null;
        if (known is { IsArchived: true })
        {
            return known;
        }

        if (await Runs.FindAsync(Caller, Namespace, RunId, ct) is { } there)
        {
            return new RunView(there, known?.Started ?? await StartedAsync(there.WorkflowExecutionInfo.Execution, ct));
        }

        if (nowhere != RunId && await Archive.FindAsync(Caller, Namespace, RunId, ct) is { } archived)
        {
            var described = new DescribeWorkflowExecutionResponse { WorkflowExecutionInfo = archived };
            return new RunView(described, await StartedAsync(archived.Execution, ct)) { IsArchived = true };
        }

        nowhere = RunId;
        return null;
    }

    private async Task<WorkflowExecutionStartedEventAttributes> StartedAsync(WorkflowExecution of, CancellationToken ct) =>
        (await Histories.EventsAsync(Caller, Namespace, of, 1, 1, ct)).FirstOrDefault()?.WorkflowExecutionStartedEventAttributes ?? new();

    private static bool IsFailedTask(HistoryEvent one) => one.EventType is EventType.WorkflowTaskFailed or EventType.WorkflowTaskTimedOut;

    /// <summary>The queues that the run waits at, and that nobody polls.</summary>
    private async Task<List<TaskQueueView>> DesertedAsync(RunView of, CancellationToken ct)
    {
        var views = new List<TaskQueueView>();
        var waiting = of.Described.PendingActivities.Where(a => a.State == PendingActivityState.Scheduled)
            .Select(a => a.ActivityOptions?.TaskQueue?.Name ?? "").Where(q => q.Length > 0 && !PeopleQueue.Is(q));
        foreach (var queue in waiting.Distinct().Take(MaxQueues))
        {
            views.Add(await Queues.FindAsync(Caller, Namespace, TaskQueueType.Activity, queue, ct));
        }

        views.Add(await Queues.FindAsync(Caller, Namespace, TaskQueueType.Workflow, of.TaskQueue, ct));
        return [.. views.Where(v => v.Pollers.Count == 0)];
    }

    private async Task AskAsync(string action)
    {
        points = action == RunActionForm.Reset
            ? RunMoments.Points(await Histories.LastAsync(Caller, Namespace, run!, PointsAreWithin, CancellationToken.None)) : [];
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

    private static Status EvidenceStatus(EvidenceVerdict verdict) => verdict switch
    {
        EvidenceVerdict.Verified => new("Verified", Tone.Good, "The stored history is the one whose digest the ledger has."),
        EvidenceVerdict.Altered => new("Altered", Tone.Bad, "Something of it was changed after its end: the ledger has another digest."),
        EvidenceVerdict.Open => new("Open", Tone.Busy),
        _ => new("Unknown", Tone.Warning, "The ledger has no row of its end."),
    };

    private static IEnumerable<KeyValuePair<string, Payload>> Sorted(Google.Protobuf.Collections.MapField<string, Payload>? fields) =>
        (fields ?? []).OrderBy(f => f.Key, StringComparer.Ordinal);
}
