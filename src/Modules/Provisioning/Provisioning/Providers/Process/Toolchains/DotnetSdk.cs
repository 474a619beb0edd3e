namespace Flagstone.Provisioning.Providers.Process.Toolchains;

/// <summary>The .NET SDK of the machine, where sandboxes see it: below <c>/usr</c>.</summary>
internal static class DotnetSdk
{
    private static readonly string[] Places = ["/usr/local/bin", "/usr/bin"];

    /// <summary>What is missing, with the way out; null when there is an SDK.</summary>
    public static string? Missing() => Missing(Places);

    public static string? Missing(IReadOnlyList<string> places)
    {
        var program = places.Select(place => Path.Combine(place, "dotnet")).FirstOrDefault(File.Exists);
        if (program is null)
        {
            return $"There is no .NET SDK here: no program 'dotnet' in {string.Join(" or ", places)}. Install one where services see it, such as the package dotnet-sdk-10.0.";
        }

        var root = Path.GetDirectoryName(File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program)!;
        var sdks = Path.Combine(root, "sdk");
        if (!Directory.Exists(sdks) || Directory.GetDirectories(sdks).Length == 0)
        {
            return $"There is no .NET SDK here: {root} has a runtime alone. Install an SDK there, such as the package dotnet-sdk-10.0.";
        }

        return null;
    }
}
