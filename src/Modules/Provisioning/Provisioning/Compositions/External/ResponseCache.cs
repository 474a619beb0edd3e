using System.Security.Cryptography;
using Flagstone.Provisioning.Compositions.External.Protocol;
using Google.Protobuf;

namespace Flagstone.Provisioning.Compositions.External;

/// <summary>Answers of a function that it said may be used again: for the same request, until their time to live is over.</summary>
internal sealed class ResponseCache(TimeProvider clock)
{
    private const int MaxEntries = 2_000;

    private readonly Lock sync = new();
    private readonly Dictionary<string, (RunFunctionResponse Response, DateTimeOffset Until)> entries = new(StringComparer.Ordinal);

    /// <summary>The same for the same request. Made before the tag itself is in it.</summary>
    public static string TagOf(RunFunctionRequest request)
    {
        var buffer = new byte[request.CalculateSize()];
        using var stream = new MemoryStream(buffer);
        using var output = new CodedOutputStream(stream) { Deterministic = true };
        request.WriteTo(output);
        output.Flush();
        return Convert.ToHexStringLower(SHA256.HashData(buffer));
    }

    public RunFunctionResponse? Find(string tag)
    {
        lock (sync)
        {
            return entries.TryGetValue(tag, out var entry) && entry.Until > clock.GetUtcNow() ? entry.Response : null;
        }
    }

    public void Keep(string tag, RunFunctionResponse response)
    {
        if (response.Meta?.Ttl?.ToTimeSpan() is not { } life || life <= TimeSpan.Zero || response.Results.Any(r => r.Severity == Protocol.Severity.Fatal))
        {
            return;
        }

        lock (sync)
        {
            var now = clock.GetUtcNow();
            if (entries.Count >= MaxEntries)
            {
                foreach (var stale in entries.Where(e => e.Value.Until <= now).Select(e => e.Key).ToList())
                {
                    entries.Remove(stale);
                }
            }

            if (entries.Count < MaxEntries)
            {
                entries[tag] = (response, now + life);
            }
        }
    }
}
