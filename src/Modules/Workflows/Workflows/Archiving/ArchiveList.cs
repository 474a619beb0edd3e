using Flagstone.Platform.Storage;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Visibility;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Archiving;

/// <summary>
/// Lists archived runs, those that closed last first. The folder is walked for each page; of its records no more are read than a page may need.
/// </summary>
internal sealed class ArchiveList(ArchiveStore archive)
{
    /// <summary>So many records are read for a page, which may come short where few of them match.</summary>
    private const int MaxRead = VisibilityStore.MaxPage;

    /// <summary>Memos may be large: a page ends early when it has so many bytes.</summary>
    private const int MaxPageBytes = 3 * 1024 * 1024;

    private static readonly EnumerationOptions Below = new()
    {
        RecurseSubdirectories = true, MaxRecursionDepth = 1, AttributesToSkip = FileAttributes.None, MatchCasing = MatchCasing.CaseSensitive,
        IgnoreInaccessible = false,
    };

    /// <summary>A page, and where the next one begins; null on the last.</summary>
    /// <exception cref="InvalidDataException">A record is damaged.</exception>
    public async Task<(List<WorkflowExecutionInfo> Runs, ListPosition? Next)> PageAsync(
        WorkflowNamespace ns, ArchiveQuery query, ListPosition? after, int size, CancellationToken ct)
    {
        if (query.RunId is { } asked && !ArchiveNames.IsRun(asked))
        {
            return ([], null);
        }

        var limit = size <= 0 ? VisibilityStore.MaxPage : Math.Min(size, VisibilityStore.MaxPage);
        var folder = query.WorkflowId is { } workflow ? archive.FolderOf(ns, workflow) : archive.FolderOf(ns);
        var newest = await Task.Run(() => Newest(folder, query.RunId ?? "*", after, ct), ct);
        var runs = new List<WorkflowExecutionInfo>();
        var bytes = 0;
        ListPosition? last = null;
        foreach (var (position, file) in newest.Take(MaxRead))
        {
            if (runs.Count == limit || bytes > MaxPageBytes)
            {
                return (runs, last);
            }

            last = position;
            if (await ArchiveStore.ReadRecordAsync(file, ct) is { } run && query.Matches(run))
            {
                runs.Add(run);
                bytes += run.CalculateSize();
            }
        }

        return (runs, newest.Count > MaxRead ? last : null);
    }

    /// <summary>A record of a run; null for none. Its workflow is not known: all of the namespace's folders are looked into.</summary>
    public string? Find(WorkflowNamespace ns, string runId) => !archive.Root.IsThere || !ArchiveNames.IsRun(runId) ? null
        : Records(archive.FolderOf(ns), runId).FirstOrDefault()?.FullName;

    /// <summary>The newest records behind a position, the newest first: one more than are read.</summary>
    private static List<(ListPosition At, string File)> Newest(string folder, string run, ListPosition? after, CancellationToken ct)
    {
        var newest = new PriorityQueue<string, (long, string)>(Comparer<(long Closed, string Run)>.Create(Compare));
        foreach (var file in Records(folder, run))
        {
            ct.ThrowIfCancellationRequested();
            var at = (Closed: Micros.From(file.LastWriteTimeUtc), Run: file.Name[..^ArchiveNames.RecordEnd.Length]);
            if (!ArchiveNames.IsRun(at.Run) || (after is not null && Compare(at, (after.CloseAt, after.Run)) >= 0))
            {
                continue;
            }

            if (newest.Count <= MaxRead)
            {
                newest.Enqueue(file.FullName, at);
            }
            else
            {
                newest.EnqueueDequeue(file.FullName, at);
            }
        }

        var found = new List<(ListPosition, string)>(newest.Count);
        while (newest.TryDequeue(out var file, out var at))
        {
            found.Add((new ListPosition(at.Item1, 0, at.Item2), file));
        }

        found.Reverse();
        return found;
    }

    private static IEnumerable<FileInfo> Records(string folder, string run) =>
        Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles(run + ArchiveNames.RecordEnd, Below) : [];

    private static int Compare((long Closed, string Run) left, (long Closed, string Run) right) =>
        left.Closed != right.Closed ? left.Closed.CompareTo(right.Closed) : string.CompareOrdinal(left.Run, right.Run);
}
