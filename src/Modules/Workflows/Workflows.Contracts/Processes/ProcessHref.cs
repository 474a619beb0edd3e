namespace Flagstone.Workflows.Contracts.Processes;

/// <summary>The console's page on which a process is asked for.</summary>
public static class ProcessHref
{
    /// <param name="process">A kind's name.</param>
    /// <param name="values">What its form opens with, by the input's member.</param>
    public static string To(string process, params IReadOnlyList<(string Member, string Value)> values) =>
        $"/processes/start/{process}{string.Concat(values.Select((v, i) => $"{(i == 0 ? '?' : '&')}{v.Member}={Uri.EscapeDataString(v.Value)}"))}";
}
