using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Provisioning.Claims;

/// <summary>A composition composes a resource of a kind that is not served.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "It never leaves the engine.")]
internal sealed class UnknownKindException(string name, JsonObject document) : FatalResultException(
    $"composed resource \"{name}\" is a {document.Text("kind")} of {document.Text("apiVersion")}, which no provider here serves. Correct its base, or apply its CustomResourceDefinition.")
{
    public JsonObject Document { get; } = document;
}
