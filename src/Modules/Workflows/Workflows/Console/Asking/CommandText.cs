namespace Flagstone.Workflows.Console.Asking;

/// <summary>Parts of a command line that a person copies into a shell. Pure.</summary>
internal static class CommandText
{
    /// <summary>The text as one word, whatever is in it.</summary>
    public static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
