using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>Statements of definition take no parameters: what is put into them is quoted here.</summary>
internal static class SqlText
{
    /// <summary>More bytes PostgreSQL cuts off an identifier, without a word.</summary>
    public const int MaxNameBytes = 63;

    public static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>As an escape string where it has a backslash, which means the same whatever the server's settings.</summary>
    public static string Literal(string value)
    {
        var doubled = value.Replace("'", "''", StringComparison.Ordinal);
        return doubled.Contains('\\', StringComparison.Ordinal) ? $"E'{doubled.Replace("\\", "\\\\", StringComparison.Ordinal)}'" : $"'{doubled}'";
    }

    public static async Task ExecuteAsync(this NpgsqlConnection connection, string statement, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>All of them or none.</summary>
    public static async Task ExecuteTogetherAsync(this NpgsqlConnection connection, IReadOnlyList<string> statements, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        foreach (var statement in statements)
        {
            await connection.ExecuteAsync(statement, ct);
        }

        await transaction.CommitAsync(ct);
    }

    public static async Task<IReadOnlyList<T>> AskAsync<T>(
        this NpgsqlConnection connection, string query, IReadOnlyList<object> values, Func<NpgsqlDataReader, T> read, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(query, connection);
        foreach (var value in values)
        {
            command.Parameters.AddWithValue(value);
        }

        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>True when the one value that the query asks for is.</summary>
    public static async Task<bool> IsTrueAsync(this NpgsqlConnection connection, string query, IReadOnlyList<object> values, CancellationToken ct) =>
        (await connection.AskAsync(query, values, r => !r.IsDBNull(0) && r.GetBoolean(0), ct)).Contains(true);
}
