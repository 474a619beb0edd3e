using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Platform.Kubernetes;

/// <summary>What a list or watch selects.</summary>
internal sealed record Selection(string? Namespace, string? Name, LabelSelector Labels);

/// <summary>The place where the next page starts, and the version that all pages share.</summary>
internal sealed record Continuation(long Version, string Namespace, string Name)
{
    public override string ToString() => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(this));

    public static bool TryParse(string text, [NotNullWhen(true)] out Continuation? continuation)
    {
        try
        {
            continuation = JsonSerializer.Deserialize<Continuation>(Convert.FromBase64String(text));
            return continuation is not null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            continuation = null;
            return false;
        }
    }
}

/// <summary>Reads the query parameters of the Kubernetes API.</summary>
internal static class QueryReader
{
    private static readonly string[] Numbers = ["limit", "resourceVersion", "timeoutSeconds"];

    public static (Selection? Selection, Problem? Problem) Selection(HttpRequest request, RequestInfo info)
    {
        foreach (var name in Numbers)
        {
            if (request.Query[name] is [{ Length: > 0 } text] && Number(request, name) is null)
            {
                return (null, Catalogue.BadRequest($"{name}={text}: a whole number is expected"));
            }
        }

        if (!LabelSelector.TryParse(request.Query["labelSelector"], out var labels, out var error))
        {
            return (null, Catalogue.BadRequest(error));
        }

        string? only = info.Name.Length > 0 ? info.Name : null;
        var ns = info.Namespace.Length > 0 ? info.Namespace : null;
        foreach (var term in ((string?)request.Query["fieldSelector"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = term.Split('=', 2);
            switch (parts[0].TrimEnd('!'))
            {
                case "metadata.name" when parts.Length == 2 && !parts[0].EndsWith('!'):
                    only = parts[1].TrimStart('=');
                    break;
                case "metadata.namespace" when parts.Length == 2 && !parts[0].EndsWith('!'):
                    ns = parts[1].TrimStart('=');
                    break;
                default:
                    return (null, Catalogue.BadRequest($"field label not supported: {term}; use metadata.name=NAME or metadata.namespace=NAMESPACE"));
            }
        }

        return (new Selection(ns, only, labels), null);
    }

    public static (WriteOptions? Options, Problem? Problem) Options(HttpRequest request, RequestInfo info, string verb = "")
    {
        var dryRun = (string?)request.Query["dryRun"];
        if (dryRun is not (null or "" or "All"))
        {
            return (null, Catalogue.BadRequest($"dryRun={dryRun} is not known; use dryRun=All"));
        }

        var fields = (string?)request.Query["fieldValidation"] switch
        {
            "Strict" => FieldValidation.Strict,
            "Ignore" => FieldValidation.Ignore,
            null or "" or "Warn" => FieldValidation.Warn,
            _ => (FieldValidation?)null,
        };
        if (fields is null)
        {
            return (null, Catalogue.BadRequest($"fieldValidation={request.Query["fieldValidation"]} is not known; use Ignore, Warn or Strict"));
        }

        var manager = (string?)request.Query["fieldManager"];
        return (new WriteOptions
        {
            DryRun = dryRun == "All",
            Fields = fields.Value,
            FieldManager = manager is { Length: > 0 } ? manager : ManagerOf(request.Headers.UserAgent.ToString()),
            Subresource = info.Subresource,
            Verb = verb,
            Correlation = request.HttpContext.TraceIdentifier,
        }, null);
    }

    public static (DeleteOptions Delete, bool DryRun, Problem? Problem) Delete(HttpRequest request, JsonObject? body)
    {
        var policy = (string?)request.Query["propagationPolicy"] ?? body.Text("propagationPolicy");
        var propagation = policy switch
        {
            "" or null or "Background" => Propagation.Background,
            "Foreground" => Propagation.Foreground,
            "Orphan" => Propagation.Orphan,
            _ => (Propagation?)null,
        };
        var dryRun = (string?)request.Query["dryRun"] == "All" || body.At("dryRun") is JsonArray { Count: > 0 };
        if (propagation is null)
        {
            return (new DeleteOptions(), dryRun, Catalogue.BadRequest($"propagationPolicy={policy} is not known; use Background, Foreground or Orphan"));
        }

        var uid = body.At("preconditions").Text("uid");
        var version = body.At("preconditions").Text("resourceVersion");
        return (new DeleteOptions(
            propagation.Value, uid.Length > 0 ? uid : null, long.TryParse(version, CultureInfo.InvariantCulture, out var v) ? v : null), dryRun, null);
    }

    public static long? Number(HttpRequest request, string name) =>
        long.TryParse(request.Query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A client that names no field manager is its program: the user agent up to the slash.</summary>
    private static string ManagerOf(string agent)
    {
        var name = agent.Split('/')[0];
        return name.Length == 0 ? "unknown" : name.Length > 128 ? name[..128] : name;
    }
}
