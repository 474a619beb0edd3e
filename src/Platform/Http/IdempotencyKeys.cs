using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;
using Flagstone.Platform.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace Flagstone.Platform.Http;

/// <summary>
/// Remembers, for a day, what a creation with an <c>Idempotency-Key</c> answered. The memory is a row of the very commit that creates, so
/// there is never one without the other. Answers are sealed at rest: one of them holds a token.
/// </summary>
public sealed class IdempotencyKeys(PlatformDatabase database, Sealer sealer, TimeProvider clock, IOptions<JsonOptions> json)
{
    public const string Header = "Idempotency-Key";

    /// <summary>The guard's name in an <see cref="Unmet"/> outcome.</summary>
    public const string Guard = "idempotency-key";

    public const int MaxKey = 255;

    private static readonly TimeSpan Memory = TimeSpan.FromDays(1);
    private static readonly TimeSpan BetweenPurges = TimeSpan.FromHours(1);
    private static readonly KindId Sealed = new("idempotency", "flagstone.dev");

    private const string Find = "SELECT request, status, response FROM idempotency WHERE key = @key AND at >= @oldest";

    private const string Free = "SELECT 1 AS free WHERE NOT EXISTS (SELECT 1 FROM idempotency WHERE key = @key AND at >= @oldest)";

    private const string Store = """
        INSERT INTO idempotency (key, request, at, status, response) VALUES (@key, @request, @at, @status, @response)
        ON CONFLICT (key) DO UPDATE SET request = excluded.request, at = excluded.at, status = excluded.status, response = excluded.response
        """;

    private long purged;

    /// <summary>
    /// What the key of a request stands for. Without a key it stands for nothing, and the request is new each time.
    /// </summary>
    /// <param name="body">What was asked, beside method and path.</param>
    public async Task<Keyed<T>> OpenAsync<T>(Caller caller, HttpRequest request, JsonNode? body, CancellationToken ct)
    {
        var key = request.Headers[Header].ToString();
        if (key.Length == 0)
        {
            return new Keyed<T>(null, null, null);
        }

        if (key.Length > MaxKey)
        {
            return new Keyed<T>(null, Catalogue.BadRequest($"{Header} has {key.Length} characters; {MaxKey} are the most."), null);
        }

        var id = Digest($"{caller.Actor.Id}\0{key}");
        var digest = Digest($"{request.Method} {request.Path}\n{CanonicalJson.Of(body)}");
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Find, ("key", id), ("oldest", Oldest()));
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
        {
            return new Keyed<T>(null, null, new Remembering(this, id, digest));
        }

        if (reader.GetString(0) != digest)
        {
            return new Keyed<T>(null, Catalogue.KeyReused(key), null);
        }

        var answer = JsonNode.Parse(sealer.Open(KeyOf(id), Convert.FromBase64String(reader.GetString(2))))!;
        return new Keyed<T>(
            TypedResults.Created(new Uri(answer.Text("location"), UriKind.Relative), answer["body"].Deserialize<T>(json.Value.SerializerOptions)), null, null);
    }

    internal Guard GuardOf(string id) => new(Guard, new SqlStatement(Free, ("key", id), ("oldest", Oldest())));

    internal SqlStatement Remember<T>(string id, string digest, string location, T body)
    {
        var answer = new JsonObject { ["location"] = location, ["body"] = JsonSerializer.SerializeToNode(body, json.Value.SerializerOptions) };
        var (bytes, _) = sealer.Seal(KeyOf(id), Encoding.UTF8.GetBytes(answer.ToJsonString()));
        return new SqlStatement(
            Store, ("key", id), ("request", digest), ("at", Micros.From(clock.GetUtcNow())), ("status", StatusCodes.Status201Created),
            ("response", Convert.ToBase64String(bytes.Span)));
    }

    /// <summary>Forgets what is older than a day; each process does it now and then, so that the table is of about a day.</summary>
    internal IReadOnlyList<SqlStatement> Purge()
    {
        var now = clock.GetUtcNow();
        var last = Interlocked.Read(ref purged);
        return now.Ticks - last < BetweenPurges.Ticks || Interlocked.CompareExchange(ref purged, now.Ticks, last) != last
            ? []
            : [new SqlStatement("DELETE FROM idempotency WHERE at < @oldest", ("oldest", Oldest()))];
    }

    private long Oldest() => Micros.From(clock.GetUtcNow() - Memory);

    private static ResourceKey KeyOf(string id) => new(Sealed, "", id);

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>What an <c>Idempotency-Key</c> stands for.</summary>
/// <param name="First">What the request answered before; null when it was not made before.</param>
/// <param name="Problem">Why the key is refused; null when it is not.</param>
/// <param name="New">How to remember the answer; null without a key.</param>
public sealed record Keyed<T>(Created<T>? First, Problem? Problem, Remembering? New);

/// <summary>Puts the memory of an answer into the commit of its effect.</summary>
public sealed class Remembering
{
    private readonly IdempotencyKeys keys;
    private readonly string id;
    private readonly string digest;

    internal Remembering(IdempotencyKeys keys, string id, string digest) => (this.keys, this.id, this.digest) = (keys, id, digest);

    /// <summary>Holds while nobody has used the key.</summary>
    public Guard Guard => keys.GuardOf(id);

    /// <summary>The rows that forget what is old.</summary>
    public IReadOnlyList<SqlStatement> Purge => keys.Purge();

    /// <summary>The memory of a resource's creation, for its commit.</summary>
    /// <param name="answer">What the creation answers; null when that is a problem, which is not remembered.</param>
    public CommitAlong Along<T>(Func<StoredResource, (string Location, T Body)?> answer) =>
        new(Guard, Purge, stored => answer(stored) is var (location, body) ? Created(location, body) : null);

    /// <summary>The row that remembers a creation.</summary>
    public SqlStatement Created<T>(string location, T body) => keys.Remember(id, digest, location, body);
}
