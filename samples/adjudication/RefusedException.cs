namespace Flagstone.Samples.Adjudication;

/// <summary>The claim is not paid, and why. It never leaves the workflow.</summary>
internal sealed class RefusedException(string reason) : Exception(reason);
