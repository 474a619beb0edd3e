using Flagstone.Catalog.Contracts;

namespace Flagstone.Catalog.Services;

/// <summary>Where a service is in its life, by what is observed of it.</summary>
internal static class ServiceRules
{
    public static ServiceVerdict Decide(ServiceObservation seen)
    {
        if (seen.IsDeleting || seen.Lifecycle == "retired")
        {
            return new(ServicePhase.Retired, false, "Retired", "It is out of service.");
        }

        var verdict = Observe(seen);
        return seen.Lifecycle == "deprecated"
            ? verdict with { Phase = ServicePhase.Deprecated, Message = $"It is deprecated. {verdict.Message}" }
            : verdict;
    }

    private static ServiceVerdict Observe(ServiceObservation seen)
    {
        var ran = seen.Before is ServicePhase.Running or ServicePhase.Degraded;
        if (seen.SourceProblem.Length > 0 && !ran && seen.Deployment is not { IsAvailable: true })
        {
            return new(seen.Deployment is null ? ServicePhase.Scaffolded : ServicePhase.Deploying, false, "SourceRefused", seen.SourceProblem);
        }

        if (seen.Deployment is null && seen.Claims.Count == 0)
        {
            return new(ServicePhase.Scaffolded, false, "NothingDesired", "Its repositories are there, and nothing of it is deployed yet.");
        }

        if (seen.Claims.FirstOrDefault(c => !c.IsReady) is { } waiting)
        {
            var message = $"{waiting.Kind} '{waiting.Name}' is not ready{(waiting.Message.Length > 0 ? $": {waiting.Message}" : ".")}";
            return new(ran ? ServicePhase.Degraded : ServicePhase.Provisioning, false, "ClaimNotReady", message);
        }

        return seen.Deployment is { } deployment
            ? Observe(deployment, ran)
            : new(ServicePhase.Provisioning, false, "NothingDeployed", "What it needs is ready, and nothing of it is deployed yet.");
    }

    private static ServiceVerdict Observe(DeploymentObservation deployment, bool ran)
    {
        if (deployment.Desired == 0)
        {
            return new(ServicePhase.Degraded, false, "ScaledToZero", "No instance of it is wanted.");
        }

        // Available and complete, as kubectl's rollout status has it: the old commit may answer while the new one starts.
        var message = deployment.Message.Length > 0 ? deployment.Message : $"{deployment.Ready} of {deployment.Desired} instances answer.";
        return deployment.Rollout switch
        {
            Rollout.Complete when deployment.IsAvailable => new(ServicePhase.Running, true, "Available", "It answers."),
            Rollout.Complete when ran => new(ServicePhase.Degraded, false, "Unavailable", message),
            Rollout.Failed => new(ran || deployment.IsAvailable ? ServicePhase.Degraded : ServicePhase.Deploying, false, "RolloutFailed", Failure(deployment, message)),
            _ => new(ServicePhase.Deploying, deployment.IsAvailable, "RollingOut", deployment.IsAvailable ? "Another commit of it starts." : message),
        };
    }

    private static string Failure(DeploymentObservation deployment, string message)
    {
        if (!deployment.IsAvailable)
        {
            return message;
        }

        var why = message.TrimEnd('.');
        return deployment.Answering.Length > 0 && deployment.Answering != deployment.Wanted
            ? $"Commit {CommitRow.Short(deployment.Wanted)} has failed: {why}. Commit {CommitRow.Short(deployment.Answering)} goes on answering."
            : $"The newest rollout has failed: {why}. What ran before goes on answering.";
    }
}

/// <param name="Ready">The condition of the same name.</param>
internal sealed record ServiceVerdict(ServicePhase Phase, bool Ready, string Reason, string Message);

/// <summary>What is known of a service at one moment.</summary>
/// <param name="Before">The phase that was written last, or null.</param>
/// <param name="Deployment">Null when none is desired.</param>
/// <param name="SourceProblem">Why its source cannot be applied; empty when it can.</param>
internal sealed record ServiceObservation(
    string Lifecycle, bool IsDeleting, ServicePhase? Before, IReadOnlyList<ClaimObservation> Claims, DeploymentObservation? Deployment, string SourceProblem);

internal sealed record ClaimObservation(string Kind, string Name, bool IsReady, string Message);

/// <param name="Wanted">The commit that is declared; empty where none is.</param>
/// <param name="Answering">The commit that answers requests; empty while none does.</param>
internal sealed record DeploymentObservation(long Desired, long Ready, bool IsAvailable, Rollout Rollout, string Message, string Wanted, string Answering)
{
    /// <summary>The commit that answers, else the one that is wanted.</summary>
    public string Commit => Answering.Length > 0 ? Answering : Wanted;
}

internal enum Rollout
{
    Underway,
    Complete,
    Failed,
}
