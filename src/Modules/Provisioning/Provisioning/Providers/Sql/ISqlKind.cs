using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions.PatchAndTransform;
using Flagstone.Provisioning.Drift;
using Flagstone.Provisioning.Managed;
using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>How the things of one kind are looked at, made, mended and dropped. What the server refuses is thrown, and judged by the driver.</summary>
internal interface ISqlKind
{
    /// <summary>What is there; null for nothing.</summary>
    Task<SqlState?> FindAsync(SqlTarget target, CancellationToken ct);

    Task<DriverOutcome> CreateAsync(SqlTarget target, CancellationToken ct);

    Task<DriverOutcome> MendAsync(SqlTarget target, SqlState found, CancellationToken ct);

    Task<DriverOutcome> DropAsync(SqlTarget target, CancellationToken ct);
}

/// <summary>Where something is, and what it should be.</summary>
/// <param name="Connection">To the server's default database, as administrator.</param>
/// <param name="Resource">With what it refers to filled in.</param>
internal sealed record SqlTarget(ISqlServer Server, NpgsqlConnection Connection, ManagedResource Resource)
{
    public JsonObject Wanted => Resource.ForProvider;

    public string Name => Resource.ExternalName;

    /// <summary>True once it was made or found: what is not there then was taken away by others.</summary>
    public bool WasThere => CreateIntent.HasSucceeded(Resource.Document) || DriftRules.WasSynced(Resource.Document);

    public bool IsDeleting => Resource.Document.IsDeleting();

    public string Where => $"{Server.Host}:{Server.Port}";

    /// <summary>True when people decided that the field may be as it is.</summary>
    public bool Allows(FieldDrift drift) =>
        drift.Actual is not null && Paved.TryGet(Resource.Document, $"spec.{drift.Path}", out var lenient) && JsonNode.DeepEquals(lenient, drift.Actual);
}

/// <summary>A difference, and the statement that mends it.</summary>
/// <param name="Statement">Empty where nothing does.</param>
internal sealed record SqlChange(FieldDrift Drift, string Statement = "")
{
    /// <summary>Of a field below <c>spec.forProvider</c>.</summary>
    public static SqlChange Of(string field, JsonNode? wanted, JsonNode? actual, string statement = "") =>
        new(new FieldDrift($"forProvider.{field}", wanted, actual) { NeedsReplacement = statement.Length == 0 }, statement);

    public string Text => $"spec.{Drift.Path} is {Drift.Actual?.ToJsonString() ?? "not there"} and should be {Drift.Wanted?.ToJsonString() ?? "not there"}";
}

/// <summary>What a look found.</summary>
internal sealed record SqlState(IReadOnlyList<SqlChange> Changes)
{
    public JsonObject AtProvider { get; init; } = [];

    /// <summary>What the connection secret should hold.</summary>
    public IReadOnlyDictionary<string, string> Connection { get; init; } = new Dictionary<string, string>();

    /// <summary>Why there is something to do though nothing differs; null when there is not.</summary>
    public string? Due { get; init; }

    /// <summary>What of the resource cannot be heeded while the thing is kept; null for nothing.</summary>
    public string? Failing { get; init; }

    public IReadOnlyList<string> Statements => [.. Changes.Select(c => c.Statement).Where(s => s.Length > 0)];

    public string? Difference => Join([.. Changes.Where(c => c.Statement.Length > 0).Select(c => c.Text), .. Due is null ? Array.Empty<string>() : [Due]], "");

    public string? Unfixable => Join([.. Changes.Where(c => c.Statement.Length == 0).Select(c => c.Text)], "; it would have to be made anew, which is never done for you");

    private static string? Join(string[] texts, string end) => texts.Length == 0 ? null : string.Join("; ", texts) + end;
}
