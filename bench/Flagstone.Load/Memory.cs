using System.Globalization;

namespace Flagstone.Load;

/// <summary>Memory of processes, read from <c>/proc</c>, in megabytes.</summary>
internal static class Memory
{
    /// <summary>Resident, as <c>ps</c> shows it.</summary>
    public static double Resident(int process) => Kilobytes($"/proc/{process}/status", "VmRSS:") / 1024;

    /// <summary>The sum over a server's processes of what is theirs alone and their share of what they share.</summary>
    public static double OfServer(int postmaster) =>
        Children(postmaster).Append(postmaster).Sum(p => Kilobytes($"/proc/{p}/smaps_rollup", "Pss:")) / 1024;

    private static IEnumerable<int> Children(int parent) =>
        File.ReadAllText($"/proc/{parent}/task/{parent}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(c => int.Parse(c, CultureInfo.InvariantCulture));

    private static double Kilobytes(string file, string key)
    {
        try
        {
            var line = File.ReadLines(file).First(l => l.StartsWith(key, StringComparison.Ordinal));
            return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // A connection that ended meanwhile.
            return 0;
        }
    }
}
