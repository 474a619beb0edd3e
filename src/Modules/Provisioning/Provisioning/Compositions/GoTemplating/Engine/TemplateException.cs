namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>A template cannot be parsed or executed. The message is Go's, with the place.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "It never leaves the engine.")]
internal sealed class TemplateException(string message) : FatalResultException(message);
