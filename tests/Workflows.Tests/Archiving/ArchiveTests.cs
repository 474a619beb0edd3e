using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Flagstone.Workflows.Tests.Visibility;
using Flagstone.Workflows.Tests.Workers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.History.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Exceptions;
using Temporalio.Worker;

namespace Flagstone.Workflows.Tests.Archiving;

/// <summary>Runs that are archived before their age deletes them, and read from there.</summary>
public sealed class ArchiveTests(HostFixture fixture)
{
    private const string Climbing = "../../a.b/%2E Ü";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_deleted_when_its_history_is_in_the_archive_and_is_read_from_there()
    {
        var archive = ArchivedRun.Temporary();
        await using var host = await ArchivedRun.HostAsync(archive, Ct);
        var client = await HostFixture.ConnectAsync(host);
        await ArchivedRun.EnableAsync(client, "default");
        await RegisterAsync(client, "plain");
        var folder = await ArchivedRun.FolderAsync(client, archive, "default");
        WorkflowHandle done;
        await using (var worker = RunningWorker.Start(client))
        {
            done = await client.StartWorkflowAsync((HelloWorkflow w) => w.RunAsync("you"), worker.Options(Climbing));
            await done.GetResultAsync<string>();
        }

        var history = (await done.FetchHistoryAsync()).Events.ToList();
        var (blocked, torn, byHand) = (await ClosedAsync(client, "blocked"), await ClosedAsync(client, "torn"), await ClosedAsync(client, "by-hand"));
        var plain = await ClosedAsync(await PlainAsync(host), "plain");
        await client.WorkflowService.DeleteWorkflowExecutionAsync(new DeleteWorkflowExecutionRequest { Namespace = "default", WorkflowExecution = new() { WorkflowId = "by-hand" } });
        await host.StopAsync();
        foreach (var (run, hours) in (IEnumerable<(WorkflowHandle, int)>)[(done, 75), (blocked, 74), (torn, 73), (plain, 73)])
        {
            await DeletionTests.AgeAsync(host, run.ResultRunId!, TimeSpan.FromHours(hours));
        }

        // A disk that refuses one run's folder, and what kills within a write and behind one have left of another.
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "blocked"), "", Ct);
        Directory.CreateDirectory(Path.Combine(folder, "torn"));
        await File.WriteAllTextAsync(ArchivedRun.File(folder, torn) + ".part", "half a fi", Ct);
        await File.WriteAllTextAsync(ArchivedRun.File(folder, torn), "of a history that went on after a restored backup", Ct);
        await host.StartAgainAsync(Ct);
        client = await HostFixture.ConnectAsync(host);
        await UntilGoneAsync(host, done, torn, plain);

        // As it was, for every client.
        done = client.GetWorkflowHandle(Climbing, done.ResultRunId);
        Assert.Equal(history, (await client.GetWorkflowHandle(Climbing, done.RunId).ReplayedAsync()).Events);
        Assert.Equal(history, await PagedAsync(client, done.Id, done.RunId!));
        var end = await HistoryAsync(client, done.Id, done.RunId!, new() { HistoryEventFilterType = HistoryEventFilterType.CloseEvent });
        Assert.Equal((true, history[^1]), (end.Archived, Assert.Single(end.History.Events)));
        await NotFoundAsync(() => HistoryAsync(client, done.Id, "", new()));
        await NotFoundAsync(() => HistoryAsync(client, done.Id, done.RunId!, new() { SkipArchival = true }));
        await NotFoundAsync(() => HistoryAsync(client, done.Id, done.RunId!, new() { WaitNewEvent = true }));
        await NotFoundAsync(() => HistoryAsync(client, "torn", done.RunId!, new()));
        await NotFoundAsync(() => client.WorkflowService.GetWorkflowExecutionHistoryReverseAsync(
            new() { Namespace = "default", Execution = new() { WorkflowId = done.Id, RunId = done.RunId } }));

        // The files: replayed by the SDK, for the platform's user alone, and nowhere else.
        var file = Path.Combine(folder, "%2E.%2F..%2Fa.b%2F%252E%20%C3%9C", $"{done.RunId}.json.gz");
        var replayed = await new WorkflowReplayer(new WorkflowReplayerOptions().AddWorkflow<HelloWorkflow>())
            .ReplayWorkflowAsync(WorkflowHistory.FromJson(done.Id, ArchivedRun.Text(file)), cancellationToken: Ct);
        Assert.Null(replayed.ReplayFailure);
        Assert.Equal(3, JsonNode.Parse(ArchivedRun.Text(ArchivedRun.File(folder, torn)))!["events"]!.AsArray().Count);
        Assert.Equal([folder], Directory.GetFileSystemEntries(archive));
        Assert.Equal([Path.GetDirectoryName(file), Path.Combine(folder, "blocked"), Path.Combine(folder, "torn")], Directory.GetFileSystemEntries(folder).Order(StringComparer.Ordinal));
        var files = Directory.GetDirectories(folder).SelectMany(Directory.GetFiles).ToList();
        Assert.Equal(4, files.Count);
        Assert.All(files, f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));

        await ListsAsync(client, done, torn);
        await IsExportedAsync(host, done, file);
        await IsEvidenceAsync(host, done, file);
        await CannotBeExportedAsync(host, done, file);

        // What could not be written is kept, and is tried again.
        Assert.Equal(WorkflowExecutionStatus.Terminated, (await client.GetWorkflowHandle("blocked").DescribeAsync()).Status);
        Assert.Contains("Runs of namespace default are not archived", host.Log(), StringComparison.Ordinal);
        File.Delete(Path.Combine(folder, "blocked"));
        await client.WorkflowService.UpdateNamespaceAsync(new UpdateNamespaceRequest { Namespace = "default", UpdateInfo = new() { Description = "looked at now" } });
        await UntilGoneAsync(host, blocked);
        Assert.Equal(3, JsonNode.Parse(ArchivedRun.Text(ArchivedRun.File(folder, blocked)))!["events"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_namespace_says_whether_it_archives_by_every_API()
    {
        var archive = ArchivedRun.Temporary();
        await using var host = await ArchivedRun.HostAsync(archive, Ct);
        var client = await HostFixture.ConnectAsync(host);
        await RegisterAsync(client, "archived", new() { HistoryArchivalState = ArchivalState.Enabled, HistoryArchivalUri = $"file://{archive}" });
        await RegisterAsync(client, "plain", new() { HistoryArchivalState = ArchivalState.Disabled, VisibilityArchivalState = ArchivalState.Disabled });

        Assert.Equal((ArchivalState.Enabled, $"file://{archive}", ArchivalState.Enabled, $"file://{archive}"), await StateAsync(client, "archived"));
        Assert.Equal((ArchivalState.Disabled, "", ArchivalState.Disabled, ""), await StateAsync(client, "plain"));
        using var kubectl = host.KubernetesClient();
        var resource = await kubectl.GetFromJsonAsync<JsonObject>("/apis/workflows.flagstone.dev/v1alpha1/workflownamespaces/archived", Ct);
        Assert.True(resource!["spec"]!["archival"]!.GetValue<bool>());
        Assert.Empty((await client.WorkflowService.ListArchivedWorkflowExecutionsAsync(new() { Namespace = "archived" })).Executions);
        var notHere = await RefusedAsync(() => client.WorkflowService.ListArchivedWorkflowExecutionsAsync(new() { Namespace = "plain" }));
        Assert.Contains("Namespace is not configured for visibility archival", notHere.Message, StringComparison.Ordinal);

        foreach (var (wrong, why) in (IEnumerable<(RegisterNamespaceRequest, string)>)[
            (new() { HistoryArchivalState = ArchivalState.Enabled, HistoryArchivalUri = "s3://bucket" }, $"archives to file://{archive}"),
            (new() { HistoryArchivalState = ArchivalState.Enabled, VisibilityArchivalUri = $"file://{archive}/../other" }, $"archives to file://{archive}"),
            (new() { VisibilityArchivalState = ArchivalState.Enabled }, "Enable the archival of histories too")])
        {
            var refused = await RefusedAsync(() => RegisterAsync(client, "wrong", wrong));
            Assert.Equal(RpcException.StatusCode.InvalidArgument, refused.Code);
            Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        }

        // Another change leaves it as it is.
        await client.WorkflowService.UpdateNamespaceAsync(new UpdateNamespaceRequest { Namespace = "archived", Config = new() { WorkflowExecutionRetentionTtl = Duration.FromTimeSpan(TimeSpan.FromDays(2)) } });
        Assert.Equal(ArchivalState.Enabled, (await StateAsync(client, "archived")).History);
        await client.WorkflowService.UpdateNamespaceAsync(new UpdateNamespaceRequest { Namespace = "archived", Config = new() { HistoryArchivalState = ArchivalState.Disabled } });
        Assert.Equal(ArchivalState.Disabled, (await StateAsync(client, "archived")).History);
    }

    [Fact]
    public async Task Without_the_setting_no_namespace_archives_and_who_asks_hears_what_to_set()
    {
        var client = await fixture.ConnectAsync();

        var enabled = await RefusedAsync(() => ArchivedRun.EnableAsync(client, "default"));
        var named = await RefusedAsync(() => RegisterAsync(client, "named", new() { HistoryArchivalUri = "file:///tmp" }));
        var listed = await RefusedAsync(() => client.WorkflowService.ListArchivedWorkflowExecutionsAsync(new() { Namespace = "default" }));

        Assert.Equal(
            (RpcException.StatusCode.FailedPrecondition, RpcException.StatusCode.FailedPrecondition, RpcException.StatusCode.InvalidArgument),
            (enabled.Code, named.Code, listed.Code));
        Assert.All([enabled, named, listed], r => Assert.Contains("Set Flagstone__Workflows__Archive to", r.Message, StringComparison.Ordinal));
        Assert.Equal(ArchivalState.Disabled, (await StateAsync(client, "default")).History);
    }

    /// <summary>The newest first, page by page; by what it may be asked.</summary>
    private static async Task ListsAsync(TemporalClient client, WorkflowHandle older, WorkflowHandle newer)
    {
        var (seen, token, infos) = (new List<string>(), ByteString.Empty, new List<Temporalio.Api.Workflow.V1.WorkflowExecutionInfo>());
        do
        {
            var page = await client.WorkflowService.ListArchivedWorkflowExecutionsAsync(new() { Namespace = "default", PageSize = 1, NextPageToken = token });
            infos.Add(Assert.Single(page.Executions));
            token = page.NextPageToken;
        }
        while (!token.IsEmpty);
        seen.AddRange(infos.Select(i => i.Execution.WorkflowId));
        Assert.Equal([newer.Id, older.Id], seen);
        Assert.Equal((WorkflowExecutionStatus.Completed, "HelloWorkflow", older.RunId), (infos[1].Status, infos[1].Type.Name, infos[1].Execution.RunId));

        foreach (var query in (string[])[$"WorkflowId = '{older.Id}'", $"RunId = '{older.RunId}'", $"CloseTime < '{infos[0].CloseTime.ToDateTimeOffset():O}'"])
        {
            var found = await client.WorkflowService.ListArchivedWorkflowExecutionsAsync(new() { Namespace = "default", Query = query });
            Assert.Equal(older.Id, Assert.Single(found.Executions).Execution.WorkflowId);
        }

        var refused = await RefusedAsync(() => client.WorkflowService.ListArchivedWorkflowExecutionsAsync(new() { Namespace = "default", Query = "WorkflowType = 'HelloWorkflow'" }));
        Assert.Equal(RpcException.StatusCode.InvalidArgument, refused.Code);
        Assert.Contains("WorkflowType = 'HelloWorkflow' cannot be asked of archived executions", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>By the run id alone, as if it was still there.</summary>
    private static async Task IsExportedAsync(RunningHost host, WorkflowHandle run, string file)
    {
        using var http = host.Client();
        Assert.Equal(ArchivedRun.Text(file), await http.GetStringAsync(ExportOf(run.RunId!), Ct));
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(ExportOf(Guid.NewGuid().ToString()), Ct)).StatusCode);
    }

    private static async Task CannotBeExportedAsync(RunningHost host, WorkflowHandle run, string file)
    {
        await File.WriteAllTextAsync(file, "not packed", Ct);
        using var http = host.Client();
        var answer = await http.GetAsync(ExportOf(run.RunId!), Ct);
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Ct))!;
        Assert.EndsWith("/archive-unreadable", problem["type"]!.ToString(), StringComparison.Ordinal);
        Assert.StartsWith($"The archive cannot be read: {run.RunId}.json.gz: ", problem["detail"]!.ToString(), StringComparison.Ordinal);
        Assert.Contains("Restore the file from a backup", problem["detail"]!.ToString(), StringComparison.Ordinal);
    }

    private static Uri ExportOf(string run) => new($"/api/v1/workflowruns/default/{run}/history", UriKind.Relative);

    /// <summary>The ledger still knows the history, and a change of the file is found out.</summary>
    private static async Task IsEvidenceAsync(RunningHost host, WorkflowHandle run, string file)
    {
        var evidence = await CheckAsync(host, run.RunId!);
        Assert.Equal(("Verified", run.Id, "Completed"), (evidence.Verdict(), evidence["workflowId"]!.ToString(), evidence["status"]!.ToString()));
        Assert.Equal(evidence["ledgerDigest"]!.ToString(), evidence["digest"]!.ToString());

        var text = ArchivedRun.Text(file);
        var changed = text.Replace("HelloWorkflow", "OtherWorkflow", StringComparison.Ordinal);
        Assert.NotEqual(text, changed);
        await using (var packed = new GZipStream(File.Create(file), CompressionLevel.Fastest))
        {
            await packed.WriteAsync(Encoding.UTF8.GetBytes(changed), Ct);
        }

        Assert.Equal("Altered", (await CheckAsync(host, run.RunId!)).Verdict());
    }

    private static async Task<JsonObject> CheckAsync(RunningHost host, string run)
    {
        using var http = host.Client();
        return (await http.GetFromJsonAsync<JsonObject>($"/api/v1/workflowruns/default/{run}/evidence", Ct))!;
    }

    private static async Task<WorkflowHandle> ClosedAsync(TemporalClient client, string id)
    {
        var handle = await client.StartWorkflowAsync((ListeningWorkflow w) => w.RunAsync(), new WorkflowOptions(id, "nobody"));
        await handle.TerminateAsync();
        return handle;
    }

    private static Task<TemporalClient> PlainAsync(RunningHost host) => TemporalClient.ConnectAsync(
        new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}") { Namespace = "plain", ApiKey = host.Token, Tls = new TlsOptions { Disabled = true } });

    private static Task<RegisterNamespaceResponse> RegisterAsync(TemporalClient client, string name, RegisterNamespaceRequest? request = null)
    {
        request ??= new RegisterNamespaceRequest();
        (request.Namespace, request.WorkflowExecutionRetentionPeriod) = (name, Duration.FromTimeSpan(TimeSpan.FromDays(3)));
        return client.WorkflowService.RegisterNamespaceAsync(request);
    }

    private static async Task<(ArchivalState History, string HistoryUri, ArchivalState Visibility, string VisibilityUri)> StateAsync(TemporalClient client, string ns)
    {
        var config = (await client.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = ns })).Config;
        return (config.HistoryArchivalState, config.HistoryArchivalUri, config.VisibilityArchivalState, config.VisibilityArchivalUri);
    }

    private static Task<GetWorkflowExecutionHistoryResponse> HistoryAsync(TemporalClient client, string id, string run, GetWorkflowExecutionHistoryRequest request)
    {
        (request.Namespace, request.Execution) = ("default", new() { WorkflowId = id, RunId = run });
        return client.WorkflowService.GetWorkflowExecutionHistoryAsync(request);
    }

    private static async Task<List<HistoryEvent>> PagedAsync(TemporalClient client, string id, string run)
    {
        var (events, token) = (new List<HistoryEvent>(), ByteString.Empty);
        do
        {
            var page = await HistoryAsync(client, id, run, new() { MaximumPageSize = 2, NextPageToken = token });
            Assert.True(page.Archived);
            Assert.InRange(page.History.Events.Count, 1, 2);
            events.AddRange(page.History.Events);
            token = page.NextPageToken;
        }
        while (!token.IsEmpty);
        return events;
    }

    private static Task UntilGoneAsync(RunningHost host, params WorkflowHandle[] runs) =>
        Task.WhenAll(runs.Select(r => DeletionTests.UntilGoneAsync(host, r.ResultRunId!))).WaitAsync(Patience * 2, Ct);

    private static Task<RpcException> RefusedAsync(Func<Task> call) => Assert.ThrowsAsync<RpcException>(call);

    private static async Task NotFoundAsync(Func<Task> call) => Assert.Equal(RpcException.StatusCode.NotFound, (await RefusedAsync(call)).Code);
}
