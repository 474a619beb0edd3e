using System.Text;

namespace Flagstone.Workflows.Commands;

/// <summary>Names and ids in Temporal's messages: what can be stored and found again. Pure.</summary>
internal static class Names
{
    /// <summary>In bytes of UTF-8: as Temporal's server counts, and as the database's indexes do.</summary>
    public const int MaxBytes = 1_000;

    /// <summary>What is wrong with a name that must be there; null when nothing is.</summary>
    /// <param name="where">The message that it is in.</param>
    public static string? Refuse(string? value, string name, string where) =>
        string.IsNullOrEmpty(value) ? $"{name} is not set on {where}." : RefuseOptional(value, name);

    /// <summary>What is wrong with a name that may be empty; null when nothing is.</summary>
    public static string? RefuseOptional(string? value, string name) =>
        value is null ? null
        : Encoding.UTF8.GetByteCount(value) > MaxBytes ? $"{name} length exceeds limit of {MaxBytes} bytes."
        : value.Contains('\0', StringComparison.Ordinal) ? $"{name} has a zero character, which cannot be stored. Leave it out."
        : null;
}
