using Flagstone.Platform.Ledger.Merkle;

namespace Flagstone.Platform.Tests.Ledger.Merkle;

public sealed class SignedNoteTests : IDisposable
{
    private const string Text = "log.example/flagstone\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

    private readonly NoteSigner log = new("log.example/flagstone", Seed(1));
    private readonly NoteSigner witness = new("witness.example", Seed(2));

    public void Dispose()
    {
        log.Dispose();
        witness.Dispose();
    }

    [Fact]
    public void A_note_of_another_implementation_opens()
    {
        // The example in the documentation of Go's golang.org/x/mod/sumdb/note.
        Assert.True(NoteVerifierKey.TryParse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", out var key));
        const string Note = """
            If you think cryptography is the answer to your problem,
            then you don't know what your problem is.

            — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=

            """;
        Assert.True(SignedNote.TryOpen(Note, [key], out var opened));
        Assert.Equal("If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n", opened.Text);
        Assert.False(SignedNote.TryOpen(Note.Replace("problem", "Problem", StringComparison.Ordinal), [key], out _));
    }

    [Fact]
    public void A_signature_by_an_unknown_key_is_passed_over()
    {
        var note = SignedNote.Sign(Text, log, witness);
        Assert.True(SignedNote.TryOpen(note, [log.Verifier], out var opened));
        Assert.Equal(Text, opened.Text);
        Assert.Equal([log.Verifier], opened.Signers);
        Assert.True(SignedNote.TryOpen(note, [witness.Verifier, log.Verifier], out opened));
        Assert.Equal(2, opened.Signers.Count);
    }

    [Fact]
    public void A_note_that_no_known_key_signed_is_refused()
    {
        Assert.False(SignedNote.TryOpen(SignedNote.Sign(Text, witness), [log.Verifier], out _));
        Assert.False(SignedNote.TryOpen(SignedNote.Sign(Text), [log.Verifier], out _));
    }

    [Fact]
    public void Every_changed_character_is_noticed()
    {
        var note = SignedNote.Sign(Text, log);
        for (var i = 0; i < note.Length; i++)
        {
            var changed = note[..i] + (char)(note[i] ^ 1) + note[(i + 1)..];
            Assert.False(SignedNote.TryOpen(changed, [log.Verifier], out _), $"Character {i} was changed.");
            Assert.False(SignedNote.TryOpen(note[..i], [log.Verifier], out _), $"The note was cut at {i}.");
        }
    }

    [Fact]
    public void A_wrong_signature_by_a_known_key_refuses_a_note_that_another_key_signed()
    {
        using var impostor = new NoteSigner("x", Seed(3));
        var line = SignedNote.Sign("other\n", log)["other\n\n".Length..];
        Assert.False(SignedNote.TryOpen(SignedNote.Sign(Text, witness) + line, [log.Verifier, witness.Verifier], out _));
    }

    [Fact]
    public void A_text_may_hold_blank_lines()
    {
        Assert.True(SignedNote.TryOpen(SignedNote.Sign("a\n\nb\n", log), [log.Verifier], out var opened));
        Assert.Equal("a\n\nb\n", opened.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no newline")]
    [InlineData("tab\t\n")]
    [InlineData("return\r\n")]
    public void A_text_that_no_note_can_hold_is_not_signed(string text) => Assert.Throws<ArgumentException>(() => SignedNote.Sign(text, log));

    [Fact]
    public void A_key_is_read_back_from_its_text()
    {
        Assert.True(NoteVerifierKey.TryParse(log.Verifier.ToString(), out var key));
        Assert.Equal(log.Verifier.Hash, key.Hash);
        Assert.Equal(log.Verifier.ToString(), key.ToString());
    }

    [Theory]
    [InlineData("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T")]
    [InlineData("PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("PeterNeumann")]
    [InlineData(null)]
    public void A_malformed_key_is_refused(string? text) => Assert.False(NoteVerifierKey.TryParse(text, out _));

    [Fact]
    public void A_checkpoint_is_read_back_from_its_text()
    {
        Assert.True(Checkpoint.TryParse(Text, out var checkpoint));
        Assert.Equal(new Checkpoint("log.example/flagstone", 3, MerkleHash.EmptyRoot), checkpoint);
        Assert.Equal(Text, checkpoint.ToString());
        Assert.True(Checkpoint.TryParse(Text + "extension\n", out _));
    }

    [Theory]
    [InlineData("\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n03\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n-3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n")]
    [InlineData("o\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n")]
    [InlineData("o\n3\n47DEQpj8HBQ=\n")]
    [InlineData("o\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    [InlineData("o\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n")]
    [InlineData("o\n3\n")]
    [InlineData(null)]
    public void A_malformed_checkpoint_is_refused(string? text) => Assert.False(Checkpoint.TryParse(text, out _));

    private static byte[] Seed(byte fill) => [.. Enumerable.Repeat(fill, 32)];
}
