using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;

namespace Flagstone.Workflows.Contracts.Processes;

/// <summary>The platform's long processes.</summary>
public interface IProcesses
{
    /// <summary>Starts one, or says why not: it is refused while another of its kind runs for the same subject.</summary>
    /// <param name="process">A kind's name.</param>
    /// <param name="requestId">The same one again starts nothing again, and answers as the first did; empty for none.</param>
    Task<(ProcessState? Process, Problem? Problem)> StartAsync(Caller caller, string process, JsonObject input, string reason, string requestId, CancellationToken ct);

    /// <summary>The latest one of a kind for a subject; null for none, and where the Temporal server does not answer.</summary>
    Task<ProcessState?> FindLatestAsync(string process, string subject, CancellationToken ct);
}

/// <summary>Where a process is.</summary>
public enum ProcessPhase
{
    Running,

    /// <summary>All steps were done.</summary>
    Completed,

    /// <summary>People refused it, or did not decide in time.</summary>
    Refused,

    /// <summary>It was taken back, or stopped.</summary>
    Cancelled,

    /// <summary>It could not go on.</summary>
    Failed,
}

/// <summary>A process as seen from outside.</summary>
/// <param name="Id">Its name in addresses: the run's id.</param>
/// <param name="Stage">The step that it is at, or how it ended, as a sentence.</param>
public sealed record ProcessState(
    string Id, string Process, string Subject, string Title, string AskedBy, string Reason, ProcessPhase Phase, string Stage, DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt)
{
    /// <summary>Its page in the console.</summary>
    public string Href => $"/processes/{Id}";
}
