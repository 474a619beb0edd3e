namespace Flagstone.Catalog.Files;

/// <summary>What a file holds. The bytes are never changed once they are here.</summary>
internal sealed record FileContent(ReadOnlyMemory<byte> Bytes, bool Executable = false)
{
    public static FileContent Text(string text) => new(System.Text.Encoding.UTF8.GetBytes(text));

    public bool SameAs(FileContent other) => Executable == other.Executable && Bytes.Span.SequenceEqual(other.Bytes.Span);
}
