namespace Flagstone.Provisioning.Compositions.Offline;

/// <summary>What was given cannot be rendered; the message names the file.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "It never leaves the module.")]
internal sealed class RenderRefusedException(string message) : Exception(message);
