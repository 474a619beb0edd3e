using Flagstone.Workflows.Discarding;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.TimeSkipping;
using Flagstone.Workflows.Visibility;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Archiving;

/// <summary>What became of a group of runs.</summary>
/// <param name="Taken">Those that may be deleted now.</param>
/// <param name="Failure">Why another one was not archived; null where all were.</param>
internal sealed record ArchivedRuns(IReadOnlyList<Discardable> Taken, Exception? Failure);

/// <summary>Writes closed runs to the archive before they are deleted. A process that dies between leaves a run that is archived again.</summary>
internal sealed class Archiver(ArchiveStore archive, ExecutionStore executions)
{
    /// <summary>A page of a history that is in memory.</summary>
    private const int PageEvents = 500;

    private const long PageBytes = 1024 * 1024;

    public async Task<ArchivedRuns> TakeAsync(WorkflowNamespace ns, IReadOnlyCollection<Discardable> runs)
    {
        if (!archive.Root.IsThere)
        {
            // The setting was taken away, or the namespace was asked for what this installation cannot do: nothing is lost for it.
            return new ArchivedRuns([], new InvalidOperationException(
                $"the namespace archives, and the installation has no archive. {ArchiveFolder.WayOut} Or set the namespace's spec.archival to false."));
        }

        var failures = await Task.WhenAll(runs.Select(r => TryTakeAsync(ns, r)));
        return new ArchivedRuns([.. runs.Zip(failures).Where(r => r.Second is null).Select(r => r.First)], failures.FirstOrDefault(f => f is not null));
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "One run that cannot be archived must not keep the others.")]
    private async Task<Exception?> TryTakeAsync(WorkflowNamespace ns, Discardable one)
    {
        try
        {
            if (await executions.FindRunAsync(ns.Id, one.RunId, CancellationToken.None) is { IsRunning: false, ClosedAt: { } closed } run)
            {
                await archive.WriteAsync(ns, VisibilityRows.Shown(run), RunTime.Wall(run, closed), EventsAsync(run));
            }

            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private async IAsyncEnumerable<HistoryEvent> EventsAsync(RunState run)
    {
        var next = 1L;
        while (next < run.NextEventId)
        {
            var before = next;
            foreach (var one in await executions.EventsAsync(run.RunId, next, run.NextEventId - 1, PageEvents, PageBytes, CancellationToken.None))
            {
                if (one.EventId != next)
                {
                    break;
                }

                yield return one;
                next++;
            }

            if (next == before)
            {
                throw new InvalidDataException($"The history of run {run.RunId} has no event {next}, though it has {run.NextEventId - 1}.");
            }
        }
    }
}
