using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Managed;

/// <summary>What may be done to the external thing: <c>spec.managementPolicies</c> and <c>spec.deletionPolicy</c> together.</summary>
internal readonly record struct ManagementPolicy(bool Create, bool Update, bool Delete, bool Paused)
{
    public static ManagementPolicy Of(JsonObject document)
    {
        var deletes = document["spec"].Text("deletionPolicy") != "Orphan";
        if (document.At("spec", "managementPolicies") is not JsonArray list)
        {
            return new(true, true, deletes, false);
        }

        var actions = list.Select(a => a?.ToString()).ToHashSet();
        var all = actions.Contains("*");
        return new(all || actions.Contains("Create"), all || actions.Contains("Update"), all ? deletes : actions.Contains("Delete"), actions.Count == 0);
    }
}
