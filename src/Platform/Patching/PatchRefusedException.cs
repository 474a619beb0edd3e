using System.Diagnostics.CodeAnalysis;

namespace Flagstone.Platform.Patching;

/// <summary>Leaves the recursion over a patch; it never leaves this folder.</summary>
[SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "It never leaves the folder.")]
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "It is always thrown with a reason.")]
internal sealed class PatchRefusedException(string message) : Exception(message);
