using System.Net;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.SQS;
using Amazon.SQS.Model;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Aws.Sqs;

/// <summary>
/// Queues and their policies. A queue's name is chosen here, its URL by SQS: the external name is the name until there is a URL. Whose a
/// queue is says its tag, which comes with it.
/// </summary>
internal sealed class SqsDriver(AwsSessions sessions, References references, AwsOptions options) : IProviderDriver
{
    private const string PolicyAttribute = "Policy";

    public string Provider => AwsOptions.Provider;

    public IReadOnlyList<KindDefinition> Kinds => AwsKinds.Sqs;

    public Task<string> PlaceAsync(JsonObject document, CancellationToken ct) => sessions.PlaceAsync(document, ct);

    public Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct) => RunAsync<Observation>(
        resource, resource.Kind.Kind == "Queue" ? ObserveQueueAsync : ObservePolicyAsync,
        e => e is QueueDoesNotExistException ? new Absent() : new Unobservable(e.Message),
        problem => new Unobservable(problem),
        missing => new Absent(),
        ct);

    public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct) =>
        ChangeAsync(resource, resource.Kind.Kind == "Queue" ? CreateQueueAsync : (client, target, token) => SetPolicyAsync(client, target, PolicyOf(target), token), ct);

    public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) =>
        ChangeAsync(resource, resource.Kind.Kind == "Queue" ? UpdateQueueAsync : (client, target, token) => SetPolicyAsync(client, target, PolicyOf(target), token), ct);

    public Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct) =>
        ChangeAsync(resource, resource.Kind.Kind == "Queue" ? DeleteQueueAsync : (client, target, token) => SetPolicyAsync(client, target, "", token), ct);

    private static async Task<Observation> ObserveQueueAsync(IAmazonSQS client, Target target, CancellationToken ct)
    {
        var url = await UrlAsync(client, target, ct);
        var actual = await ReadAsync(client, url, ct);
        if (AwsTags.WhyForeign(target.Resource, AwsTags.Read(actual["Tags"]), $"The queue '{url}'") is { } foreign)
        {
            return new Foreign(foreign);
        }

        var (desired, unmapped) = DesiredState.Make(target.Kind, target.Resource, target.ForProvider, new Dictionary<string, string>());
        var drift = PropertyDrift.Between(target.Kind, target.Resource, target.ForProvider, desired, actual);
        var put = AwsTags.Put(target.Resource, AwsTags.Read(actual["Tags"]));
        return new Present(
            drift.Difference, null,
            new JsonObject { ["arn"] = actual["QueueArn"]?.ToString(), ["id"] = url, ["url"] = url, ["tags"] = put },
            new Dictionary<string, string> { ["queueUrl"] = url, ["arn"] = actual["QueueArn"]?.ToString() ?? "" })
        {
            Drift = drift.Fields,
            Unfixable = unmapped ?? drift.Unfixable,
        };
    }

    private static async Task<DriverOutcome> CreateQueueAsync(IAmazonSQS client, Target target, CancellationToken ct)
    {
        var (desired, unmapped) = DesiredState.Make(target.Kind, target.Resource, target.ForProvider, new Dictionary<string, string>());
        if (unmapped is not null)
        {
            return new Failed(unmapped) { Terminal = true };
        }

        try
        {
            var made = await client.CreateQueueAsync(new CreateQueueRequest
            {
                QueueName = NameOf(target),
                Attributes = desired.Where(d => d.Key is not ("Tags" or "QueueName") && !(d.Key == "FifoQueue" && d.Value?.ToString() == "false"))
                    .ToDictionary(d => d.Key, d => Text(d.Value), StringComparer.Ordinal),
                Tags = new Dictionary<string, string>(AwsTags.Wanted(target.Resource)),
            }, ct);
            return Done.Plain with { ExternalName = made.QueueUrl };
        }
        catch (QueueDeletedRecentlyException)
        {
            return new Waiting("SQS takes a name again 60 seconds after its queue was deleted");
        }
        catch (QueueNameExistsException)
        {
            return new Unknown("A queue of that name with other attributes is there; the next look tells whose it is");
        }
    }

    private static async Task<DriverOutcome> UpdateQueueAsync(IAmazonSQS client, Target target, CancellationToken ct)
    {
        var url = await UrlAsync(client, target, ct);
        var (desired, _) = DesiredState.Make(target.Kind, target.Resource, target.ForProvider, new Dictionary<string, string>());
        var actual = await ReadAsync(client, url, ct);
        var patch = PropertyDrift.Between(target.Kind, target.Resource, target.ForProvider, desired, actual).Patch;
        var changed = patch.ToDictionary(p => p.Text("path")[1..], p => p!["value"]);
        if (changed.Remove("Tags", out _))
        {
            await client.TagQueueAsync(new TagQueueRequest { QueueUrl = url, Tags = new Dictionary<string, string>(AwsTags.Wanted(target.Resource)) }, ct);
            if (AwsTags.Outlived(target.Resource, AwsTags.Read(actual["Tags"])) is { Count: > 0 } outlived)
            {
                await client.UntagQueueAsync(new UntagQueueRequest { QueueUrl = url, TagKeys = [.. outlived] }, ct);
            }
        }

        if (changed.Count > 0)
        {
            await client.SetQueueAttributesAsync(
                new SetQueueAttributesRequest { QueueUrl = url, Attributes = changed.ToDictionary(c => c.Key, c => Text(c.Value), StringComparer.Ordinal) }, ct);
        }

        return Done.Plain with { ExternalName = url };
    }

    private static async Task<DriverOutcome> DeleteQueueAsync(IAmazonSQS client, Target target, CancellationToken ct)
    {
        await client.DeleteQueueAsync(new DeleteQueueRequest { QueueUrl = await UrlAsync(client, target, ct) }, ct);
        return Done.Plain;
    }

    private static async Task<Observation> ObservePolicyAsync(IAmazonSQS client, Target target, CancellationToken ct)
    {
        var url = target.ForProvider.Text("queueUrl");
        var actual = (await client.GetQueueAttributesAsync(new GetQueueAttributesRequest { QueueUrl = url, AttributeNames = [PolicyAttribute] }, ct)).Attributes?.GetValueOrDefault(PolicyAttribute) ?? "";
        if (actual.Length == 0)
        {
            return new Absent();
        }

        var wanted = PolicyOf(target);
        var isSame = PolicyText.Of(wanted, true) == PolicyText.Of(actual, true);
        return new Present(isSame ? null : "spec.forProvider.policy differs from the queue's policy", null, new JsonObject { ["id"] = url }, new Dictionary<string, string>())
        {
            Drift = isSame ? [] : [new FieldDrift("forProvider.policy", wanted, actual)],
        };
    }

    private static async Task<DriverOutcome> SetPolicyAsync(IAmazonSQS client, Target target, string policy, CancellationToken ct)
    {
        await client.SetQueueAttributesAsync(
            new SetQueueAttributesRequest { QueueUrl = target.ForProvider.Text("queueUrl"), Attributes = new Dictionary<string, string> { [PolicyAttribute] = policy } }, ct);
        return Done.Plain;
    }

    private static async Task<JsonObject> ReadAsync(IAmazonSQS client, string url, CancellationToken ct)
    {
        var attributes = (await client.GetQueueAttributesAsync(new GetQueueAttributesRequest { QueueUrl = url, AttributeNames = ["All"] }, ct)).Attributes ?? [];
        var tags = (await client.ListQueueTagsAsync(new ListQueueTagsRequest { QueueUrl = url }, ct)).Tags ?? [];
        var properties = new JsonObject(attributes.Select(a => new KeyValuePair<string, JsonNode?>(a.Key, a.Value)))
        {
            ["QueueName"] = url[(url.LastIndexOf('/') + 1)..],
            ["QueueUrl"] = url,
            ["Tags"] = AwsTags.ToList(tags),
        };
        return properties;
    }

    private static async Task<string> UrlAsync(IAmazonSQS client, Target target, CancellationToken ct) => IsUrl(target.Resource.ExternalName)
        ? target.Resource.ExternalName
        : (await client.GetQueueUrlAsync(new GetQueueUrlRequest { QueueName = NameOf(target) }, ct)).QueueUrl;

    /// <summary>As the specification names it; else as the resource is called, with the ending that SQS wants of a FIFO queue.</summary>
    private static string NameOf(Target target)
    {
        if (target.ForProvider.Text("name") is { Length: > 0 } given)
        {
            return given;
        }

        var name = target.Resource.ExternalName;
        name = IsUrl(name) ? name[(name.LastIndexOf('/') + 1)..] : name;
        return target.ForProvider["fifoQueue"]?.ToString() == "true" && !name.EndsWith(".fifo", StringComparison.Ordinal) ? name + ".fifo" : name;
    }

    private static bool IsUrl(string name) => name.Contains("://", StringComparison.Ordinal);

    private static string PolicyOf(Target target) => Text(target.ForProvider["policy"]);

    private static string Text(JsonNode? value) => value is JsonObject o ? o.ToJsonString() : value?.ToString() ?? "";

    private Task<DriverOutcome> ChangeAsync(ManagedResource resource, Func<IAmazonSQS, Target, CancellationToken, Task<DriverOutcome>> call, CancellationToken ct) =>
        RunAsync(resource, call, e => Outcome(e, resource), problem => new Failed(problem), missing => new Waiting(missing), ct);

    private async Task<T> RunAsync<T>(
        ManagedResource resource, Func<IAmazonSQS, Target, CancellationToken, Task<T>> call, Func<Exception, T> failed, Func<string, T> closed, Func<string, T> incomplete, CancellationToken ct)
    {
        var kind = AwsKinds.Get(resource.Kind.Id);
        var (session, problem) = await sessions.OpenAsync(resource, ct);
        if (session is null)
        {
            return closed(problem!);
        }

        var (forProvider, missing) = await references.ResolveAsync(kind.References, resource, ct);
        if (resource.Kind.Kind != "Queue" && forProvider.Text("queueUrl").Length == 0)
        {
            missing ??= "spec.forProvider.queueUrl is not set";
        }

        // A queue is found without what it refers to.
        if (missing is not null && (resource.Kind.Kind != "Queue" || !CreateIntent.HasSucceeded(resource.Document)))
        {
            return incomplete(missing);
        }

        try
        {
            using var client = new AmazonSQSClient(session.Credentials, Config(session));
            return await call(client, new Target(resource, kind, forProvider), ct);
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or TimeoutException or IOException)
        {
            return failed(e);
        }
    }

    private AmazonSQSConfig Config(AwsSession session)
    {
        // The reconcile repeats what fails, and knows what was lost.
        var config = new AmazonSQSConfig { MaxErrorRetry = 0, Timeout = options.CallTimeout, AuthenticationRegion = session.Region };
        if (session.Sqs is { } url)
        {
            config.ServiceURL = url.ToString();
        }
        else
        {
            config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(session.Region);
        }

        return config;
    }

    private static DriverOutcome Outcome(Exception e, ManagedResource resource) => e switch
    {
        QueueDoesNotExistException => resource.Document.IsDeleting() ? Done.Plain : new Waiting("The queue is not there"),
        RequestThrottledException or AmazonSQSException { ErrorCode: "ThrottlingException" or "RequestThrottled" } => new Failed(e.Message),
        AmazonSQSException { StatusCode: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError } s => new Failed($"{s.ErrorCode}: {s.Message}") { Terminal = true },
        _ => new Unknown(e.Message),
    };

    private sealed record Target(ManagedResource Resource, AwsKind Kind, JsonObject ForProvider);
}
