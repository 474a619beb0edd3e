using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;

namespace Flagstone.EndToEnd.Tests;

/// <summary>
/// What an auditor does with nothing of ours: reads the checkpoint and every entry from <c>/log</c>, and computes the root again by the
/// naive recursion of RFC 9162 section 2.1.1.
/// </summary>
internal sealed record PublishedLog(long Size, string Root, IReadOnlyList<JsonObject> Entries, string ComputedRoot)
{
    private const int Width = 256;

    public static async Task<PublishedLog> ReadAsync(RunningHost host, string token, CancellationToken ct)
    {
        using var client = host.Client(token);
        var lines = (await client.GetStringAsync(new Uri("/log/checkpoint", UriKind.Relative), ct)).Split('\n');
        var size = long.Parse(lines[1], CultureInfo.InvariantCulture);
        var leaves = new List<byte[]>();
        for (var index = 0; (long)index * Width < size; index++)
        {
            var width = (int)Math.Min(Width, size - ((long)index * Width));
            var path = Segments(index) + (width < Width ? string.Create(CultureInfo.InvariantCulture, $".p/{width}") : "");
            var bundle = await client.GetByteArrayAsync(new Uri($"/log/tile/entries/{path}", UriKind.Relative), ct);
            for (var at = 0; at < bundle.Length;)
            {
                var length = (bundle[at] << 8) | bundle[at + 1];
                leaves.Add(bundle[(at + 2)..(at + 2 + length)]);
                at += 2 + length;
            }
        }

        var root = Convert.ToBase64String(Hash([.. leaves.Select(l => SHA256.HashData([0, .. l]))], 0, leaves.Count));
        return new PublishedLog(size, lines[2], [.. leaves.Select(l => JsonNode.Parse(Encoding.UTF8.GetString(l))!.AsObject())], root);
    }

    private static string Segments(int index)
    {
        var text = (index % 1000).ToString("000", CultureInfo.InvariantCulture);
        for (index /= 1000; index > 0; index /= 1000)
        {
            text = $"x{index % 1000:000}/{text}";
        }

        return text;
    }

    private static byte[] Hash(byte[][] leaves, int from, int count)
    {
        if (count <= 1)
        {
            return count == 0 ? SHA256.HashData([]) : leaves[from];
        }

        var left = 1;
        while (left * 2 < count)
        {
            left *= 2;
        }

        return SHA256.HashData([1, .. Hash(leaves, from, left), .. Hash(leaves, from + left, count - left)]);
    }
}
