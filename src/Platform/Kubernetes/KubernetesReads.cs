using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Platform.Kubernetes;

/// <summary>Get, list and watch. Plain JSON answers copy the stored bytes and parse nothing.</summary>
internal sealed class KubernetesReads(
    ResourceStore store, Compaction compaction, Tables tables, WatchStream watches, LedgerWriter writer, TimeProvider clock)
{
    private const int MaxPage = 500;
    private static readonly TimeSpan LongestWatch = TimeSpan.FromMinutes(60);

    public async Task GetAsync(HttpContext context, Caller caller, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        var key = kind.Key(info.Namespace, info.Name);
        if (AccessRules.Refuse(caller, "get", kind, info.Namespace) is { } why)
        {
            await context.Response.ProblemAsync(Catalogue.Forbidden(caller.Name, "get", key, why), ct);
            return;
        }

        if (await store.FindAsync(key, ct) is not { } found)
        {
            await context.Response.ProblemAsync(Catalogue.NotFound(key), ct);
            return;
        }

        if (kind.Sealed)
        {
            await RecordReadingAsync(caller, [found], ct);
        }

        var form = AcceptedForm.Of(context.Request);
        await (form.IsTable
            ? context.Response.NodeAsync(StatusCodes.Status200OK, tables.Table(
                kind, [found.ToDocument()], new JsonObject { ["resourceVersion"] = Text(found.Version) }, true, form.IncludeObject), ct)
            : form.IsPartial ? context.Response.NodeAsync(StatusCodes.Status200OK, Tables.Partial(found.ToDocument()), ct)
            : context.Response.BytesAsync(StatusCodes.Status200OK, kind.AsRequested(found.Body), ct));
    }

    public async Task ListOrWatchAsync(HttpContext context, Caller caller, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        var request = context.Request;
        var watch = (string?)request.Query["watch"] is "true" or "1";
        var verb = watch ? "watch" : "list";
        if (AccessRules.Refuse(caller, verb, kind, info.Namespace) is { } why)
        {
            await context.Response.ProblemAsync(Catalogue.Forbidden(caller.Name, verb, kind.Key(info.Namespace, ""), why), ct);
            return;
        }

        var (selection, problem) = QueryReader.Selection(request, info);
        if (problem is not null)
        {
            await context.Response.ProblemAsync(problem, ct);
            return;
        }

        var form = AcceptedForm.Of(request);
        if (!watch)
        {
            await ListAsync(context, caller, kind, info, selection!, form, ct);
            return;
        }

        var seconds = QueryReader.Number(request, "timeoutSeconds");
        await watches.ServeAsync(context, new WatchQuery(
            kind, selection!.Namespace, selection.Name, selection.Labels, QueryReader.Number(request, "resourceVersion"),
            (string?)request.Query["allowWatchBookmarks"] is "true" or "1", (string?)request.Query["sendInitialEvents"] == "true",
            seconds is { } s ? TimeSpan.FromSeconds(Math.Min(s, LongestWatch.TotalSeconds)) : LongestWatch, form.IsTable, form.IncludeObject), clock);
    }

    private async Task ListAsync(
        HttpContext context, Caller caller, KindDefinition kind, RequestInfo info, Selection selection, AcceptedForm form, CancellationToken ct)
    {
        var limit = (int)Math.Min(QueryReader.Number(context.Request, "limit") ?? 0, int.MaxValue);
        Continuation? from = null;
        if ((string?)context.Request.Query["continue"] is { Length: > 0 } token && !Continuation.TryParse(token, out from))
        {
            await context.Response.ProblemAsync(Catalogue.BadRequest("the continue token is not one of this server's; list again without it"), ct);
            return;
        }

        if (await ExpiredAsync(context.Request, from, ct) is { } expired)
        {
            await context.Response.ProblemAsync(expired, ct);
            return;
        }

        if (QueryReader.Number(context.Request, "limit") is > MaxPage)
        {
            limit = MaxPage;
        }

        var page = await store.ListAsync(new ListQuery(
            kind.Id, selection.Namespace, selection.Labels, selection.Name, limit, from is null ? null : (from.Namespace, from.Name)), ct);
        if (kind.Sealed && page.Items.Count > 0)
        {
            await RecordReadingAsync(caller, page.Items, ct);
        }

        var version = from?.Version ?? page.Version;
        var metadata = new JsonObject { ["resourceVersion"] = Text(version) };
        if (page.More)
        {
            var last = page.Items[^1].Key;
            metadata["continue"] = new Continuation(version, last.Namespace, last.Name).ToString();
        }

        if (form.IsTable)
        {
            await context.Response.NodeAsync(
                StatusCodes.Status200OK, tables.Table(kind, page.Items.Select(i => i.ToDocument()), metadata, true, form.IncludeObject), ct);
            return;
        }

        if (form.IsPartial)
        {
            await context.Response.NodeAsync(StatusCodes.Status200OK, new JsonObject
            {
                ["kind"] = "PartialObjectMetadataList",
                ["apiVersion"] = "meta.k8s.io/v1",
                ["metadata"] = metadata,
                ["items"] = new JsonArray([.. page.Items.Select(i => Tables.Partial(i.ToDocument()))]),
            }, ct);
            return;
        }

        await WriteListAsync(context.Response, kind, metadata, page.Items, ct);
    }

    /// <summary>
    /// A list that continues one from before the oldest kept version, or that names such a version exactly: with <c>resourceVersionMatch=Exact</c>,
    /// or by a limit without it. Any other list takes its version as the least to be served, and what there is now is newer.
    /// </summary>
    private async Task<Problem?> ExpiredAsync(HttpRequest request, Continuation? from, CancellationToken ct)
    {
        var isExact = (string?)request.Query["resourceVersionMatch"] is { Length: > 0 } match
            ? match == "Exact"
            : QueryReader.Number(request, "limit") is > 0;
        var version = from?.Version ?? (isExact ? QueryReader.Number(request, "resourceVersion") : null);
        if (version is not > 0 || await compaction.PointAsync(ct) is var point && version >= point)
        {
            return null;
        }

        return Catalogue.Expired(from is null
            ? $"too old resource version: {version} ({point})"
            : "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.");
    }

    private static async Task WriteListAsync(
        HttpResponse response, KindDefinition kind, JsonObject metadata, IReadOnlyList<StoredResource> items, CancellationToken ct)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = KubernetesResponses.Json;
        var body = response.BodyWriter;
        Encoding.UTF8.GetBytes(
            $"{{\"kind\":\"{kind.ListKind}\",\"apiVersion\":\"{kind.RequestApiVersion}\",\"metadata\":{metadata.ToJsonString()},\"items\":[", body);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
            {
                body.Write(","u8);
            }

            body.Write(kind.AsRequested(items[i].Body).Span);
            if (body.UnflushedBytes > 64 * 1024)
            {
                await body.FlushAsync(ct);
            }
        }

        body.Write("]}"u8);
        await body.FlushAsync(ct);
    }

    /// <summary>A person's reading of a secret's value is a ledger row; the platform's own is not.</summary>
    private async Task RecordReadingAsync(Caller caller, IReadOnlyList<StoredResource> read, CancellationToken ct)
    {
        if (caller.IsSystem)
        {
            return;
        }

        await writer.CommitAsync(new Unit
        {
            Actor = caller.Actor,
            Origin = "api",
            Notes = [.. read.Select(r => new LedgerNote(r.Key, "read", ""))],
        }, ct);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Which representation a client accepts.</summary>
internal readonly record struct AcceptedForm(bool IsTable, bool IsPartial, string IncludeObject)
{
    public static AcceptedForm Of(HttpRequest request)
    {
        var first = request.Headers.Accept.ToString().Split(',')[0];
        return new AcceptedForm(
            first.Contains("as=Table", StringComparison.Ordinal),
            first.Contains("as=PartialObjectMetadata", StringComparison.Ordinal),
            (string?)request.Query["includeObject"] ?? "Metadata");
    }
}
