using System.Text.Json.Nodes;
using Flagstone.Catalog.Scaffolder.Skeletons;

namespace Flagstone.Catalog.Scaffolder.Actions;

/// <summary>
/// One kind of step. It is idempotent: a run that was stopped at any instant is executed again from its first step, with the same inputs,
/// and must leave the same effects and give the same output as an execution that was never stopped.
/// </summary>
internal interface IScaffolderAction
{
    /// <summary>As templates write it, such as <c>fetch:template</c>.</summary>
    string Name { get; }

    Task<ActionOutcome> RunAsync(ActionContext context, CancellationToken ct);
}

/// <summary>What an action works with. The input is rendered; the skeletons are those of the template that is run.</summary>
internal sealed record ActionContext(RunIdentity Run, JsonObject Input, Workspace Workspace, ISkeletonSource Skeletons);

internal abstract record ActionOutcome
{
    private protected ActionOutcome() { }
}

internal sealed record ActionDone(JsonObject Output) : ActionOutcome;

/// <summary>The action cannot do what is asked; trying again would not help. Surprises are exceptions, and are tried again.</summary>
internal sealed record ActionRefused(string Message) : ActionOutcome;
