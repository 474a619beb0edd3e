using System.Text.Json;
using Flagstone.Platform.Ledger.Merkle;

namespace Flagstone.Conformance.Tests.Assurance;

/// <summary>The proofs of transparency-dev/merkle (Apache-2.0): most of them are damaged and must not verify.</summary>
public sealed class MerkleConformance
{
    private const string Folder = "assurance/merkle";

    [Fact]
    public void Proofs_verify_exactly_where_the_corpus_says_so()
    {
        if (!Corpus.IsHere(Folder))
        {
            return;
        }

        Corpus.Report(Folder, [.. Corpus.JsonCases(Folder).Select(path => Case.Of(Path.GetFileName(path), AnswersAsExpected(File.ReadAllBytes(path))))]);
    }

    private static bool AnswersAsExpected(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var test = document.RootElement;
        List<ReadOnlyMemory<byte>> proof = test.TryGetProperty("proof", out var hashes) && hashes.ValueKind == JsonValueKind.Array
            ? [.. hashes.EnumerateArray().Select(hash => new ReadOnlyMemory<byte>(hash.GetBytesFromBase64()))]
            : [];
        var verifies = test.TryGetProperty("leafHash", out _)
            ? MerkleProof.VerifyInclusion(Number(test, "leafIdx"), Number(test, "treeSize"), Bytes(test, "leafHash"), proof, Bytes(test, "root"))
            : MerkleProof.VerifyConsistency(
                Number(test, "size1"), Number(test, "size2"), Bytes(test, "root1"), Bytes(test, "root2"), proof);
        return verifies != test.GetProperty("wantErr").GetBoolean();
    }

    // The corpus' numbers are unsigned; one above our range becomes negative, which no tree has.
    private static long Number(JsonElement test, string name) => unchecked((long)test.GetProperty(name).GetUInt64());

    private static byte[] Bytes(JsonElement test, string name) =>
        test.GetProperty(name) is { ValueKind: JsonValueKind.String } text ? text.GetBytesFromBase64() : [];
}
