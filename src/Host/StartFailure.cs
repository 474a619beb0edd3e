using System.ComponentModel.DataAnnotations;
using System.Net.Sockets;
using Flagstone.Platform.Data;
using Flagstone.Platform.Storage;
using Flagstone.Platform.Transfer;
using Npgsql;

namespace Flagstone.Host;

/// <summary>Explains why a start failed where an operator can do something about it; other failures keep their stack.</summary>
internal static class StartFailure
{
    public static string? Explain(Exception failure) => failure switch
    {
        DataFolderException or InstallationKeyException or NewerDataException or ArchiveException or ValidationException or ArgumentException { ParamName: "url" } => failure.Message,
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } or Microsoft.AspNetCore.Connections.AddressInUseException =>
            $"{failure.Message} Another program listens there, or two settings name it. Choose another with --port, --k8s-port, --apps-port, --temporal-port or --silo-port.",
        NpgsqlException { InnerException: SocketException } => $"PostgreSQL cannot be reached: {failure.Message} Start it, or correct --database.",
        PostgresException postgres => $"PostgreSQL refuses: {postgres.MessageText} Correct --database, or the rights of its user.",
        _ => null,
    };
}
