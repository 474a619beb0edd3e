using Flagstone.Workflows.Contracts.Processes;
using Microsoft.Extensions.Logging;
using Temporalio.Activities;
using Temporalio.Api.Enums.V1;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Processes;

/// <summary>Lets the module that a process is of act.</summary>
internal sealed partial class ProcessActivities(IEnumerable<IProcessKind> kinds, ILogger<ProcessActivities> logger)
{
    private const string Waiting = "Waiting";
    private const string Refused = "Refused";

    /// <summary>So that the SDK does not log what is no fault, or what is logged here.</summary>
    private const ApplicationErrorCategory Quiet = ApplicationErrorCategory.Benign;

    /// <returns>What is worth telling.</returns>
    [Activity("act")]
    public async Task<string> ActAsync(string process, ProcessAct act)
    {
        var kind = kinds.FirstOrDefault(k => k.Name == process)
            ?? throw new ApplicationFailureException($"This installation knows no process '{process}'.", Refused, nonRetryable: true);
        ActOutcome outcome;
        try
        {
            outcome = await kind.ActAsync(act, ActivityExecutionContext.Current.CancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The log has the rest: what an exception says may be for no history.
            LogFailed(e, process, act.Action, act.Key);
            throw new ApplicationFailureException($"The platform could not do it now ({e.GetType().Name}); its log says why. It is tried again.", e.GetType().Name, category: Quiet);
        }

        return outcome switch
        {
            ActOutcome.Done done => done.Note,
            ActOutcome.Waiting waiting => throw new ApplicationFailureException(waiting.For, Waiting, category: Quiet),
            ActOutcome.Refused refused => throw new ApplicationFailureException(refused.Why, Refused, nonRetryable: true, category: Quiet),
            _ => throw new System.Diagnostics.UnreachableException(outcome.GetType().Name),
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Action {Action} of process {Process} failed ({Key})")]
    private partial void LogFailed(Exception exception, string process, string action, string key);
}
