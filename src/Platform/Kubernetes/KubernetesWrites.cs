using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Platform.Kubernetes;

/// <summary>Create, replace, patch and delete: the request is read here, and decided and stored by the gateway.</summary>
internal sealed class KubernetesWrites(ResourceGateway gateway, ResourceStore store, PatchRequests patches, IEnumerable<IChangePreview> previews)
{
    public async Task CreateAsync(HttpContext context, Caller caller, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        var (options, problem) = QueryReader.Options(context.Request, info);
        JsonObject? document = null;
        if (problem is null)
        {
            (document, problem) = await BodyReader.DocumentAsync(context.Request, ct);
        }

        problem ??= CheckBody(document!, kind, info);
        await (problem is not null
            ? context.Response.ProblemAsync(problem, ct)
            : AnswerAsync(
                context.Response, kind, await PreviewAsync(caller, kind, options!, await gateway.CreateAsync(caller, kind, info.Namespace, document!, options!, ct), ct), ct));
    }

    public async Task ReplaceAsync(HttpContext context, Caller caller, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        var (options, problem) = QueryReader.Options(context.Request, info);
        JsonObject? document = null;
        if (problem is null)
        {
            (document, problem) = await BodyReader.DocumentAsync(context.Request, ct);
        }

        problem ??= CheckBody(document!, kind, info);
        if (problem is not null)
        {
            await context.Response.ProblemAsync(problem, ct);
            return;
        }

        var key = kind.Key(info.Namespace, info.Name);
        var outcome = await gateway.UpdateAsync(
            caller, kind, key, (_, _) => new(((JsonObject?)document!.DeepClone(), (Problem?)null)), options!, ct);
        await AnswerAsync(context.Response, kind, await PreviewAsync(caller, kind, options!, outcome, ct), ct);
    }

    public async Task PatchAsync(HttpContext context, Caller caller, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        var (options, problem) = QueryReader.Options(context.Request, info, "patch");
        PatchRequest? patch = null;
        if (problem is null)
        {
            (patch, problem) = await patches.ReadAsync(context.Request, kind, options!, ct);
        }

        if (problem is not null)
        {
            await context.Response.ProblemAsync(problem, ct);
            return;
        }

        var key = kind.Key(info.Namespace, info.Name);
        // Server-side apply makes what is not there; two that try at once meet at the creation, and the second applies on top.
        if (patch!.CreatesWhenAbsent && info.Subresource.Length == 0 && await store.FindAsync(key, ct) is null)
        {
            var created = await gateway.CreateAsync(caller, kind, info.Namespace, patch.Document!, patch.Options, ct);
            if (created is not Refused { Problem.Reason: "AlreadyExists" })
            {
                await AnswerAsync(context.Response, kind, await PreviewAsync(caller, kind, patch.Options, created, ct), ct);
                return;
            }
        }

        var outcome = await gateway.UpdateAsync(caller, kind, key, (current, token) => patch.ApplyAsync(kind.AsRequested(current), token), patch.Options, ct);
        await AnswerAsync(context.Response, kind, await PreviewAsync(caller, kind, patch.Options, outcome, ct), ct);
    }

    public async Task DeleteAsync(HttpContext context, Caller caller, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        var (delete, options, problem) = await ReadDeleteAsync(context.Request, info, ct);
        if (problem is not null)
        {
            await context.Response.ProblemAsync(problem, ct);
            return;
        }

        var key = kind.Key(info.Namespace, info.Name);
        var outcome = await gateway.DeleteAsync(caller, kind, key, delete!, options!, ct);
        await (outcome is Written { Gone: true } gone
            ? context.Response.NodeAsync(
                StatusCodes.Status200OK, KubernetesResponses.Deleted(kind.Id.Group, kind.Id.Plural, info.Name, gone.Resource.Uid), ct)
            : AnswerAsync(context.Response, kind, outcome, ct));
    }

