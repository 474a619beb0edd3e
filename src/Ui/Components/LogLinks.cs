using System.Globalization;

namespace Flagstone.Ui.Components;

/// <summary>Addresses in the transparency log.</summary>
internal static class LogLinks
{
    public static string Proof(long sequence) => string.Create(CultureInfo.InvariantCulture, $"/log/proof/{sequence}");
}
