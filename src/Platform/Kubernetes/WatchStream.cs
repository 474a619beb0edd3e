using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Flagstone.Platform.Kubernetes;

/// <summary>What a watch asks for.</summary>
internal sealed record WatchQuery(
    KindDefinition Kind, string? Namespace, string? Name, LabelSelector Labels, long? Version, bool Bookmarks, bool InitialEvents, TimeSpan? Timeout, bool Table, string IncludeObject);

/// <summary>
/// Serves one watch: the tail of the ledger, filtered, as one JSON event a line. A resource that comes to match a selector is ADDED, one that
/// stops matching is DELETED. No event is lost or doubled: the cursor is the sequence, and the sequence has no gaps.
/// </summary>
internal sealed class WatchStream(LedgerTail tail, ResourceStore store, Compaction compaction, Tables tables)
{
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromSeconds(30);
    private const int PageSize = 500;

    public async Task ServeAsync(HttpContext context, WatchQuery query, TimeProvider clock)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        if (query.Timeout is { } timeout)
        {
            end.CancelAfter(timeout);
        }

        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = KubernetesResponses.Json;
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var writer = new EventWriter(context.Response, query, tables);
        try
        {
            // Clients wait for the headers before they trust what they listed; starting a response alone does not send them.
            await context.Response.StartAsync(end.Token);
            await writer.FlushAsync(end.Token);
            var after = query.Version ?? 0;
            if (after > 0 && after > tail.Head)
            {
                await tail.ReachAsync(after, end.Token).WaitAsync(TimeSpan.FromSeconds(3), clock, end.Token);
            }

            if (after > 0 && after < await compaction.PointAsync(end.Token))
            {
                await writer.ErrorAsync(await GoneAsync(after, end.Token), end.Token);
                return;
            }

            if (after == 0)
            {
                after = await SendAllAsync(writer, query, end.Token);
            }

            await FollowAsync(writer, query, after, end.Token);
        }
        catch (TimeoutException)
        {
            await writer.ErrorAsync(Catalogue.Expired($"too old resource version: {query.Version} ({tail.Head}); list again"), CancellationToken.None);
        }
        catch (OperationCanceledException)
        {
            // The client left, its time is over, or the server stops: a watch ends in the middle.
        }
        catch (IOException)
        {
            // The connection broke: there is nobody to tell.
        }
    }

    /// <summary>All that there is, as ADDED; returns the version from which to follow: that of the first page's snapshot.</summary>
    private async Task<long> SendAllAsync(EventWriter writer, WatchQuery query, CancellationToken ct)
    {
        long? version = null;
        (string, string)? after = null;
        while (true)
        {
            var page = await store.ListAsync(new ListQuery(query.Kind.Id, query.Namespace, query.Labels, query.Name, PageSize, after), ct);
            version ??= page.Version;
            foreach (var item in page.Items)
            {
                // What changed after the first page comes again by the tail; a version past the snapshot is left to it.
                if (item.Version <= version)
                {
                    await writer.EventAsync("ADDED", item.Body, ct);
                }
            }

            if (!page.More)
            {
                break;
            }

            after = (page.Items[^1].Key.Namespace, page.Items[^1].Key.Name);
        }

        if (query.InitialEvents)
        {
            await writer.BookmarkAsync(version.Value, initial: true, ct);
        }

        await writer.FlushAsync(ct);
        return version.Value;
    }

    /// <summary>The API server tells a watcher so by an event, not by the status of the answer, and so do its clients expect it.</summary>
    private async Task<Problem> GoneAsync(long version, CancellationToken ct) =>
        Catalogue.Expired($"too old resource version: {version} ({await compaction.PointAsync(ct)})");

    private async Task FollowAsync(EventWriter writer, WatchQuery query, long after, CancellationToken ct)
    {
        await foreach (var rows in tail.FollowAsync(after, BookmarkEvery, ct))
        {
            foreach (var row in rows)
            {
                after = row.Sequence;
                if (TypeFor(row, query) is { } type)
                {
                    if (row.Body.IsEmpty)
                    {
                        // The watcher fell so far behind that the revision is gone.
                        await writer.ErrorAsync(await GoneAsync(row.Sequence - 1, ct), ct);
                        return;
                    }

                    await writer.EventAsync(type, row.Body, ct);
                }
            }

            if (rows.Count == 0 && query.Bookmarks)
            {
                await writer.BookmarkAsync(after, initial: false, ct);
            }

            await writer.FlushAsync(ct);
        }
    }

    internal static string? TypeFor(CommittedRow row, WatchQuery query)
    {
        if (row.Change == ChangeType.None || row.Key.Kind != query.Kind.Id
            || (query.Namespace is { } ns && ns != row.Key.Namespace) || (query.Name is { } name && name != row.Key.Name))
        {
            return null;
        }

        if (query.Labels.IsEverything)
        {
            return row.Change switch { ChangeType.Added => "ADDED", ChangeType.Deleted => "DELETED", _ => "MODIFIED" };
        }

        var matches = row.Change != ChangeType.Deleted && query.Labels.Matches(LabelText.Parse(row.Labels));
        var matched = row.Change != ChangeType.Added && query.Labels.Matches(LabelText.Parse(row.OldLabels));
        return (matched, matches) switch
        {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            _ => null,
        };
    }

    private sealed class EventWriter(HttpResponse response, WatchQuery query, Tables tables)
    {
        private bool columnsSent;

        public Task EventAsync(string type, ReadOnlyMemory<byte> body, CancellationToken ct)
        {
            if (!query.Table)
            {
                return WriteAsync(type, query.Kind.AsRequested(body), ct);
            }

            var document = JsonNode.Parse(body.Span)!.AsObject();
            var table = tables.Table(
                query.Kind, [document], new JsonObject { ["resourceVersion"] = document["metadata"].Text("resourceVersion") }, !columnsSent, query.IncludeObject);
            columnsSent = true;
            return WriteAsync(type, KubernetesResponses.ToBytes(table), ct);
        }

        public Task BookmarkAsync(long version, bool initial, CancellationToken ct)
        {
            var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture), ["creationTimestamp"] = null };
            if (initial)
            {
                metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
            }

            var bookmark = new JsonObject { ["kind"] = query.Kind.Kind, ["apiVersion"] = query.Kind.RequestApiVersion, ["metadata"] = metadata };
            return WriteAsync("BOOKMARK", KubernetesResponses.ToBytes(bookmark), ct);
        }

        public async Task ErrorAsync(Problem problem, CancellationToken ct)
        {
            await WriteAsync("ERROR", KubernetesResponses.ToBytes(KubernetesResponses.StatusOf(problem)), ct);
            await FlushAsync(ct);
        }

        public Task FlushAsync(CancellationToken ct) => response.Body.FlushAsync(ct);

        private async Task WriteAsync(string type, ReadOnlyMemory<byte> body, CancellationToken ct)
        {
            await response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\",\"object\":"), ct);
            await response.Body.WriteAsync(body, ct);
            await response.Body.WriteAsync("}\n"u8.ToArray(), ct);
        }
    }
}
