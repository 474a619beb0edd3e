namespace Flagstone.Provisioning.Compositions;

/// <summary>A function's result is fatal: the pipeline stops, and nothing of the desired state may be applied.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "It never leaves the engine.")]
internal class FatalResultException(string message) : Exception(message);
