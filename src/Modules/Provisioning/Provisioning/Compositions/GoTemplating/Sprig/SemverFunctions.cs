using Flagstone.Provisioning.Compositions.GoTemplating.Engine;
using Semver;

namespace Flagstone.Provisioning.Compositions.GoTemplating.Sprig;

/// <summary>Sprig's functions of semantic versions. Ranges are npm's, which Masterminds' follow; a comma means "and".</summary>
internal static class SemverFunctions
{
    private const int MaxVersionLength = 256;
    private const int MaxRangeLength = 1024;
    private const SemVersionStyles Lenient = SemVersionStyles.OptionalMinorPatch | SemVersionStyles.AllowV | SemVersionStyles.AllowLeadingZeros;

    public static FunctionTable Table { get; } = new()
    {
        { "semver", "string", c => Parts(Version(c.Text(0)), c.Text(0)) },
        { "semverCompare", "string string", c => Compare(c.Text(0), c.Text(1)) },
    };

    private static SemVersion Version(string text) =>
        SemVersion.TryParse(text, Lenient, out var version, MaxVersionLength) ? version : throw new CallFailure("Invalid Semantic Version");

    private static bool Compare(string range, string version)
    {
        var parsed = Version(version);
        return SemVersionRange.TryParseNpm(range.Replace(',', ' '), out var found, MaxRangeLength)
            ? found.Contains(parsed)
            : throw new CallFailure($"improper constraint: {range}");
    }

    private static GoMap Parts(SemVersion version, string original) => new()
    {
        ["Major"] = (long)version.Major,
        ["Minor"] = (long)version.Minor,
        ["Patch"] = (long)version.Patch,
        ["Prerelease"] = version.Prerelease,
        ["Metadata"] = version.Metadata,
        ["Original"] = original,
    };
}
