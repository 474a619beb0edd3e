using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flagstone.Platform.Patching;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.Aws;

/// <summary>
/// Cloud Control's documented contract over things in memory: signatures are checked, a client token makes one request of many, requests go
/// on for as many looks as a test says, and what is documented to go wrong does so when a test asks for it.
/// </summary>
internal sealed partial class CloudControlServer(TimeProvider clock) : IAsyncDisposable
{
    public const string KeyId = "AKIAEXAMPLE";
    public const string SecretKey = "a-secret-of-tests-that-must-show-nowhere";

    private readonly Lock gate = new();
    private readonly Dictionary<(string Type, string Identifier), JsonObject> things = [];
    private readonly Dictionary<string, Request> requests = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Request> byClientToken = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Operation, string Exception, int Status)> refusals = new();
    private readonly ConcurrentQueue<string> ends = new();
    private WebApplication? app;
    private int made;

    public Uri Url { get; private set; } = new("http://127.0.0.1");

    public ConcurrentQueue<string> Calls { get; } = new();

    public ConcurrentQueue<JsonArray> Patches { get; } = new();

    /// <summary>So many looks a request goes on for.</summary>
    public int Looks { get; set; }

    /// <summary>When it asks to be looked at next.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>So many answers to creations are lost after the effect.</summary>
    public int LosesCreations { get; set; }

    /// <summary>While it is set, calls are not answered.</summary>
    public TaskCompletionSource? Holds { get; set; }

    public int Creations => made;

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync();
        Url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public async ValueTask DisposeAsync()
    {
        Holds?.TrySetResult();
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }

    /// <summary>The next call of an operation is refused; nothing happens.</summary>
    public void Refuse(string operation, string exception, int status = 400) => refusals.Enqueue((operation, exception, status));

    /// <summary>The next request ends with this code; nothing happens.</summary>
    public void End(string errorCode) => ends.Enqueue(errorCode);

    public void Put(string type, string identifier, JsonObject properties)
    {
        lock (gate)
        {
            things[(type, identifier)] = properties;
        }
    }

    public JsonObject? Find(string type, string identifier)
    {
        lock (gate)
        {
            return things.GetValueOrDefault((type, identifier))?.DeepClone().AsObject();
        }
    }

    public IReadOnlyList<string> Identifiers(string type)
    {
        lock (gate)
        {
            return [.. things.Keys.Where(k => k.Type == type).Select(k => k.Identifier)];
        }
    }

    public void Change(string type, string identifier, Action<JsonObject> change)
    {
        lock (gate)
        {
            change(things[(type, identifier)]);
        }
    }

    public void Remove(string type, string identifier)
    {
        lock (gate)
        {
            things.Remove((type, identifier));
        }
    }

    /// <summary>What the last creation of a type was asked for.</summary>
    public JsonObject Given(string type)
    {
        lock (gate)
        {
            return JsonNode.Parse(requests.Values.Last(r => r.Type == type && r.Operation == "CREATE").Given)!.AsObject();
        }
    }

    /// <summary>Whatever goes on ends at the next look.</summary>
    public void HurryAll()
    {
        lock (gate)
        {
            foreach (var request in requests.Values)
            {
                request.Left = Math.Min(request.Left, 1);
            }
        }
    }

    /// <summary>As after seven days.</summary>
    public void ForgetRequests()
    {
        lock (gate)
        {
            requests.Clear();
        }
    }

    /// <summary>As after 36 hours.</summary>
    public void ForgetTokens()
    {
        lock (gate)
        {
            byClientToken.Clear();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var text = await reader.ReadToEndAsync();
        var operation = context.Request.Headers["X-Amz-Target"].ToString().Replace("CloudApiService.", "", StringComparison.Ordinal);
        if (Holds is { } hold)
        {
            await hold.Task;
        }

        if (WhyNotSigned(context.Request, text) is { } unsigned)
        {
            await WriteAsync(context, 403, Problem("InvalidSignatureException", unsigned));
            return;
        }

        Calls.Enqueue(operation);
        if (refusals.TryPeek(out var next) && next.Operation == operation && refusals.TryDequeue(out next))
        {
            await WriteAsync(context, next.Status, Problem(next.Exception, $"injected {next.Exception}"));
            return;
        }

        try
        {
            JsonObject answer;
            bool lost;
            lock (gate)
            {
                answer = Serve(operation, JsonNode.Parse(text)!.AsObject());
                lost = operation == "CreateResource" && LosesCreations > 0;
                LosesCreations -= lost ? 1 : 0;
            }

            if (lost)
            {
                context.Abort();
                return;
            }

            await WriteAsync(context, 200, answer);
        }
        catch (RefusedException e)
        {
            await WriteAsync(context, e.Status, Problem(e.Code, e.Message));
        }
    }

    private JsonObject Serve(string operation, JsonObject body) => operation switch
    {
        "CreateResource" => new() { ["ProgressEvent"] = Create(body) },
        "GetResource" => new() { ["TypeName"] = body.Text("TypeName"), ["ResourceDescription"] = Describe(body.Text("TypeName"), body.Text("Identifier")) },
        "UpdateResource" => new() { ["ProgressEvent"] = Begin(body, "UPDATE", r => Update(r, body)) },
        "DeleteResource" => new() { ["ProgressEvent"] = Begin(body, "DELETE", r => things.Remove((r.Type, r.Identifier))) },
        "ListResources" => new()
        {
            ["ResourceDescriptions"] = new JsonArray([.. things.Keys.Where(k => k.Type == body.Text("TypeName")).Select(k => (JsonNode)Describe(k.Type, k.Identifier))]),
        },
        "GetResourceRequestStatus" => new() { ["ProgressEvent"] = Look(body.Text("RequestToken")).Event(clock, RetryAfter) },
        "CancelResourceRequest" => new() { ["ProgressEvent"] = Cancel(body.Text("RequestToken")).Event(clock, RetryAfter) },
        "ListResourceRequests" => new()
        {
            ["ResourceRequestStatusSummaries"] = new JsonArray([.. requests.Values
                .Where(r => Filter(body, "Operations").Contains(r.Operation) && Filter(body, "OperationStatuses").Contains(r.Status))
                .Select(r => (JsonNode)r.Event(clock, RetryAfter))]),
        },
        _ => throw new RefusedException("UnknownOperationException", 404, operation),
    };

    private static List<string> Filter(JsonObject body, string member) =>
        [.. (body.At("ResourceRequestStatusFilter", member) as JsonArray ?? []).Select(v => v!.ToString())];

    private JsonObject Create(JsonObject body)
    {
        var (token, desired) = (body.Text("ClientToken"), JsonNode.Parse(body.Text("DesiredState"))!.AsObject());
        if (byClientToken.TryGetValue(token, out var known))
        {
            return known.Given == body.Text("DesiredState") ? known.Event(clock, RetryAfter)
                : throw new RefusedException("ClientTokenConflictException", 409, "The specified client token has already been used in another resource request");
        }

        var type = body.Text("TypeName");
        var identifier = type switch
        {
            "AWS::RDS::DBInstance" => desired.Text("DBInstanceIdentifier"),
            "AWS::RDS::DBSubnetGroup" => desired.Text("DBSubnetGroupName"),
            "AWS::IAM::Role" => desired.Text("RoleName"),
            "AWS::KMS::Alias" => desired.Text("AliasName"),
            "AWS::RDS::DBParameterGroup" => desired.Text("DBParameterGroupName"),
            "AWS::IAM::RolePolicy" => $"{desired.Text("PolicyName")}|{desired.Text("RoleName")}",
            _ => $"id-{Guid.NewGuid():N}",
        };
        var request = new Request(type, "CREATE", identifier, body.Text("DesiredState"), Looks, ends.TryDequeue(out var code) ? code : "");
        request.Apply = r =>
        {
            if (things.ContainsKey((type, identifier)))
            {
                r.Code = "AlreadyExists";
                return;
            }

            made++;
            things[(type, identifier)] = Made(type, identifier, desired);
        };
        Keep(request);
        byClientToken[token] = request;
        return request.Event(clock, RetryAfter);
    }

    /// <summary>As the services answer: names in lower case, defaults of their own, nothing that is write-only, tags in another order.</summary>
    private static JsonObject Made(string type, string identifier, JsonObject desired)
    {
        var properties = desired.DeepClone().AsObject();
        properties["Tags"] = new JsonArray([.. (properties["Tags"] as JsonArray ?? []).Reverse().Select(t => t!.DeepClone())]);
        switch (type)
        {
            case "AWS::RDS::DBInstance":
                properties.Remove("MasterUserPassword");
                properties.Remove("Port");
                properties["EngineVersion"] = $"{desired.Text("EngineVersion")}.4";
                properties["PreferredMaintenanceWindow"] = "mon:03:00-mon:04:00";
                properties["VPCSecurityGroups"] = new JsonArray([.. (desired["VPCSecurityGroups"] as JsonArray ?? []).Reverse().Select(t => t!.DeepClone())]);
                properties["Endpoint"] = new JsonObject { ["Address"] = $"{identifier}.example.rds.amazonaws.com", ["Port"] = "5432" };
                if (desired["ManageMasterUserPassword"]?.ToString() == "true")
                {
                    properties.Remove("ManageMasterUserPassword");
                    properties["MasterUserSecret"] = new JsonObject { ["SecretArn"] = $"arn:aws:secretsmanager:eu-central-1:000000000000:secret:rds!{identifier}" };
                }

                properties["DBInstanceArn"] = $"arn:aws:rds:eu-central-1:000000000000:db:{identifier}";
                break;
            case "AWS::KMS::Key":
                properties["KeyId"] = identifier;
                properties["Arn"] = $"arn:aws:kms:eu-central-1:000000000000:key/{identifier}";
                break;
            case "AWS::EC2::SecurityGroup":
                properties["GroupId"] = identifier;
                break;
            case "AWS::RDS::DBSubnetGroup":
                properties.Remove("SubnetIds");
                break;
            default:
                break;
        }

        return properties;
    }

    private JsonObject Begin(JsonObject body, string operation, Action<Request> apply)
    {
        var (type, identifier) = (body.Text("TypeName"), body.Text("Identifier"));
        if (!things.ContainsKey((type, identifier)))
        {
            throw new RefusedException("ResourceNotFoundException", 404, $"{type} {identifier} was not found");
        }

        var request = new Request(type, operation, identifier, "", Looks, ends.TryDequeue(out var code) ? code : "") { Apply = apply };
        Keep(request);
        return request.Event(clock, RetryAfter);
    }

    private void Update(Request request, JsonObject body)
    {
        var patch = JsonNode.Parse(body.Text("PatchDocument"))!.AsArray();
        Patches.Enqueue(patch);
        Assert.True(JsonPatch.TryParse(patch, out var parsed, out var error), error);
        var outcome = parsed.Apply(things[(request.Type, request.Identifier)]);
        if (outcome is JsonPatched patched)
        {
            things[(request.Type, request.Identifier)] = patched.Document!.AsObject();
        }
        else
        {
            request.Code = "InvalidRequest";
        }
    }

    private void Keep(Request request)
    {
        requests[request.Token] = request;
        if (request.Left == 0)
        {
            request.Finish();
        }
    }

    private Request Look(string token)
    {
        if (!requests.TryGetValue(token, out var request))
        {
            throw new RefusedException("RequestTokenNotFoundException", 404, "Request token not found");
        }

        if (request.Status is "PENDING" or "IN_PROGRESS" && --request.Left <= 0)
        {
            request.Finish();
        }

        return request;
    }

    private Request Cancel(string token)
    {
        var request = requests.GetValueOrDefault(token) ?? throw new RefusedException("RequestTokenNotFoundException", 404, "Request token not found");
        if (request.Status is not ("PENDING" or "IN_PROGRESS"))
        {
            throw new RefusedException("ConcurrentModificationException", 500, "The request has ended");
        }

        request.Cancel();
        return request;
    }

    private JsonObject Describe(string type, string identifier) => things.TryGetValue((type, identifier), out var found)
        ? new JsonObject { ["Identifier"] = identifier, ["Properties"] = found.ToJsonString() }
        : throw new RefusedException("ResourceNotFoundException", 404, $"{type} {identifier} was not found");

    /// <summary>Signature Version 4, computed again from what arrived.</summary>
    private static string? WhyNotSigned(HttpRequest request, string body)
    {
        var match = Authorization().Match(request.Headers.Authorization.ToString());
        if (!match.Success || request.ContentType != "application/x-amz-json-1.0")
        {
            return "no Signature Version 4";
        }

        var (date, region, names) = (match.Groups["date"].Value, match.Groups["region"].Value, match.Groups["headers"].Value);
        var headers = string.Concat(names.Split(';').Select(n => $"{n}:{request.Headers[n]}\n"));
        var canonical = $"POST\n/\n\n{headers}\n{names}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(body)))}";
        var toSign = $"AWS4-HMAC-SHA256\n{request.Headers["x-amz-date"]}\n{date}/{region}/cloudcontrolapi/aws4_request\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = new[] { date, region, "cloudcontrolapi", "aws4_request" }.Aggregate(Encoding.UTF8.GetBytes("AWS4" + SecretKey), (k, part) => HMACSHA256.HashData(k, Encoding.UTF8.GetBytes(part)));
        return match.Groups["key"].Value == KeyId && Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign))) == match.Groups["signature"].Value ? null : "the signature does not match";
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    private static JsonObject Problem(string code, string message) => new() { ["__type"] = $"com.amazonaws.cloudapiservice#{code}", ["Message"] = message };

    private static async Task WriteAsync(HttpContext context, int status, JsonObject body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/x-amz-json-1.0";
        await context.Response.WriteAsync(body.ToJsonString());
    }

    [GeneratedRegex("^AWS4-HMAC-SHA256 Credential=(?<key>[A-Z0-9]+)/(?<date>[0-9]{8})/(?<region>[a-z0-9-]+)/cloudcontrolapi/aws4_request, SignedHeaders=(?<headers>content-type;host;x-amz-date;(x-amz-security-token;)?x-amz-target), Signature=(?<signature>[0-9a-f]{64})$")]
    private static partial Regex Authorization();

    private sealed class RefusedException(string code, int status, string message) : Exception(message)
    {
        public string Code => code;

        public int Status => status;
    }

    private sealed class Request(string type, string operation, string identifier, string given, int left, string code)
    {
        public string Token { get; } = Guid.NewGuid().ToString();

        public string Type => type;

        public string Operation => operation;

        public string Identifier => identifier;

        public string Given => given;

        public string Code { get; set; } = code;

        public int Left { get; set; } = left;

        public string Status { get; private set; } = left > 1 ? "PENDING" : "IN_PROGRESS";

        public Action<Request> Apply { get; set; } = _ => { };

        public void Cancel() => Status = "CANCEL_COMPLETE";

        public void Finish()
        {
            if (Code.Length == 0)
            {
                Apply(this);
            }

            Status = Code.Length == 0 ? "SUCCESS" : "FAILED";
        }

        public JsonObject Event(TimeProvider clock, TimeSpan retryAfter)
        {
            var progress = new JsonObject
            {
                ["TypeName"] = type,
                ["RequestToken"] = Token,
                [nameof(Operation)] = operation,
                ["OperationStatus"] = Status,
                ["EventTime"] = Seconds(clock.GetUtcNow()),
            };
            if (operation != "CREATE" || Status == "SUCCESS")
            {
                progress[nameof(Identifier)] = identifier;
            }

            if (Status is "PENDING" or "IN_PROGRESS")
            {
                progress["RetryAfter"] = Seconds(clock.GetUtcNow() + retryAfter);
            }

            if (Code.Length > 0 && Status == "FAILED")
            {
                progress["ErrorCode"] = Code;
                progress["StatusMessage"] = $"ended with {Code}; was asked for {given}";
            }

            return progress;
        }

        private static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
    }
}
