using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Flagstone.Provisioning.Providers.Process;

/// <summary>What a Deployment runs: a commit of a hosted repository. Text form: <c>REPOSITORY@COMMIT</c>.</summary>
internal readonly partial record struct SourceReference(string Repository, string Commit)
{
    public const string Annotation = "flagstone.dev/source";

    public override string ToString() => $"{Repository}@{Commit}";

    public static bool TryParse([NotNullWhen(true)] string? text, out SourceReference source)
    {
        var match = Form().Match(text ?? "");
        source = match.Success ? new SourceReference(match.Groups["repository"].Value, match.Groups["commit"].Value) : default;
        return match.Success;
    }

    [GeneratedRegex(@"\A(?<repository>[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?)@(?<commit>[0-9a-f]{40})\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
