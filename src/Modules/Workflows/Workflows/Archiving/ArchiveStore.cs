using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using Flagstone.Platform.Data;
using Flagstone.Workflows.Namespaces;
using Google.Protobuf;
using Temporalio.Api.Common.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.Workflow.V1;

namespace Flagstone.Workflows.Archiving;

/// <summary>
/// Histories in files: <c>NAMESPACE-UID/WORKFLOW/RUN.json.gz</c>, and beside each the run as lists show it, <c>RUN.info.json</c>. A file is there whole
/// or not at all, and written again it is the same. The files' time is when the run closed: lists go by it.
/// </summary>
internal sealed class ArchiveStore(ArchiveFolder root)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public ArchiveFolder Root => root;

    public string FolderOf(WorkflowNamespace ns) => Path.Combine(root.Path, ArchiveNames.Namespace(ns.Name, ns.Id));

    public string FolderOf(WorkflowNamespace ns, string workflowId) => Path.Combine(FolderOf(ns), ArchiveNames.Escape(workflowId));

    /// <summary>Writes a run. When it returns, a crash of the machine loses neither file.</summary>
    /// <param name="closed">By the wall clock.</param>
    /// <exception cref="IOException">It cannot be written; what was written before is there as it was.</exception>
    public async Task WriteAsync(WorkflowNamespace ns, WorkflowExecutionInfo info, DateTimeOffset closed, IAsyncEnumerable<HistoryEvent> events)
    {
        var folder = FolderOf(ns, info.Execution.WorkflowId);
        Directory.CreateDirectory(folder, PrivateFiles.Folder);
        // The history first: what is listed can be read.
        await WriteAsync(Path.Combine(folder, info.Execution.RunId + ArchiveNames.HistoryEnd), closed, async stream =>
        {
            await using var packed = new GZipStream(stream, CompressionLevel.Optimal, leaveOpen: true);
            await HistoryText.WriteAsync(packed, events, CancellationToken.None);
        });
        await WriteAsync(
            Path.Combine(folder, info.Execution.RunId + ArchiveNames.RecordEnd), closed,
            stream => stream.WriteAsync(Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(info) + "\n")).AsTask());
        FolderSync.Flush(folder);
        FolderSync.Flush(FolderOf(ns));
        FolderSync.Flush(root.Path);
    }

    /// <summary>A run as it was listed; null when it is not archived.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public async Task<WorkflowExecutionInfo?> FindAsync(WorkflowNamespace ns, WorkflowExecution run, CancellationToken ct) =>
        root.IsThere && ArchiveNames.IsRun(run.RunId)
            ? await ReadRecordAsync(Path.Combine(FolderOf(ns, run.WorkflowId), run.RunId + ArchiveNames.RecordEnd), ct) : null;

    /// <summary>The events of a run of which <see cref="FindAsync"/> knows, in order.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public IAsyncEnumerable<HistoryEvent> EventsAsync(WorkflowNamespace ns, WorkflowExecution run, long first, CancellationToken ct) =>
        ReadHistoryAsync(Path.Combine(FolderOf(ns, run.WorkflowId), run.RunId + ArchiveNames.HistoryEnd), first, ct);

    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static async IAsyncEnumerable<HistoryEvent> ReadHistoryAsync(string file, long first, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        await using var unpacked = new GZipStream(stream, CompressionMode.Decompress);
        await using var events = HistoryText.ReadAsync(unpacked, first - 1, ct).GetAsyncEnumerator(ct);
        while (await NextAsync(events, file))
        {
            yield return events.Current;
        }
    }

    /// <summary>Null when the file is not there.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static async Task<WorkflowExecutionInfo?> ReadRecordAsync(string file, CancellationToken ct)
    {
        try
        {
            var run = JsonParser.Default.Parse<WorkflowExecutionInfo>(await File.ReadAllTextAsync(file, ct));
            return run is { Execution: not null, Type: not null, CloseTime: not null } ? run
                : throw new InvalidDataException($"{Path.GetFileName(file)} is no record of a closed run");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"{Path.GetFileName(file)} is no record of a run", e);
        }
    }

    /// <summary>What is wrong with a file is said with its name.</summary>
    private static async Task<bool> NextAsync(IAsyncEnumerator<HistoryEvent> events, string file)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{Path.GetFileName(file)}: {e.Message.TrimEnd('.')}", e);
        }
    }

    private static async Task WriteAsync(string file, DateTimeOffset time, Func<Stream, Task> write)
    {
        // Always the same name: what a crash has left is written over. It is held until it has its own name, so that another process cannot begin anew.
        var partial = file + ".part";
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, Options = FileOptions.Asynchronous, UnixCreateMode = Private,
        };
        await using var stream = new FileStream(partial, options);
        File.SetUnixFileMode(stream.SafeFileHandle, Private);
        await write(stream);
        await stream.FlushAsync();
        File.SetLastWriteTimeUtc(stream.SafeFileHandle, time.UtcDateTime);
        stream.Flush(flushToDisk: true);
        File.Move(partial, file, overwrite: true);
    }
}
