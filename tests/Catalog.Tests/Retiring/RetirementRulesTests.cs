using Flagstone.Catalog.Contracts;
using Flagstone.Catalog.Kinds;
using Flagstone.Catalog.Retiring;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Flagstone.Workflows.Contracts.Processes;

namespace Flagstone.Catalog.Tests.Retiring;

/// <summary>Whom the retirement of a service asks, and in which order it acts.</summary>
public sealed class RetirementRulesTests
{
    private static readonly TeamFacts Payments = new(new EntityName("default", "payments"), "Payments", ["ada", "user:default/bob"]);

    [Theory]
    [InlineData("carl", Role.Developer, "", "team:default/payments | role:administrator")]
    [InlineData("ada", Role.Developer, "", "role:administrator")]
    [InlineData("root", Role.Administrator, "", "team:default/payments")]
    [InlineData("bob", Role.Administrator, "", "role:administrator,team:default/payments")]
    [InlineData("root", Role.Administrator, "orders", "team:default/payments | role:administrator")]
    public void The_owner_and_an_administrator_consent_and_always_another_person(string name, Role role, string ns, string asked) =>
        Assert.Equal(asked, Asked(Of("group:default/payments", Payments), name, role, ns));

    [Theory]
    [InlineData("user:default/zed", "zed", Role.Developer, "role:administrator")]
    [InlineData("user:zed", "carl", Role.Developer, "user:zed | role:administrator")]
    [InlineData("group:default/gone", "root", Role.Administrator, "role:administrator")]
    public void An_owner_who_is_no_team_is_asked_by_name_and_one_who_is_gone_is_not(string owner, string name, Role role, string asked) =>
        Assert.Equal(asked, Asked(Of(owner, null), name, role));

    [Fact]
    public void Sources_go_before_what_they_would_bring_back_and_nothing_is_waited_for_in_no_days()
    {
        var found = Of("group:default/payments", Payments);

        Assert.Equal(
            ["gitsources", "namespaces", "components", "repositories"],
            Plan(found, "ada", Role.Developer, 0).Steps.Where(s => s.Act is not null).Select(s => Goner.Read(s.Act!.Arguments["goners"]![0]).Key.Kind.Plural));
        Assert.DoesNotContain(Plan(found, "ada", Role.Developer, 0).Steps, s => s.Wait is not null);
        Assert.Equal(TimeSpan.FromDays(3), Plan(found, "ada", Role.Developer, 3).Steps.Single(s => s.Wait is not null).Wait);
        Assert.DoesNotContain(Plan(found with { Sources = [], Repositories = [] }, "ada", Role.Developer, 0).Steps, s => s.Title.Contains("repositories", StringComparison.Ordinal));
    }

    private static Retirement Of(string owner, TeamFacts? team) => new(
        new EntityName("default", "orders"), owner, team, One(EntityKinds.Component, "default", "orders"), [One(NamespaceView.Kind, "", "orders")],
        [One(GitKinds.Source, "", "orders-gitops")], [One(GitKinds.Repository, "", "orders")], ["PostgreSQLInstance orders-db"]);

    private static Goner One(KindId kind, string ns, string name) => new(new ResourceKey(kind, ns, name), "u-1");

    private static ProcessPlan Plan(Retirement found, string name, Role role, int days, string ns = "") =>
        RetirementRules.Plan(found, new Caller(new Actor("u-1"), name, role, ns), days);

    private static string Asked(Retirement found, string name, Role role, string ns = "") =>
        string.Join(" | ", Plan(found, name, role, 7, ns).Steps.Where(s => s.Ask is not null).Select(s => string.Join(',', s.Ask!.Assignees)));
}
