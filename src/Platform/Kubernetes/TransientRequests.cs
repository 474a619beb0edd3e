using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Platform.Kubernetes;

/// <summary>Serves Events and Leases: get, list, watch, create, replace, merge patch and delete.</summary>
internal sealed class TransientRequests(TransientResources transients, Tables tables, PatchRequests patches, TimeProvider clock)
{
    private const int MaxItems = 5000;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWatch = TimeSpan.FromMinutes(60);

    public async Task HandleAsync(HttpContext context, Caller caller, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        var watch = (string?)context.Request.Query["watch"] is "true" or "1";
        var verb = context.Request.Method switch
        {
            "GET" => watch ? "watch" : info.Name.Length > 0 ? "get" : "list",
            "POST" => "create",
            "DELETE" => "delete",
            _ => "update",
        };
        if (AccessRules.Refuse(caller, verb, kind, info.Namespace) is { } why)
        {
            await context.Response.ProblemAsync(Catalogue.Forbidden(caller.Name, verb, kind.Key(info.Namespace, info.Name), why), ct);
            return;
        }

        await (verb switch
        {
            "watch" => WatchAsync(context, kind, info, ct),
            "list" => ListAsync(context, kind, info, ct),
            "get" => GetAsync(context, kind, info, ct),
            "delete" => DeleteAsync(context, kind, info, ct),
            _ => PutAsync(context, kind, info, ct),
        });
    }

    private async Task ListAsync(HttpContext context, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        var found = await SelectAsync(context.Request, kind, info, 0, ct);
        var metadata = new JsonObject { ["resourceVersion"] = Text(found.Count > 0 ? found[^1].Version : 0) };
        var form = AcceptedForm.Of(context.Request);
        await context.Response.NodeAsync(StatusCodes.Status200OK, form.IsTable
            ? tables.Table(kind, found.Select(f => f.ToDocument()), metadata, true, form.IncludeObject)
            : new JsonObject
            {
                ["kind"] = kind.ListKind,
                ["apiVersion"] = kind.ApiVersion,
                ["metadata"] = metadata,
                ["items"] = new JsonArray([.. found.Select(f => f.ToDocument())]),
            }, ct);
    }

    private async Task GetAsync(HttpContext context, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        var found = await transients.FindAsync(kind, info.Namespace, info.Name, ct);
        var form = AcceptedForm.Of(context.Request);
        await (found is null ? context.Response.ProblemAsync(Catalogue.NotFound(kind.Key(info.Namespace, info.Name)), ct)
            : form.IsTable ? context.Response.NodeAsync(
                StatusCodes.Status200OK, tables.Table(kind, [found.ToDocument()], new JsonObject { ["resourceVersion"] = Text(found.Version) }, true, form.IncludeObject), ct)
            : context.Response.BytesAsync(StatusCodes.Status200OK, found.Body, ct));
    }

    private async Task PutAsync(HttpContext context, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        var creating = context.Request.Method == "POST";
        var existing = creating ? null : await transients.FindAsync(kind, info.Namespace, info.Name, ct);
        var (document, problem) = ((JsonObject?)null, (Problem?)null);
        if (!creating && existing is null)
        {
            problem = Catalogue.NotFound(kind.Key(info.Namespace, info.Name));
        }
        else if (context.Request.Method == "PATCH")
        {
            (var patch, problem) = await patches.ReadAsync(context.Request, kind, new Gateway.WriteOptions(), ct);
            if (patch is not null)
            {
                (document, problem) = await patch.ApplyAsync(existing!.ToDocument(), ct);
            }
        }
        else
        {
            (document, problem) = await BodyReader.DocumentAsync(context.Request, ct);
        }

        if (problem is not null)
        {
            await context.Response.ProblemAsync(problem, ct);
            return;
        }

        var accepted = document!;
        var metadata = accepted.Metadata();
        metadata["namespace"] = info.Namespace;
        metadata["name"] ??= info.Name.Length > 0 ? info.Name : metadata.Text("generateName") + Guid.NewGuid().ToString("N")[..8];
        if (creating && await transients.FindAsync(kind, info.Namespace, accepted.NameOf(), ct) is not null)
        {
            await context.Response.ProblemAsync(Catalogue.AlreadyExists(kind.Key(info.Namespace, accepted.NameOf())), ct);
            return;
        }

        await transients.PutAsync(kind, accepted, ct);
        var stored = await transients.FindAsync(kind, info.Namespace, accepted.NameOf(), ct);
        await context.Response.BytesAsync(creating ? StatusCodes.Status201Created : StatusCodes.Status200OK, stored!.Body, ct);
    }

    private async Task DeleteAsync(HttpContext context, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        if (await transients.FindAsync(kind, info.Namespace, info.Name, ct) is not { } found)
        {
            await context.Response.ProblemAsync(Catalogue.NotFound(kind.Key(info.Namespace, info.Name)), ct);
            return;
        }

        await transients.RemoveAsync(found.Key, ct);
        await context.Response.NodeAsync(StatusCodes.Status200OK, KubernetesResponses.Deleted(kind.Id.Group, kind.Id.Plural, info.Name, found.Uid), ct);
    }

    /// <summary>Polls: what is transient needs no better.</summary>
    private async Task WatchAsync(HttpContext context, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        end.CancelAfter(QueryReader.Number(context.Request, "timeoutSeconds") is { } s ? TimeSpan.FromSeconds(Math.Min(s, LongestWatch.TotalSeconds)) : LongestWatch);
        var after = QueryReader.Number(context.Request, "resourceVersion") ?? 0;
        var form = AcceptedForm.Of(context.Request);
        context.Response.ContentType = KubernetesResponses.Json;
        try
        {
            await context.Response.StartAsync(end.Token);
            for (var columns = true; ; await Task.Delay(Poll, clock, end.Token))
            {
                foreach (var item in await SelectAsync(context.Request, kind, info, after, end.Token))
                {
                    after = item.Version;
                    JsonNode shown = form.IsTable
                        ? tables.Table(kind, [item.ToDocument()], new JsonObject { ["resourceVersion"] = Text(item.Version) }, columns, form.IncludeObject)
                        : item.ToDocument();
                    columns = false;
                    var line = KubernetesResponses.ToBytes(new JsonObject { ["type"] = "ADDED", ["object"] = shown });
                    await context.Response.Body.WriteAsync((byte[])[.. line, (byte)'\n'], end.Token);
                }

                await context.Response.Body.FlushAsync(end.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client left, or its time is over.
        }
    }

    private async Task<IReadOnlyList<StoredResource>> SelectAsync(HttpRequest request, KindDefinition kind, RequestInfo info, long after, CancellationToken ct)
    {
        var terms = ((string?)request.Query["fieldSelector"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(t => t.Split('=', 2)).Where(t => t.Length == 2).ToList();
        var found = await transients.ListAsync(kind, info.Namespace.Length > 0 ? info.Namespace : null, after, MaxItems, ct);
        return terms.Count == 0 ? found : [.. found.Where(f => Matches(f.ToDocument(), terms))];
    }

    private static bool Matches(JsonObject document, List<string[]> terms) => terms.TrueForAll(term =>
    {
        var unequal = term[0].EndsWith('!');
        var value = JsonPath.Evaluate(document, "." + term[0].TrimEnd('!'))?.ToString() ?? "";
        return value == term[1].TrimStart('=') != unequal;
    });

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
