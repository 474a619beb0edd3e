using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Amazon.Runtime;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Aws.CloudControl;

/// <summary>
/// Makes Upbound's AWS kinds by Cloud Control: a creation, change or deletion is a request that goes on there, and is looked at when the
/// service says. A creation's token makes it one, whatever answers are lost.
/// </summary>
internal sealed partial class CloudControlDriver(
    AwsSessions sessions, References references, ConnectionSecrets secrets, AwsOptions options, TimeProvider clock) : IProviderDriver, IDisposable
{
    /// <summary>So long Cloud Control knows a client token.</summary>
    private static readonly TimeSpan ClientTokenLife = TimeSpan.FromHours(36);

    /// <summary>When the service does not say when to look next.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private const int PasswordLength = 32;
    private const string PasswordAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

    /// <summary>Pages of requests that are looked through for one of ours.</summary>
    private const int MaxPages = 20;

    // A redirect would take the signature and the desired state elsewhere.
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public string Provider => AwsOptions.Provider;

    public IReadOnlyList<KindDefinition> Kinds => AwsKinds.CloudControl;

    public bool NamesAreOurs(KindDefinition kind) => AwsKinds.Get(kind.Id).NameIsOurs;

    public TimeSpan? TokenLife(KindDefinition kind) => AwsKinds.Get(kind.Id).Unmapped.Length == 0 ? ClientTokenLife : null;

    public void Dispose() => http.Dispose();

    public IReadOnlyDictionary<string, string> Generate(ManagedResource resource) =>
        AwsKinds.Get(resource.Kind.Id).Generated is { } made && Asks(resource, made) && !resource.Connection.ContainsKey(made.Key)
            ? new Dictionary<string, string> { [made.Key] = RandomNumberGenerator.GetString(PasswordAlphabet, PasswordLength) }
            : new Dictionary<string, string>();

    public Task<string> PlaceAsync(JsonObject document, CancellationToken ct) => sessions.PlaceAsync(document, ct);

    public async Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct)
    {
        var kind = AwsKinds.Get(resource.Kind.Id);
        if (kind.Unmapped.Length > 0 || resource.ExternalName.Length == 0)
        {
            return new Absent();
        }

        var (client, problem) = await OpenAsync(resource, ct);
        if (client is null)
        {
            return new Unobservable(problem!);
        }

        try
        {
            var found = await client.GetResourceAsync(kind.TypeOf(resource.ForProvider), kind.IdentifierOf(resource.ExternalName, resource.ForProvider), ct);
            return await CompareAsync(kind, resource, found.Properties, ct);
        }
        catch (CloudControlException e) when (CloudControlErrors.OfException(e) == ErrorClass.NotFound)
        {
            return new Absent();
        }
        catch (Exception e) when (IsOfCall(e))
        {
            return new Unobservable(e.Message);
        }
    }

    public async Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct)
    {
        var kind = AwsKinds.Get(resource.Kind.Id);
        if (kind.Unmapped.Length > 0)
        {
            return new Failed(kind.Unmapped) { Terminal = true };
        }

        var (client, problem) = await OpenAsync(resource, ct);
        if (client is null)
        {
            return new Failed(problem!);
        }

        var (forProvider, missing) = await references.ResolveAsync(kind.References, WithInitial(resource), ct);
        var (hidden, unread) = await SecretsOfAsync(kind, resource, ct);
        if ((missing ?? unread) is { } needs)
        {
            return new Waiting(needs);
        }

        var (desired, unmapped) = DesiredState.Make(kind, resource, forProvider, hidden);
        if (unmapped is not null)
        {
            return new Failed(unmapped) { Terminal = true };
        }

        var type = kind.TypeOf(forProvider);
        try
        {
            return Take(kind, OperationVerb.Create, await client.CreateResourceAsync(type, desired, resource.Token, ct), hidden);
        }
        catch (CloudControlException e) when (CloudControlErrors.OfException(e) == ErrorClass.TokenTaken)
        {
            return await FindEarlierAsync(client, kind, type, resource, ct);
        }
        catch (Exception e) when (IsOfCall(e))
        {
            return Refused(kind, OperationVerb.Create, e, hidden);
        }
    }

    public async Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct)
    {
        var kind = AwsKinds.Get(resource.Kind.Id);
        var (client, problem) = await OpenAsync(resource, ct);
        if (client is null)
        {
            return new Failed(problem!);
        }

        try
        {
            var (type, identifier) = (kind.TypeOf(resource.ForProvider), kind.IdentifierOf(resource.ExternalName, resource.ForProvider));
            var found = await client.GetResourceAsync(type, identifier, ct);
            var (forProvider, _) = await references.ResolveAsync(kind.References, resource, ct);
            var (desired, unmapped) = DesiredState.Make(kind, resource, forProvider, Nothing);
            var patch = PropertyDrift.Between(kind, resource, forProvider, desired, found.Properties).Patch;
            if (unmapped is not null || patch.Count == 0)
            {
                return unmapped is null ? Done.Plain : new Failed(unmapped) { Terminal = true };
            }

            // The patch is made of what is there now, so a second one does no harm, and each wants a token of its own: the old one would be
            // answered with what the old one did.
            return Take(kind, OperationVerb.Update, await client.UpdateResourceAsync(type, identifier, patch, NewToken(), ct), Nothing);
        }
        catch (Exception e) when (IsOfCall(e))
        {
            return Refused(kind, OperationVerb.Update, e, Nothing);
        }
    }

    public async Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct)
    {
        var kind = AwsKinds.Get(resource.Kind.Id);
        var (client, problem) = await OpenAsync(resource, ct);
        if (client is null)
        {
            return new Failed(problem!);
        }

        try
        {
            return Take(kind, OperationVerb.Delete, await client.DeleteResourceAsync(
                kind.TypeOf(resource.ForProvider), kind.IdentifierOf(resource.ExternalName, resource.ForProvider), NewToken(), ct), Nothing);
        }
        catch (Exception e) when (IsOfCall(e))
        {
            return Refused(kind, OperationVerb.Delete, e, Nothing);
        }
    }

    public async Task<DriverOutcome> PollAsync(ManagedResource resource, Operation operation, CancellationToken ct)
    {
        var kind = AwsKinds.Get(resource.Kind.Id);
        var (client, problem) = await OpenAsync(resource, ct);
        if (client is null)
        {
            return new Unknown(problem!);
        }

        try
        {
            var (hidden, _) = await SecretsOfAsync(kind, resource, ct);
            return Take(kind, operation.Verb, await client.GetResourceRequestStatusAsync(operation.Handle, ct), hidden);
        }
        catch (CloudControlException e) when (CloudControlErrors.OfException(e) == ErrorClass.RequestForgotten)
        {
            return new Forgotten(e.Message);
        }
        catch (Exception e) when (IsOfCall(e))
        {
            return new Unknown(e.Message);
        }
    }

    private static readonly Dictionary<string, string> Nothing = [];

    private static bool IsOfCall(Exception e) => e is CloudControlException or HttpRequestException or TimeoutException or AmazonClientException or AmazonServiceException or JsonException;

    private static string NewToken() => Guid.NewGuid().ToString("N");

    private static bool Asks(ManagedResource resource, AwsGenerated made) => resource.ForProvider[made.Field]?.ToString() == "true";

    private async Task<(CloudControlClient? Client, string? Problem)> OpenAsync(ManagedResource resource, CancellationToken ct)
    {
        var (session, problem) = await sessions.OpenAsync(resource, ct);
        return session is null
            ? (null, problem)
            : (new CloudControlClient(http, clock, session.CloudControl, session.Region, session.Credentials, options.CallTimeout), null);
    }

    /// <summary><c>spec.initProvider</c> is for the creation alone, and <c>forProvider</c> is over it.</summary>
    private static ManagedResource WithInitial(ManagedResource resource)
    {
        if (resource.Document.At("spec", "initProvider") is not JsonObject initial)
        {
            return resource;
        }

        var merged = initial.DeepClone().AsObject();
        Documents.Overlay(merged, resource.ForProvider);
        var document = resource.Document.DeepClone().AsObject();
        document["spec"]!["forProvider"] = merged;
        return resource with { Document = document };
    }

    private async Task<Observation> CompareAsync(AwsKind kind, ManagedResource resource, JsonObject actual, CancellationToken ct)
    {
        var tags = kind.Taggable ? AwsTags.Read(actual["Tags"]) : null;
        if (AwsTags.WhyForeign(resource, tags, $"{kind.Type} '{kind.IdentifierOf(resource.ExternalName, resource.ForProvider)}'") is { } foreign)
        {
            // Without tags only the creation's token tells whether a creation whose answer was lost made this.
            return tags is null && CreateIntent.IsOpen(resource.Document) ? new Absent() : new Foreign(foreign);
        }

        var (forProvider, _) = await references.ResolveAsync(kind.References, resource, ct);
        var (desired, unmapped) = DesiredState.Make(kind, resource, forProvider, Nothing);
        var drift = PropertyDrift.Between(kind, resource, forProvider, desired, actual);
        return new Present(
            drift.Difference,
            kind.Ready.Length == 0 || Fill($"{{{kind.Ready}}}", resource, actual) is not null ? null : $"{kind.Type} has no {kind.Ready} yet",
            AtProvider(kind, resource, actual),
            Filled(kind.Connection, resource, actual))
        {
            Drift = drift.Fields,
            Unfixable = unmapped ?? drift.Unfixable,
        };
    }

    private static JsonObject AtProvider(AwsKind kind, ManagedResource resource, JsonObject actual)
    {
        var values = new JsonObject(Filled(kind.AtProvider, resource, actual).Select(v => new KeyValuePair<string, JsonNode?>(v.Key, v.Value)));
        if (kind.Taggable)
        {
            values["tags"] = AwsTags.Put(resource, AwsTags.Read(actual["Tags"]));
        }

        return values;
    }

    private DriverOutcome Take(AwsKind kind, OperationVerb verb, ProgressEvent progress, IReadOnlyDictionary<string, string> hidden)
    {
        var name = verb == OperationVerb.Create && !kind.NameIsOurs ? progress.Identifier : "";
        if (progress.GoesOn)
        {
            return new Started(progress.RequestToken, progress.RetryAfter is { } time ? time - clock.GetUtcNow() : LookAgain, name);
        }

        if (progress.Status == "SUCCESS")
        {
            return Done.Plain with { ExternalName = name };
        }

        var problem = Scrub($"{(progress.ErrorCode.Length > 0 ? progress.ErrorCode : progress.Status)}: {progress.StatusMessage}", hidden);
        return (CloudControlErrors.OfCode(progress.ErrorCode), verb) switch
        {
            (ErrorClass.NotFound, OperationVerb.Delete) => Done.Plain,
            // What a deletion or an update does not find, the next look does not find either, and goes on from there.
            (ErrorClass.NotFound, OperationVerb.Update) => new Failed(problem),
            (ErrorClass.AlreadyExists, _) => new Failed(problem) { Terminal = !kind.NameIsOurs, TokenSpent = true },
            (ErrorClass.Retriable, _) => new Failed(problem) { TokenSpent = true },
            _ => new Failed(problem) { Terminal = true, TokenSpent = true },
        };
    }

    private static DriverOutcome Refused(AwsKind kind, OperationVerb verb, Exception exception, IReadOnlyDictionary<string, string> hidden)
    {
        var problem = Scrub(exception.Message, hidden);
        return (exception is CloudControlException e ? CloudControlErrors.OfException(e) : ErrorClass.Uncertain, verb) switch
        {
            (ErrorClass.NotFound, OperationVerb.Delete) => Done.Plain,
            (ErrorClass.NotFound, OperationVerb.Update) => new Failed(problem),
            (ErrorClass.AlreadyExists, _) => new Failed(problem) { Terminal = !kind.NameIsOurs },
            (ErrorClass.Retriable or ErrorClass.TokenTaken, _) => new Failed(problem),
            (ErrorClass.Uncertain, _) => new Unknown(problem),
            _ => new Failed(problem) { Terminal = true },
        };
    }

    /// <summary>
    /// The token belongs to a first try with other values: the resource was changed since, and the answer was lost. While such a request goes
    /// on it is waited for; after that Observe tells, if the name is ours.
    /// </summary>
    private static async Task<DriverOutcome> FindEarlierAsync(CloudControlClient client, AwsKind kind, string type, ManagedResource resource, CancellationToken ct)
    {
        try
        {
            var (next, pages) = ("", 0);
            do
            {
                var (items, more) = await client.ListResourceRequestsAsync(["CREATE"], ["PENDING", "IN_PROGRESS"], next, ct);
                if (items.Any(i => i.TypeName == type && (!kind.NameIsOurs || i.Identifier.Length == 0 || i.Identifier == kind.IdentifierOf(resource.ExternalName, resource.ForProvider))))
                {
                    return new Waiting("An earlier creation with other values goes on");
                }

                (next, pages) = (more, pages + 1);
            }
            while (next.Length > 0 && pages < MaxPages);

            return kind.NameIsOurs
                ? new Failed("An earlier creation with other values ended, and made nothing") { TokenSpent = true }
                : new Parked("its token belongs to a first try with other values");
        }
        catch (Exception e) when (IsOfCall(e))
        {
            return new Unknown(e.Message);
        }
    }

    private async Task<(Dictionary<string, string> Values, string? Missing)> SecretsOfAsync(AwsKind kind, ManagedResource resource, CancellationToken ct)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (kind.Generated is { } made && Asks(resource, made))
        {
            if (!resource.Connection.TryGetValue(made.Key, out var generated))
            {
                return (values, $"spec.forProvider.{made.Field} needs spec.writeConnectionSecretToRef to keep what is made");
            }

            values[made.Property] = generated;
        }

        foreach (var (field, property) in kind.Secrets)
        {
            if (values.ContainsKey(property) || resource.ForProvider[field] is not JsonObject reference)
            {
                continue;
            }

            var (ns, name, key) = (reference.Text("namespace"), reference.Text("name"), reference.Text("key"));
            if (!(await secrets.ReadAsync(ns, name, ct)).TryGetValue(key, out var value))
            {
                return (values, $"spec.forProvider.{field}: the secret {ns}/{name} has no key '{key}'");
            }

            values[property] = value;
        }

        return (values, null);
    }

    /// <summary>A service may repeat in its message what it was given.</summary>
    private static string Scrub(string text, IReadOnlyDictionary<string, string> hidden) =>
        hidden.Values.Where(v => v.Length > 0).Aggregate(text, (t, secret) => t.Replace(secret, "***", StringComparison.Ordinal));

    private static Dictionary<string, string> Filled(IReadOnlyDictionary<string, string> templates, ManagedResource resource, JsonObject actual)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, template) in templates)
        {
            if (Fill(template, resource, actual) is { } value)
            {
                values[key] = value;
            }
        }

        return values;
    }

    /// <summary>Null when a property that it names is not there.</summary>
    private static string? Fill(string template, ManagedResource resource, JsonObject actual)
    {
        var isWhole = true;
        var text = Placeholder().Replace(template, match =>
        {
            var path = match.Groups[1].Value;
            var value = path == "name" ? resource.ExternalName : actual.At(path.Split('.')) is JsonValue v ? v.ToString() : "";
            isWhole &= value.Length > 0;
            return value;
        });
        return isWhole ? text : null;
    }

    [GeneratedRegex(@"\{([\w.]+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
