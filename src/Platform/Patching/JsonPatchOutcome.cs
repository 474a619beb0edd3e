using System.Text.Json.Nodes;

namespace Flagstone.Platform.Patching;

/// <summary>What became of a JSON patch.</summary>
public abstract record JsonPatchOutcome
{
    private protected JsonPatchOutcome()
    {
    }
}

/// <summary>All operations were applied.</summary>
public sealed record JsonPatched(JsonNode? Document) : JsonPatchOutcome;

/// <summary>An operation cannot be applied to this document.</summary>
/// <param name="Operation">Its index in the patch.</param>
/// <param name="Message">The operation, its place and the cause.</param>
public sealed record JsonPatchRefused(int Operation, string Message) : JsonPatchOutcome;

/// <summary>A <c>test</c> found another value: the document is not as the patch's author took it to be.</summary>
/// <param name="Operation">Its index in the patch.</param>
/// <param name="Message">The place, and both values.</param>
public sealed record JsonPatchTestFailed(int Operation, string Message) : JsonPatchOutcome;
