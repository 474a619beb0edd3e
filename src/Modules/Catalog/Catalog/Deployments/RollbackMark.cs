using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Flagstone.Catalog.Repositories;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Deployments;

/// <summary>
/// What a rollback's commit says of it. The effect is a Git commit, so that is where its idempotency key is kept: there is never one without
/// the other.
/// </summary>
/// <param name="Key">Stands for the caller and the key; empty without one.</param>
/// <param name="Request">Stands for what was asked; empty without a key.</param>
internal sealed partial record RollbackMark(CommitId From, CommitId To, string Key, string Request)
{
    private const int Digits = 32;

    public static string KeyOf(Caller caller, string key) => Digest($"{caller.Actor.Id}\0{key}");

    public static string RequestOf(ResourceKey service, CommitId? to) => Digest($"{service}\0{to?.Value}");

    public string Message(RepositoryName app, string by)
    {
        var message = $"Roll {app} back to {To.Value[..7]}\n\nFrom {From}, by {by}.\n\nRolled-Back-To: {To}\n";
        return Key.Length == 0 ? message : $"{message}Idempotency-Key: {Key}\nIdempotency-Request: {Request}\n";
    }

    /// <summary>Reads what <see cref="Message"/> wrote; false for any other commit, and for a rollback without a key.</summary>
    public static bool TryRead(string message, [NotNullWhen(true)] out RollbackMark? mark)
    {
        mark = null;
        if (Keyed().Match(message) is { Success: true } match
            && CommitId.TryParse(match.Groups["from"].Value, out var from) && CommitId.TryParse(match.Groups["to"].Value, out var to))
        {
            mark = new RollbackMark(from, to, match.Groups["key"].Value, match.Groups["request"].Value);
        }

        return mark is not null;
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..Digits];

    [GeneratedRegex(
        @"^From (?<from>[0-9a-f]{40}), by [^\n]*\n\nRolled-Back-To: (?<to>[0-9a-f]{40})\nIdempotency-Key: (?<key>[0-9a-f]{32})\nIdempotency-Request: (?<request>[0-9a-f]{32})\n?\z",
        RegexOptions.Multiline | RegexOptions.NonBacktracking, Timeout.Infinite)]
    private static partial Regex Keyed();
}
