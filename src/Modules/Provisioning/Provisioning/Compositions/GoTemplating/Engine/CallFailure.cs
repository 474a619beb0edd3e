namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>What a function of a template answers instead of a value; the evaluator adds the place and makes it a <see cref="TemplateException"/>.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "It never leaves the engine.")]
internal sealed class CallFailure(string message) : FatalResultException(message);
