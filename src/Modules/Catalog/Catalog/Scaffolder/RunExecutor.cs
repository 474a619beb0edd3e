using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Scaffolder.Actions;
using Flagstone.Catalog.Scaffolder.Skeletons;

namespace Flagstone.Catalog.Scaffolder;

/// <summary>
/// Executes the steps of a run, one after the other. Nothing is kept between executions: after a stop the run is executed again from its
/// first step, and each action finds what it has done already.
/// </summary>
internal sealed class RunExecutor(IReadOnlyCollection<IScaffolderAction> actions)
{
    /// <summary>Tells of each step as it begins and ends. The progress is for people; it decides nothing.</summary>
    public async Task<RunOutcome> ExecuteAsync(
        TemplateDefinition template, ISkeletonSource skeletons, RunState state, Func<StepProgress, ValueTask> report, CancellationToken ct)
    {
        var workspace = new Workspace(FileLimits.Default);
        foreach (var step in template.Steps)
        {
            await report(new StepProgress(step.Id, StepPhase.Processing, null));
            var result = await ExecuteAsync(step, state, skeletons, workspace, ct);
            if (result is StepFailed failed)
            {
                await report(new StepProgress(step.Id, StepPhase.Failed, failed.Message));
                return new RunFailed(step.Id, failed.Message);
            }

            state = result is StepSucceeded done ? state.With(step.Id, done.Output) : state;
            await report(new StepProgress(step.Id, result is StepSucceeded ? StepPhase.Completed : StepPhase.Skipped, null));
        }

        return new RunSucceeded(StepRules.Output(template, state, ct));
    }

    private async Task<StepResult> ExecuteAsync(
        TemplateStep step, RunState state, ISkeletonSource skeletons, Workspace workspace, CancellationToken ct)
    {
        if (actions.FirstOrDefault(candidate => candidate.Name == step.Action) is not { } action)
        {
            var known = string.Join(", ", actions.Select(candidate => candidate.Name).Order(StringComparer.Ordinal));
            return new StepFailed($"Step '{step.Id}' asks for the action '{step.Action}', which is not there. Use one of: {known}.");
        }

        switch (StepRules.Plan(step, state, ct))
        {
            case StepSkipped:
                return new StepLeftOut();
            case StepRefused refused:
                return new StepFailed(refused.Message);
            case StepInput once:
                return Result(await action.RunAsync(new ActionContext(state.Run, once.Input, workspace, skeletons), ct));
            case StepInputs each:
                return await ExecuteEachAsync(action, each, state.Run, skeletons, workspace, ct);
            case var plan:
                throw new System.Diagnostics.UnreachableException(plan.GetType().Name);
        }
    }

    private static async Task<StepResult> ExecuteEachAsync(
        IScaffolderAction action, StepInputs each, RunIdentity run, ISkeletonSource skeletons, Workspace workspace, CancellationToken ct)
    {
        var outputs = new JsonObject();
        foreach (var input in each.Inputs)
        {
            var outcome = await action.RunAsync(new ActionContext(run, input, workspace, skeletons), ct);
            if (outcome is not ActionDone done)
            {
                return Result(outcome);
            }

            foreach (var (name, value) in done.Output)
            {
                if (outputs[name] is not JsonArray list)
                {
                    outputs[name] = list = [];
                }

                list.Add(value?.DeepClone());
            }
        }

        return new StepSucceeded(outputs);
    }

    private static StepResult Result(ActionOutcome outcome) => outcome switch
    {
        ActionDone done => new StepSucceeded(done.Output),
        ActionRefused refused => new StepFailed(refused.Message),
        _ => throw new System.Diagnostics.UnreachableException(outcome.GetType().Name),
    };

    private abstract record StepResult;

    private sealed record StepSucceeded(JsonObject Output) : StepResult;

    private sealed record StepLeftOut : StepResult;

    private sealed record StepFailed(string Message) : StepResult;
}

internal enum StepPhase
{
    Processing,
    Completed,
    Skipped,
    Failed,
}

/// <summary>Where a step stands. The message is null unless it failed.</summary>
internal sealed record StepProgress(string Step, StepPhase Phase, string? Message);

internal abstract record RunOutcome
{
    private protected RunOutcome() { }
}

internal sealed record RunSucceeded(JsonObject Output) : RunOutcome;

internal sealed record RunFailed(string Step, string Message) : RunOutcome;
