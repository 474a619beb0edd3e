using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Flagstone.Workflows.Visibility;
using Google.Protobuf;

namespace Flagstone.Workflows.Frontend;

/// <summary>
/// The tokens by which a list goes on. One is good for the list that it came from alone; what it says is only ever compared with the rows of the
/// caller's namespace. Pure.
/// </summary>
internal static class ListTokens
{
    private const int MaxBytes = 1_024;

    public static ByteString Write(ListPosition? next, string ns, string query) =>
        next is null ? ByteString.Empty
        : ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(new Token(next.CloseAt, next.StartAt, next.Run, Mark(ns, query))));

    /// <summary>Null for a first page.</summary>
    public static ListPosition? Read(ByteString token, string ns, string query)
    {
        if (token.IsEmpty)
        {
            return null;
        }

        try
        {
            if (token.Length <= MaxBytes && JsonSerializer.Deserialize<Token>(token.Span) is { Run: not null } read && Guid.TryParse(read.Run, out _)
                && read.Of == Mark(ns, query))
            {
                return new ListPosition(read.CloseAt, read.StartAt, read.Run);
            }
        }
        catch (JsonException)
        {
            // Answered below, like a token of another list.
        }

        throw RpcErrors.InvalidArgument("Invalid NextPageToken: it is not one of this namespace and query. Begin the list again, without a token.");
    }

    private static string Mark(string ns, string query) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{ns}\n{query}")).AsSpan(0, 16));

    private sealed record Token(long CloseAt, long StartAt, string Run, string Of);
}
