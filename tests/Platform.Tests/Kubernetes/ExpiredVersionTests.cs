using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Kubernetes;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Flagstone.Platform.Tests.Storage;
using Microsoft.AspNetCore.Http;
using static Flagstone.Platform.Tests.Storage.KernelStore;

namespace Flagstone.Platform.Tests.Kubernetes;

/// <summary>Lists and watches that name a version from before the oldest one kept, here 3 of 5.</summary>
public sealed class ExpiredVersionTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("flagstone-expired-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_watch_from_before_gets_one_error_event_with_410_and_ends()
    {
        await using var store = await CompactedAsync();

        var (status, body) = await AskAsync(store, "?watch=true&resourceVersion=2");

        Assert.Equal(200, status);
        var only = JsonNode.Parse(Assert.Single(body.Split('\n', StringSplitOptions.RemoveEmptyEntries)))!;
        Assert.Equal(("ERROR", "Expired", "410"), (only.Text("type"), only["object"].Text("reason"), only["object"]!["code"]!.ToString()));
        Assert.Equal("too old resource version: 2 (3)", only["object"].Text("message"));
    }

    [Fact]
    public async Task A_watch_from_the_oldest_kept_version_misses_nothing()
    {
        await using var store = await CompactedAsync();

        var (_, body) = await AskAsync(store, "?watch=true&resourceVersion=3&timeoutSeconds=1");

        Assert.Equal(
            [("MODIFIED", "a", "4"), ("DELETED", "b", "5")],
            body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).Select(e =>
                (e.Text("type"), e["object"]!["metadata"].Text("name"), e["object"]!["metadata"].Text("resourceVersion"))));
    }

    [Theory]
    [InlineData("?resourceVersion=2&resourceVersionMatch=Exact", "too old resource version: 2 (3)")]
    [InlineData("?resourceVersion=2&limit=1", "too old resource version: 2 (3)")]
    [InlineData("?limit=1&continue=2", "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.")]
    public async Task A_list_of_just_such_a_version_is_expired(string query, string message)
    {
        await using var store = await CompactedAsync();

        var (status, body) = await AskAsync(store, query.Replace("continue=2", $"continue={Uri.EscapeDataString(new Continuation(2, "default", "0").ToString())}", StringComparison.Ordinal));

        Assert.Equal(410, status);
        Assert.Equal(("Expired", message), (JsonNode.Parse(body).Text("reason"), JsonNode.Parse(body).Text("message")));
    }

    [Theory]
    [InlineData("?resourceVersion=2")]
    [InlineData("?resourceVersion=2&resourceVersionMatch=NotOlderThan&limit=1")]
    [InlineData("?resourceVersion=0&limit=1")]
    [InlineData("?limit=1&continue=3")]
    public async Task A_list_that_may_be_newer_or_goes_on_from_a_kept_version_is_served(string query)
    {
        await using var store = await CompactedAsync();

        var (status, body) = await AskAsync(store, query.Replace("continue=3", $"continue={Uri.EscapeDataString(new Continuation(3, "default", "0").ToString())}", StringComparison.Ordinal));

        Assert.Equal(200, status);
        Assert.Equal(["a"], JsonNode.Parse(body)!["items"]!.AsArray().Select(i => i!["metadata"].Text("name")));
    }

    private async Task<KernelStore> CompactedAsync()
    {
        var store = await OpenAsync(new SqliteDatabase(Path.Combine(folder, "flagstone.db")), Ct);
        await store.CommitAsync(Create(Widget("a")));
        await store.CommitAsync(Create(Widget("b")), Update(Widget("a"), 1, "second"));
        await store.CommitAsync(Update(Widget("a"), 3, "third"));
        await store.CommitAsync(Delete(Widget("b"), 2));
        await store.Writer.CommitAsync(new Unit { Actor = new Actor("u-test"), Origin = "reconcile", Sql = [FeedCursors.Move("dispatcher", 0, 5)] }, Ct);
        await store.Compaction.StepAsync((await new LedgerHistory(store.Database).AtAsync(4, Ct))!.At, Ct);
        Assert.Equal(3, await store.Compaction.PointAsync(Ct));
        return store;
    }

    private static async Task<(int Status, string Body)> AskAsync(KernelStore store, string query)
    {
        var tables = new Tables(TimeProvider.System);
        var watches = new WatchStream(store.Tail, store.Resources, store.Compaction, tables);
        var reads = new KubernetesReads(store.Resources, store.Compaction, tables, watches, store.Writer, TimeProvider.System);
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { Request = { QueryString = new QueryString(query) }, Response = { Body = body } };
        await reads.ListOrWatchAsync(
            context, new Caller(new Actor("u-test"), "test", Role.Administrator), store.Kinds.Find(Widgets)!,
            new RequestInfo(Widgets.Group, "v1", "default", Widgets.Plural, "", ""), Ct);
        await context.Response.BodyWriter.FlushAsync(Ct);
        return (context.Response.StatusCode, System.Text.Encoding.UTF8.GetString(body.ToArray()));
    }
}
