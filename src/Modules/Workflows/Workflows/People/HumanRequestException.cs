namespace Flagstone.Workflows.People;

/// <summary>A request that cannot be taken; the message names the member, the cause and the way out.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "It becomes the failure of a workflow task within the module.")]
internal sealed class HumanRequestException(string message) : Exception(message);
