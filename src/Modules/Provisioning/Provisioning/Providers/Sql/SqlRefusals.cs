using Flagstone.Provisioning.Managed;
using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>What a server's refusal means. Pure.</summary>
internal static class SqlRefusals
{
    public static DriverOutcome Judge(PostgresException refusal) => refusal.SqlState switch
    {
        // Made already, by a call whose answer was lost: the next observation looks at it.
        PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.DuplicateObject => Done.Plain,

        // Two statements on one database at once end in an internal error, "tuple concurrently updated": soon over as well.
        PostgresErrorCodes.UndefinedObject or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.DependentObjectsStillExist
            or PostgresErrorCodes.InternalError or PostgresErrorCodes.ObjectInUse => new Waiting(Text(refusal)),
        PostgresErrorCodes.InvalidParameterValue or PostgresErrorCodes.FeatureNotSupported => new Failed(Text(refusal)) { Terminal = true },
        _ => new Failed(Text(refusal)),
    };

    private static string Text(PostgresException refusal) =>
        string.Join(". ", new[] { refusal.MessageText, refusal.Detail?.ReplaceLineEndings(", "), refusal.Hint }.Where(t => !string.IsNullOrEmpty(t)).Select(t => t!.TrimEnd('.')));
}
