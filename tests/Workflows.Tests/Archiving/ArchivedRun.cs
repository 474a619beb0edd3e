using System.IO.Compression;
using Flagstone.Testing;
using Flagstone.Workflows.Archiving;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests.Archiving;

/// <summary>What tests ask of an archive on disk.</summary>
internal static class ArchivedRun
{
    /// <summary>The folder of a namespace's runs.</summary>
    public static async Task<string> FolderAsync(TemporalClient client, string archive, string ns) => Path.Combine(
        archive, ArchiveNames.Namespace(ns, (await client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = ns })).NamespaceInfo.Id));

    public static string File(string folder, WorkflowHandle run) =>
        Path.Combine(folder, ArchiveNames.Escape(run.Id), run.ResultRunId + ArchiveNames.HistoryEnd);

    /// <summary>A file's JSON; it throws for a file that is not whole.</summary>
    public static string Text(string file)
    {
        using var unpacked = new GZipStream(System.IO.File.OpenRead(file), CompressionMode.Decompress);
        using var reader = new StreamReader(unpacked);
        var text = reader.ReadToEnd();
        Assert.EndsWith("\n]}\n", text, StringComparison.Ordinal);
        return text;
    }

    public static Task EnableAsync(TemporalClient client, string ns) => client.WorkflowService.UpdateNamespaceAsync(new UpdateNamespaceRequest
    {
        Namespace = ns, Config = new() { HistoryArchivalState = Temporalio.Api.Enums.V1.ArchivalState.Enabled },
    });

    public static string Temporary() => Directory.CreateTempSubdirectory("flagstone-archive-").FullName;

    public static Task<RunningHost> HostAsync(string archive, CancellationToken ct) => RunningHost.StartAsync(ct, settings: [$"--Flagstone:Workflows:Archive={archive}"]);
}
