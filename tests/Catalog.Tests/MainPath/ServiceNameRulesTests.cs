using System.Text.Json.Nodes;
using Flagstone.Catalog.Runs;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;

namespace Flagstone.Catalog.Tests.MainPath;

public sealed class ServiceNameRulesTests
{
    [Theory]
    [InlineData("kube-system", "", null, false)]
    [InlineData("flagstone-x", "", null, false)]
    [InlineData("web", "", null, true)]
    [InlineData("web", "web", null, true)]
    [InlineData("web", "shop", null, false)]
    [InlineData("web", "", "web", true)]
    [InlineData("web", "", "shop", false)]
    [InlineData("web", "", "", false)]
    public void A_name_is_free_for_its_own_service_alone(string ns, string scope, string? owner, bool free)
    {
        var caller = new Caller(new Actor("u-1"), "zoe", Role.Developer, scope);
        var existing = owner is null
            ? null
            : new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [ServiceNameRules.ServiceLabel] = owner } } };
        Assert.Equal(free, ServiceNameRules.Refuse(caller, ns, existing) is null);
    }
}
