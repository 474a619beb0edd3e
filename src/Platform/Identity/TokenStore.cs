using System.Collections.Concurrent;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Identity;

/// <summary>A token as it is listed: never its text, which is shown once when it is issued.</summary>
public sealed record TokenView(string Id, string Principal, Role Role, string Namespace, DateTimeOffset Created, DateTimeOffset? Expires, DateTimeOffset? Revoked);

/// <summary>Principals and their tokens. Issuing and revoking are ledger rows of kind <c>tokens.flagstone.dev</c>.</summary>
public sealed class TokenStore(PlatformDatabase database, LedgerWriter writer, TimeProvider clock)
{
    public static readonly KindId Kind = new("tokens", "flagstone.dev");

    private const string Find = """
        SELECT p.id, p.name, p.role, p.namespace, t.expires FROM token t JOIN principal p ON p.id = t.principal
        WHERE t.hash = @hash AND t.revoked IS NULL
        """;

    private const string ById = """
        SELECT p.id, p.name, p.role, p.namespace FROM principal p
        WHERE p.id = @id AND EXISTS (SELECT 1 FROM token t WHERE t.principal = p.id AND t.revoked IS NULL)
        """;

    private const string All = """
        SELECT t.id, p.name, p.role, p.namespace, t.created, t.expires, t.revoked FROM token t JOIN principal p ON p.id = t.principal
        ORDER BY t.created DESC, t.id LIMIT 500
        """;

    private const int MaxKnown = 4096;
    private readonly ConcurrentDictionary<string, Known> known = new(StringComparer.Ordinal);

    /// <summary>Who a token stands for, or null when it is unknown, expired or revoked.</summary>
    public async ValueTask<Caller?> FindAsync(string text, CancellationToken ct) =>
        TokenText.LooksRight(text) ? await FindByFingerprintAsync(TokenText.Hash(text), ct) : null;

    /// <summary>What a session keeps of its token: enough to ask again whether it is still good, not enough to be used as one.</summary>
    public static string Fingerprint(string text) => TokenText.Hash(text);

    /// <summary>As <see cref="FindAsync"/>, for who kept the token's <see cref="Fingerprint"/> alone.</summary>
    public async ValueTask<Caller?> FindByFingerprintAsync(string hash, CancellationToken ct)
    {
        if (!known.TryGetValue(hash, out var found))
        {
            await using var connection = await database.OpenAsync(ct);
            await using var command = connection.Command(Find, ("hash", hash));
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct))
            {
                return null;
            }

            found = new Known(
                new Caller(new Actor(reader.GetString(0)), reader.GetString(1), Enum.Parse<Role>(reader.GetString(2)), reader.GetString(3)),
                reader.IsDBNull(4) ? null : Micros.ToTime(reader.GetInt64(4)));
            if (known.Count < MaxKnown)
            {
                known[hash] = found;
            }
        }

        return found.Expires is { } expires && expires <= clock.GetUtcNow() ? null : found.Caller;
    }

    /// <summary>
    /// A principal by its id, for what acts on behalf of one that is not there; null when it is unknown or all its tokens are revoked.
    /// A token that merely expired signs nobody in, and what its owner set up goes on.
    /// </summary>
    public async Task<Caller?> PrincipalAsync(string id, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(ById, ("id", id));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new Caller(new Actor(reader.GetString(0)), reader.GetString(1), Enum.Parse<Role>(reader.GetString(2)), reader.GetString(3))
            : null;
    }

    /// <summary>Issues a token to a new principal and returns its text, which is stored nowhere.</summary>
    public async Task<(string Id, string Text)> IssueAsync(
        Actor by, string name, Role role, string ns, TimeSpan? lifetime, CancellationToken ct)
    {
        var text = TokenText.Create();
        return (await IssueAsync(by, name, role, ns, lifetime, text, ct), text);
    }

    /// <summary>Issues a token whose text was made before: for who must have it on disk before it opens anything.</summary>
    internal async Task<string> IssueAsync(Actor by, string name, Role role, string ns, TimeSpan? lifetime, string text, CancellationToken ct)
    {
        var id = $"t-{Guid.NewGuid():N}";
        var principal = $"u-{Guid.NewGuid():N}";
        var now = clock.GetUtcNow();
        await writer.CommitAsync(new Unit
        {
            Actor = by,
            Origin = "api",
            Reason = $"role {role}",
            Notes = [new LedgerNote(new ResourceKey(Kind, "", id), "create", "")],
            Sql =
            [
                new SqlStatement("INSERT INTO principal (id, name, role, namespace) VALUES (@id, @name, @role, @ns)",
                    ("id", principal), ("name", name), ("role", role.ToString()), ("ns", ns)),
                new SqlStatement("INSERT INTO token (id, principal, hash, created, expires) VALUES (@id, @principal, @hash, @created, @expires)",
                    ("id", id), ("principal", principal), ("hash", TokenText.Hash(text)), ("created", Micros.From(now)),
                    ("expires", lifetime is { } span ? Micros.From(now + span) : null)),
            ],
        }, ct);
        return id;
    }

    /// <summary>Ends a token for good; false when there is no such token.</summary>
    public async Task<bool> RevokeAsync(Actor by, string id, CancellationToken ct)
    {
        await using (var connection = await database.OpenAsync(ct))
        {
            await using var command = connection.Command("SELECT count(*) FROM token WHERE id = @id AND revoked IS NULL", ("id", id));
            if (Convert.ToInt64(await command.ExecuteScalarAsync(ct), System.Globalization.CultureInfo.InvariantCulture) == 0)
            {
                return false;
            }
        }

        await writer.CommitAsync(new Unit
        {
            Actor = by,
            Origin = "api",
            Notes = [new LedgerNote(new ResourceKey(Kind, "", id), "delete", "")],
            Sql = [new SqlStatement("UPDATE token SET revoked = @now WHERE id = @id", ("now", Micros.From(clock.GetUtcNow())), ("id", id))],
        }, ct);
        Forget();
        return true;
    }

    public async Task<IReadOnlyList<TokenView>> ListAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(All);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var tokens = new List<TokenView>();
        while (await reader.ReadAsync(ct))
        {
            tokens.Add(new TokenView(
                reader.GetString(0), reader.GetString(1), Enum.Parse<Role>(reader.GetString(2)), reader.GetString(3), Micros.ToTime(reader.GetInt64(4)),
                reader.IsDBNull(5) ? null : Micros.ToTime(reader.GetInt64(5)), reader.IsDBNull(6) ? null : Micros.ToTime(reader.GetInt64(6))));
        }

        return tokens;
    }

    /// <summary>The name of a principal, or its id when it has none: ledger rows name people by id.</summary>
    public async Task<string> NameAsync(string actor, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command("SELECT name FROM principal WHERE id = @id", ("id", actor));
        return await command.ExecuteScalarAsync(ct) as string ?? actor;
    }

    public async Task<bool> AnyAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command("SELECT count(*) FROM principal");
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), System.Globalization.CultureInfo.InvariantCulture) > 0;
    }

    /// <summary>Drops what is remembered; a revocation anywhere shows as a ledger row and calls this in each process.</summary>
    internal void Forget() => known.Clear();

    private sealed record Known(Caller Caller, DateTimeOffset? Expires);
}
