using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Kubernetes;

/// <summary>
/// Core Events and Leases: outside the ledger, in a table of their own that forgets. Their versions are a sequence of their own, which the
/// counter's row orders as the commits are.
/// </summary>
public sealed class TransientResources(PlatformDatabase database, LedgerWriter writer, TimeProvider clock)
{
    /// <summary>As long as the API server keeps events.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    private const string Select = """
        SELECT namespace, name, version, body FROM transient
        WHERE kind = @kind AND (@all = 1 OR namespace = @ns) AND version > @after AND expires > @now ORDER BY version LIMIT @limit
        """;

    /// <summary>Those of a kind after a version, in the order in which they were written.</summary>
    public async Task<IReadOnlyList<StoredResource>> ListAsync(KindDefinition kind, string? ns, long after, int limit, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            Select, ("kind", kind.Id.ToString()), ("all", ns is null ? 1 : 0), ("ns", ns ?? ""), ("after", after),
            ("now", Micros.From(clock.GetUtcNow())), ("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<StoredResource>();
        while (await reader.ReadAsync(ct))
        {
            var document = JsonNode.Parse(reader.GetFieldValue<byte[]>(3))!.AsObject();
            var version = reader.GetInt64(2);
            found.Add(new StoredResource(kind.Key(reader.GetString(0), reader.GetString(1)), document.UidOf(), version, ResourceBody.From(document).WithVersion(version)));
        }

        return found;
    }

    public async Task<StoredResource?> FindAsync(KindDefinition kind, string ns, string name, CancellationToken ct) =>
        (await ListAsync(kind, ns, 0, int.MaxValue, ct)).FirstOrDefault(r => r.Key.Name == name);

    /// <summary>Writes one, whole. The document has its name and namespace.</summary>
    public Task PutAsync(KindDefinition kind, JsonObject document, CancellationToken ct)
    {
        document["apiVersion"] = kind.ApiVersion;
        document["kind"] = kind.Kind;
        var metadata = document.Metadata();
        metadata["uid"] ??= Guid.NewGuid().ToString();
        metadata["creationTimestamp"] ??= Preparation.Timestamp(clock.GetUtcNow());
        var now = clock.GetUtcNow();
        return writer.CommitAsync(new Unit
        {
            Actor = Actor.Controller("events"),
            Origin = "api",
            Background = true,
            Sql =
            [
                new SqlStatement("DELETE FROM transient WHERE expires <= @now", ("now", Micros.From(now))),
                new SqlStatement("UPDATE transient_head SET version = version + 1"),
                new SqlStatement(
                    """
                    INSERT INTO transient (kind, namespace, name, version, expires, body)
                    VALUES (@kind, @ns, @name, (SELECT version FROM transient_head), @expires, @body)
                    ON CONFLICT (kind, namespace, name) DO UPDATE SET version = excluded.version, expires = excluded.expires, body = excluded.body
                    """,
                    ("kind", kind.Id.ToString()), ("ns", document.NamespaceOf()), ("name", document.NameOf()),
                    ("expires", Micros.From(now + Life)), ("body", ResourceBody.From(document).Bytes.ToArray())),
            ],
        }, ct);
    }

    public Task RemoveAsync(ResourceKey key, CancellationToken ct) => writer.CommitAsync(new Unit
    {
        Actor = Actor.Controller("events"),
        Origin = "api",
        Background = true,
        Sql =
        [
            new SqlStatement("DELETE FROM transient WHERE kind = @kind AND namespace = @ns AND name = @name",
                ("kind", key.Kind.ToString()), ("ns", key.Namespace), ("name", key.Name)),
        ],
    }, ct);
}