    public async Task DeleteCollectionAsync(HttpContext context, Caller caller, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        const int page = 500;
        var (selection, problem) = QueryReader.Selection(context.Request, info);
        var (delete, options, bodyProblem) = await ReadDeleteAsync(context.Request, info, ct);
        problem ??= bodyProblem;
        if (problem is not null)
        {
            await context.Response.ProblemAsync(problem, ct);
            return;
        }

        (string, string)? after = null;
        while (true)
        {
            var found = await store.ListAsync(new ListQuery(kind.Id, selection!.Namespace, selection.Labels, selection.Name, page, after), ct);
            foreach (var item in found.Items)
            {
                if (await gateway.DeleteAsync(caller, kind, item.Key, delete! with { Uid = item.Uid }, options!, ct) is Refused { Problem: { Status: not (404 or 409) } refused })
                {
                    await context.Response.ProblemAsync(refused, ct);
                    return;
                }
            }

            if (!found.More)
            {
                break;
            }

            after = (found.Items[^1].Key.Namespace, found.Items[^1].Key.Name);
        }

        await context.Response.NodeAsync(StatusCodes.Status200OK, new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
        }, ct);
    }

    /// <summary>Of what was only tried: the same with what would follow from it.</summary>
    private async Task<WriteOutcome> PreviewAsync(Caller caller, KindDefinition kind, WriteOptions options, WriteOutcome outcome, CancellationToken ct)
    {
        if (!options.DryRun || options.Subresource.Length > 0 || outcome is not Written written)
        {
            return outcome;
        }

        foreach (var preview in previews)
        {
            var document = written.Resource.ToDocument();
            if (await preview.PreviewAsync(caller, kind, document, ct) is { } plan)
            {
                var status = document["status"] as JsonObject ?? [];
                status["plan"] = plan;
                document["status"] = status;
                return written with { Resource = written.Resource with { Body = JsonSerializer.SerializeToUtf8Bytes(document) } };
            }
        }

        return outcome;
    }

    private static async Task<(DeleteOptions? Delete, WriteOptions? Options, Problem? Problem)> ReadDeleteAsync(HttpRequest request, RequestInfo info, CancellationToken ct)
    {
        JsonObject? body = null;
        if (request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0)
        {
            (body, var problem) = await BodyReader.DocumentAsync(request, ct);
            if (problem is not null)
            {
                return (null, null, problem);
            }
        }

        var (delete, dryRun, badQuery) = QueryReader.Delete(request, body);
        return badQuery is not null
            ? (null, null, badQuery)
            : (delete, new WriteOptions { DryRun = dryRun, Correlation = request.HttpContext.TraceIdentifier, Verb = "delete" }, null);
    }

    private static Problem? CheckBody(JsonObject document, KindDefinition kind, RequestInfo info)
    {
        var (apiVersion, name) = (document.Text("apiVersion"), document.Text("kind"));
        if (name.Length > 0 && name != kind.Kind)
        {
            return Catalogue.BadRequest($"the body is of kind {name}, and this path takes {kind.Kind}");
        }

        if (apiVersion.Length > 0 && apiVersion != kind.RequestApiVersion)
        {
            return Catalogue.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({kind.RequestApiVersion})");
        }

        if (kind.Namespaced && info.Namespace.Length == 0)
        {
            return Catalogue.BadRequest($"an empty namespace may not be set during creation: {kind.Kind} is namespaced");
        }

        return document.NamespaceOf() is { Length: > 0 } ns && kind.Namespaced && ns != info.Namespace
            ? Catalogue.BadRequest($"the namespace of the provided object does not match the namespace sent on the request ({ns}, {info.Namespace})")
            : null;
    }

    private static Task AnswerAsync(HttpResponse response, KindDefinition kind, WriteOutcome outcome, CancellationToken ct)
    {
        switch (outcome)
        {
            case Refused refused:
                return response.ProblemAsync(refused.Problem, ct);
            case Written written:
                foreach (var warning in written.Warnings)
                {
                    // RFC 7234 section 5.5: code 299, no agent, the text quoted.
                    response.Headers.Append("Warning", $"299 - \"{Quotable(warning)}\"");
                }

                return response.BytesAsync(written.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK, kind.AsRequested(written.Resource.Body), ct);
            default:
                throw new System.Diagnostics.UnreachableException($"outcome {outcome.GetType().Name}");
        }
    }

    private static string Quotable(string text) =>
        string.Concat(text.Select(c => c is '"' or '\\' ? $"\\{c}" : c is < ' ' or > '~' ? "?" : c.ToString()));
}
