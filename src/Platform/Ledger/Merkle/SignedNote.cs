using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Flagstone.Platform.Ledger.Merkle;

/// <summary>A text with signatures below it (C2SP signed-note).</summary>
public sealed record SignedNote
{
    internal const string SignatureMark = "\u2014 ";

    private const int MaxSignatures = 100;
    private const int MaxLength = 1 << 20;
    private const string Separator = "\n\n";

    private SignedNote(string text, IReadOnlyList<NoteVerifierKey> signers)
    {
        Text = text;
        Signers = signers;
    }

    /// <summary>The signed text, which ends in a newline.</summary>
    public string Text { get; }

    /// <summary>The known keys whose signatures were found and verified: at least one.</summary>
    public IReadOnlyList<NoteVerifierKey> Signers { get; }

    /// <summary>Signs a text. More signatures may be added by appending lines.</summary>
    /// <exception cref="ArgumentException">The text does not end in a newline, or holds another control character.</exception>
    public static string Sign(string text, params IReadOnlyList<NoteSigner> signers)
    {
        if (!IsValidText(text))
        {
            throw new ArgumentException("A note's text ends in a newline and holds no other control character.", nameof(text));
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        return $"{text}\n{string.Concat(signers.Select(signer => signer.SignatureLine(bytes)))}";
    }

    /// <summary>
    /// Opens a note. Signatures by unknown keys are passed over; a wrong signature by a known key refuses the note, and so does a note that
    /// no known key has signed.
    /// </summary>
    public static bool TryOpen(string note, IReadOnlyCollection<NoteVerifierKey> known, [NotNullWhen(true)] out SignedNote? opened)
    {
        opened = null;
        var split = note.LastIndexOf(Separator, StringComparison.Ordinal);
        if (note.Length > MaxLength || split < 0 || !note.EndsWith('\n'))
        {
            return false;
        }

        var text = note[..(split + 1)];
        var lines = note[(split + Separator.Length)..].Split('\n')[..^1];
        if (!IsValidText(text) || lines.Length is 0 or > MaxSignatures)
        {
            return false;
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        var signers = new List<NoteVerifierKey>();
        foreach (var line in lines)
        {
            if (!TryParseLine(line, out var name, out var hash, out var signature))
            {
                return false;
            }

            var key = known.FirstOrDefault(k => k.Hash == hash && k.Name == name);
            if (key is null || signers.Contains(key))
            {
                continue;
            }

            if (!key.Verify(bytes, signature))
            {
                return false;
            }

            signers.Add(key);
        }

        if (signers.Count == 0)
        {
            return false;
        }

        opened = new(text, signers);
        return true;
    }

    private static bool TryParseLine(string line, out string name, out uint hash, out ReadOnlySpan<byte> signature)
    {
        name = "";
        hash = 0;
        signature = default;
        if (!line.StartsWith(SignatureMark, StringComparison.Ordinal)
            || line[SignatureMark.Length..].Split(' ') is not [var keyName, var encoded]
            || !NoteVerifierKey.IsValidName(keyName)
            || !StrictBase64.TryDecode(encoded, out var blob)
            || blob.Length <= sizeof(uint))
        {
            return false;
        }

        name = keyName;
        hash = BinaryPrimitives.ReadUInt32BigEndian(blob);
        signature = blob.AsSpan(sizeof(uint));
        return true;
    }

    private static bool IsValidText(string text)
    {
        if (!text.EndsWith('\n'))
        {
            return false;
        }

        foreach (var rune in text.EnumerateRunes())
        {
            // The replacement character stands for what was not Unicode; a signature over it would cover more than one input.
            if ((rune.Value < ' ' && rune.Value != '\n') || rune == Rune.ReplacementChar)
            {
                return false;
            }
        }

        return true;
    }
}
