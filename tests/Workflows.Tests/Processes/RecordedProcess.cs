using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Workflows.Contracts.Processes;

namespace Flagstone.Workflows.Tests.Processes;

/// <summary>A kind of process whose actions do nothing but answer what they are told to, one answer for each call.</summary>
internal sealed class RecordedProcess : IProcessKind
{
    private readonly Lock gate = new();
    private readonly List<string> calls = [];
    private readonly Dictionary<string, Queue<ActOutcome>> answers = [];

    public string Name => "recorded";

    public string Title => "Recorded";

    public string Description => "For tests.";

    public JsonObject Input => [];

    /// <summary>The actions that were called, with the step's number.</summary>
    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (gate)
            {
                return [.. calls];
            }
        }
    }

    public string Reason { get; private set; } = "";

    /// <summary>What the calls of an action come to, one after the other; then it is done.</summary>
    public RecordedProcess Answer(string action, params ActOutcome[] outcomes)
    {
        answers[action] = new Queue<ActOutcome>(outcomes);
        return this;
    }

    public Task<(ProcessPlan? Plan, Problem? Problem)> PlanAsync(Caller caller, JsonObject input, CancellationToken ct) =>
        throw new NotSupportedException("It is started by its workflow.");

    public Task<ActOutcome> ActAsync(ProcessAct act, CancellationToken ct)
    {
        lock (gate)
        {
            calls.Add($"{act.Action} {act.Step}");
            Reason = act.Reason;
            return Task.FromResult(answers.TryGetValue(act.Action, out var queue) && queue.TryDequeue(out var next) ? next : new ActOutcome.Done());
        }
    }
}
