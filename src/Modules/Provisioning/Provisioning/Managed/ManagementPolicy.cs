using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Managed;

/// <summary>What may be done to the external thing: <c>spec.managementPolicies</c> and <c>spec.deletionPolicy</c> together.</summary>
/// <param name="Problem">Why the combination is not one of crossplane-runtime's; null when it is.</param>
internal readonly record struct ManagementPolicy(bool Create, bool Update, bool Delete, bool Paused, string? Problem = null)
{
    /// <summary>Crossplane's managed/policies.go, each action by its first letter, sorted: the others mean nothing that it could keep.</summary>
    private static readonly HashSet<string> Supported =
        ["", "*", "CDLOU", "CDOU", "CLOU", "COU", "CDLO", "CLO", "CDO", "CO", "DO", "OU", "LO", "LOU", "O"];

    /// <summary>True when nothing may be done to it: what is wanted is then what is there.</summary>
    public bool OnlyObserves => !Create && !Update && !Delete && !Paused;

    public static ManagementPolicy Of(JsonObject document)
    {
        var deletes = document["spec"].Text("deletionPolicy") != "Orphan";
        if (document.At("spec", "managementPolicies") is not JsonArray list)
        {
            return new(true, true, deletes, false);
        }

        var actions = list.Select(a => a?.ToString() ?? "").Distinct(StringComparer.Ordinal).ToList();
        if (!Supported.Contains(string.Concat(actions.Select(a => a[..Math.Min(1, a.Length)]).Order(StringComparer.Ordinal))))
        {
            return new(false, false, false, false,
                $"managementPolicies [{string.Join(", ", actions)}] is not a combination that is supported. Without Observe nothing can be kept; "
                + "Use '*' alone, or Observe with others; Delete goes with Update or LateInitialize only beside Create.");
        }

        var all = actions.Contains("*");
        return new(all || actions.Contains("Create"), all || actions.Contains("Update"), all ? deletes : actions.Contains("Delete"), actions.Count == 0);
    }
}
