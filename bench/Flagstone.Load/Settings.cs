using System.Globalization;

namespace Flagstone.Load;

/// <summary>What <c>script/bench</c> asks for.</summary>
/// <param name="Root">The repository's folder.</param>
/// <param name="Host">The published host's program.</param>
/// <param name="Seconds">The length of each run of the load generator.</param>
/// <param name="Stores"><c>sqlite</c>, <c>postgresql</c> or both.</param>
/// <param name="Sizes">How many resources are stored, in rising order, before lists and memory are measured.</param>
/// <param name="Parts">What of the measurement runs: <c>store</c> with what it is compared with, <c>claims</c>, <c>processes</c>, <c>provisioning</c>, <c>workflows</c>; <c>runs</c>, the open runs of <c>workflows</c> alone, only where it is named.</param>
/// <param name="Claims">How many claims of four managed resources become Ready, in rising order.</param>
/// <param name="Runs">How many workflow runs are open, in rising order.</param>
internal sealed record Settings(string Root, string Host, int Seconds, IReadOnlyList<string> Stores, IReadOnlyList<int> Sizes, IReadOnlyList<string> Parts, IReadOnlyList<int> Claims, IReadOnlyList<int> Runs)
{
    public string Script(string name) => Path.Combine(Root, "bench", "wrk", name);

    public static Settings Parse(string[] args)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal) { ["--seconds"] = "5", ["--store"] = "both", ["--sizes"] = "50000,100000", ["--parts"] = "store,claims,processes,provisioning,workflows", ["--claims"] = "1000,10000", ["--runs"] = "10000,100000" };
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            given[args[i]] = args[i + 1];
        }

        return new Settings(given["--root"], given["--host"], Number(given["--seconds"]),
            given["--store"] == "both" ? ["sqlite", "postgresql"] : [given["--store"]], [.. given["--sizes"].Split(',').Select(Number).Order()], given["--parts"].Split(','), [.. given["--claims"].Split(',').Select(Number).Order()],
            [.. given["--runs"].Split(',').Select(Number).Order()]);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
