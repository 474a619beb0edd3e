using System.Text.Json.Nodes;

namespace Flagstone.Platform.Schemas;

/// <summary>What else makes a schema structural, once its parts are read: embedded resources, metadata, keys of lists, defaults.</summary>
internal sealed class StructureCheck(List<FieldError> errors)
{
    public void CheckEmbedded(SchemaReader reader, SchemaType type, bool preserve)
    {
        if (type != SchemaType.Object)
        {
            errors.Add(FieldError.Invalid(reader.At("type"), reader["type"], "must be object if x-kubernetes-embedded-resource is true"));
        }

        if (!preserve && !reader.Has("properties"))
        {
            errors.Add(FieldError.Required(
                reader.At("properties"),
                "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"));
        }
    }

    public void CheckMetadata(JsonObject metadata, FieldPath path)
    {
        var fields = (metadata["properties"] as JsonObject)?.Select(field => field.Key) ?? [];
        var keywords = metadata.Select(keyword => keyword.Key).Except(["type", "description", "properties"]);
        if (keywords.Any() || fields.Except(["name", "generateName"]).Any())
        {
            errors.Add(FieldError.Forbidden(
                path, "must not specify anything other than name and generateName, but metadata is implicitly specified"));
        }
    }

    public void CheckListMapKeys(SchemaReader reader, SchemaNode node)
    {
        var path = reader.At("x-kubernetes-list-map-keys");
        if (node.ListType != ListType.Map)
        {
            if (node.ListMapKeys.Length > 0)
            {
                errors.Add(FieldError.Forbidden(path, "must be unset if x-kubernetes-list-type is not map"));
            }

            return;
        }

        if (node.ListMapKeys.Length == 0)
        {
            errors.Add(FieldError.Required(path, "must not be empty if x-kubernetes-list-type is map"));
        }

        var items = node.Items ?? SchemaNode.Empty;
        if (node.Items is not null && items.Type != SchemaType.Object)
        {
            errors.Add(FieldError.Invalid(
                reader.At("items").Child("type"), null, "must be object if parent array's x-kubernetes-list-type is map"));
            return;
        }

        for (var i = 0; i < node.ListMapKeys.Length; i++)
        {
            var key = node.ListMapKeys[i];
            if (!items.Properties.TryGetValue(key, out var property))
            {
                errors.Add(FieldError.Invalid(path.At(i), key, "must be a property of items"));
            }
            else if (property.Default is null && !items.Required.Contains(key))
            {
                errors.Add(FieldError.Required(
                    FieldPath.Key(reader.At("items").Child("properties"), key).Child("default"),
                    "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
            }
        }
    }

    public void CheckDefault(SchemaReader reader, SchemaNode node)
    {
        if (node.Default is null)
        {
            return;
        }

        var path = reader.At("default");
        var unknown = SchemaPruning.Prune(node.Default.DeepClone(), node, isRoot: false);
        errors.AddRange(unknown.Select(field => FieldError.Invalid(path, node.Default, $"must not have the unknown field \"{field}\"")));
        var defaulted = node.Default.DeepClone();
        SchemaDefaulting.Apply(defaulted, node);
        errors.AddRange(SchemaValidation.Validate(defaulted, node).Select(error => error with { Path = path }));
    }
}
