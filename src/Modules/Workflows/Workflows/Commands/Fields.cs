using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Flagstone.Workflows.Commands;

/// <summary>Commands, requests and events of Temporal's API name the same things alike: what both have is copied by name.</summary>
internal static class Fields
{
    /// <summary>Copies the fields that both messages have with one type; returns the target.</summary>
    public static T CopyTo<T>(this IMessage source, T target)
        where T : IMessage
    {
        foreach (var to in target.Descriptor.Fields.InDeclarationOrder())
        {
            if (source.Descriptor.FindFieldByName(to.Name) is not { } from || !IsSame(from, to))
            {
                continue;
            }

            var value = from.Accessor.GetValue(source);
            if (to.IsMap)
            {
                var map = (System.Collections.IDictionary)to.Accessor.GetValue(target);
                foreach (System.Collections.DictionaryEntry entry in (System.Collections.IDictionary)value)
                {
                    map[entry.Key] = entry.Value;
                }
            }
            else if (to.IsRepeated)
            {
                var list = (System.Collections.IList)to.Accessor.GetValue(target);
                foreach (var item in (System.Collections.IList)value)
                {
                    list.Add(item);
                }
            }
            else if (value is not null)
            {
                to.Accessor.SetValue(target, value);
            }
        }

        return target;
    }

    /// <summary>A map's entries are a message type of each message's own: what is in them counts.</summary>
    private static bool IsSame(FieldDescriptor from, FieldDescriptor to) =>
        from.FieldType == to.FieldType && from.IsRepeated == to.IsRepeated && from.IsMap == to.IsMap
        && (from.IsMap ? from.MessageType.Fields.InDeclarationOrder().Zip(to.MessageType.Fields.InDeclarationOrder()).All(f => IsSame(f.First, f.Second))
            : from.FieldType != FieldType.Message || from.MessageType == to.MessageType);
}
