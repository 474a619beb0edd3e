using System.Net;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Aws.S3;

/// <summary>
/// Buckets, and what Upbound has as kinds of their own beside them: versioning, public access, encryption and policy. The names are ours, so
/// Observe tells what a lost answer was; a bucket says by its tags whose it is. The settings belong to whoever declares them.
/// </summary>
internal sealed class S3Driver(AwsSessions sessions, References references, AwsOptions options) : IProviderDriver
{
    public string Provider => AwsOptions.Provider;

    public IReadOnlyList<KindDefinition> Kinds => AwsKinds.S3;

    public Task<string> PlaceAsync(JsonObject document, CancellationToken ct) => sessions.PlaceAsync(document, ct);

    public Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct) => RunAsync<Observation>(
        resource,
        (client, target, token) => resource.Kind.Kind == "Bucket" ? BucketCalls.ObserveAsync(client, target, token) : BucketSettings.ObserveAsync(client, target, token),
        e => IsAbsent(e) ? new Absent() : new Unobservable(e.Message),
        problem => new Unobservable(problem),
        missing => new Absent(),
        ct);

    public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct) => ChangeAsync(
        resource, (client, target, token) => resource.Kind.Kind == "Bucket" ? BucketCalls.CreateAsync(client, target, token) : BucketSettings.PutAsync(client, target, token), ct);

    public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) => ChangeAsync(
        resource, (client, target, token) => resource.Kind.Kind == "Bucket" ? BucketCalls.UpdateAsync(client, target, token) : BucketSettings.PutAsync(client, target, token), ct);

    public Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct) => ChangeAsync(
        resource, (client, target, token) => resource.Kind.Kind == "Bucket" ? BucketCalls.DeleteAsync(client, target, token) : BucketSettings.DeleteAsync(client, target, token), ct);

    private Task<DriverOutcome> ChangeAsync(ManagedResource resource, Func<IAmazonS3, BucketTarget, CancellationToken, Task<DriverOutcome>> call, CancellationToken ct) =>
        RunAsync(resource, call, Outcome, problem => new Failed(problem), missing => new Waiting(missing), ct);

    private async Task<T> RunAsync<T>(
        ManagedResource resource, Func<IAmazonS3, BucketTarget, CancellationToken, Task<T>> call, Func<Exception, T> failed, Func<string, T> closed, Func<string, T> incomplete, CancellationToken ct)
    {
        var kind = AwsKinds.Get(resource.Kind.Id);
        var (session, problem) = await sessions.OpenAsync(resource, ct);
        if (session is null)
        {
            return closed(problem!);
        }

        var (forProvider, missing) = await references.ResolveAsync(kind.References, resource, ct);
        var bucket = resource.Kind.Kind == "Bucket" ? resource.ExternalName : forProvider.Text("bucket");
        if (missing is not null || bucket.Length == 0)
        {
            return incomplete(missing ?? "spec.forProvider.bucket is not set");
        }

        try
        {
            using var client = new AmazonS3Client(session.Credentials, Config(session));
            return await call(client, new BucketTarget(resource, kind, forProvider, bucket, session), ct);
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or TimeoutException or IOException)
        {
            return failed(e);
        }
    }

    private AmazonS3Config Config(AwsSession session)
    {
        // The reconcile repeats what fails, and knows what was lost.
        var config = new AmazonS3Config { ForcePathStyle = session.PathStyle, MaxErrorRetry = 0, Timeout = options.CallTimeout, AuthenticationRegion = session.Region };
        if (session.S3 is { } url)
        {
            config.ServiceURL = url.ToString();
        }
        else
        {
            config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(session.Region);
        }

        return config;
    }

    /// <summary>Emulators say either of what they do not have.</summary>
    public static bool IsNotServed(Exception e) => e is AmazonS3Exception { ErrorCode: "NotImplemented" or "MethodNotAllowed" };

    /// <summary>What an endpoint does not implement is not there either.</summary>
    private static bool IsAbsent(Exception e) => e is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } || IsNotServed(e);

    private static DriverOutcome Outcome(Exception e) => e switch
    {
        AmazonS3Exception { ErrorCode: "NoSuchBucket" } => new Waiting("The bucket is not there"),
        AmazonS3Exception { ErrorCode: "BucketAlreadyOwnedByYou" } => new Unknown("The bucket is there already; the next look tells whose it is"),
        AmazonS3Exception { ErrorCode: "OperationAborted" or "SlowDown" or "Throttling" or "RequestLimitExceeded" or "RequestTimeTooSkewed" } s => new Failed(s.Message),
        _ when IsNotServed(e) => new Failed("The S3 endpoint does not implement this call") { Terminal = true },
        AmazonS3Exception { StatusCode: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError } s => new Failed($"{s.ErrorCode}: {s.Message}") { Terminal = true },
        _ => new Unknown(e.Message),
    };
}

/// <summary>What a call is about.</summary>
/// <param name="ForProvider">Without references.</param>
internal sealed record BucketTarget(ManagedResource Resource, AwsKind Kind, JsonObject ForProvider, string Bucket, AwsSession Session)
{
    /// <summary>A block of Terraform's: an object, or in older versions a list of one.</summary>
    public JsonNode? Block(string field) => ForProvider[field] is JsonArray list ? list.FirstOrDefault() : ForProvider[field];
}
