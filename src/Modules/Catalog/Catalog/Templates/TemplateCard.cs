using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Services;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Templates;

/// <summary>A golden path as the list shows it.</summary>
internal sealed record TemplateCard(string Namespace, string Name, string Title, string Description, string Type, string Owner, IReadOnlyList<string> Tags)
{
    public string Href => $"/golden-paths/{Uri.EscapeDataString(Name)}{(Namespace == "default" ? "" : $"?ns={Uri.EscapeDataString(Namespace)}")}";

    public static TemplateCard Of(JsonObject template)
    {
        var metadata = template["metadata"];
        return new TemplateCard(
            template.NamespaceOf(), template.NameOf(),
            metadata.Text("title") is { Length: > 0 } title ? title : template.NameOf(),
            metadata.Text("description"), template["spec"].Text("type"), ServiceRow.OwnerName(template["spec"].Text("owner")),
            [.. (metadata.At("tags") as JsonArray ?? []).OfType<JsonValue>().Where(t => t.GetValueKind() == JsonValueKind.String).Select(t => t.GetValue<string>())]);
    }
}
