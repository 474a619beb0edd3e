using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Flagstone.Workflows.Contracts;

namespace Flagstone.Provisioning.Providers.Temporal;

/// <summary>How a namespace differs from what is wanted. Pure.</summary>
internal static class TemporalDrift
{
    public static IEnumerable<FieldDrift> Of(TemporalNamespaceSettings wanted, TemporalNamespaceSettings actual)
    {
        if (wanted.Description != actual.Description)
        {
            yield return new FieldDrift("forProvider.description", wanted.Description, actual.Description);
        }

        if (wanted.OwnerEmail != actual.OwnerEmail)
        {
            yield return new FieldDrift("forProvider.ownerEmail", wanted.OwnerEmail, actual.OwnerEmail);
        }

        if (wanted.Retention != actual.Retention)
        {
            yield return new FieldDrift("forProvider.retention", Text(wanted.Retention), Text(actual.Retention));
        }

        foreach (var name in wanted.SearchAttributes.Keys.Union(actual.SearchAttributes.Keys).Order(StringComparer.Ordinal))
        {
            var (want, has) = (wanted.SearchAttributes.GetValueOrDefault(name), actual.SearchAttributes.GetValueOrDefault(name));
            if (want != has)
            {
                yield return new FieldDrift($"forProvider.searchAttributes.{name}", want, has) { NeedsReplacement = want is not null && has is not null };
            }
        }
    }

    private static JsonNode Text(TimeSpan time) => $"{(long)time.TotalHours}h{time.Minutes}m{time.Seconds}s";
}
