namespace Flagstone.Conformance.Tests;

/// <summary>What lies in the folder of cases and nothing here runs: said, not passed over.</summary>
public sealed class AbsentCorpora
{
    // The README's folders. A line leaves this list when a test runs it.
    private static readonly string[] Folders =
    [
        "kyverno/policies", "kyverno/cli", "backstage/catalogs", "metrics", "assurance/sigstore", "assurance/trivy", "assurance/cyclonedx",
    ];

    [Fact]
    public void Are_named()
    {
        if (!Corpus.IsHere("corpora without a test"))
        {
            return;
        }

        Assert.All(Folders, Corpus.ReportAbsent);
    }
}
