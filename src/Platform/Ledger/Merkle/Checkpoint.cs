using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Flagstone.Platform.Ledger.Merkle;

/// <summary>
/// The size and root of a log at one moment (C2SP tlog-checkpoint): the text that is signed as a note. Extension lines of other logs are
/// passed over; ours has none.
/// </summary>
/// <param name="Origin">The log's unique name, not empty, in one line.</param>
/// <param name="Size">The number of leaves.</param>
/// <param name="Root">The root of the tree of that size.</param>
public sealed record Checkpoint(string Origin, long Size, MerkleHash Root)
{
    /// <summary>Parses the text of a note; false unless it begins with an origin, a decimal size and the base64 of 32 bytes.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = null;
        if (text is null
            || !text.EndsWith('\n')
            || text[..^1].Split('\n') is not [{ Length: > 0 } origin, var size, var root, .. var extensions]
            || extensions.Contains("")
            || !long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var leaves)
            || (size.Length > 1 && size[0] == '0')
            || !StrictBase64.TryDecode(root, out var bytes)
            || !MerkleHash.TryRead(bytes, out var hash))
        {
            return false;
        }

        checkpoint = new(origin, leaves, hash);
        return true;
    }

    /// <summary>The note's text: three lines.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Root}\n");
}
