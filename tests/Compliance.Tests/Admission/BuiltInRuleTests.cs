using System.Text.Json.Nodes;
using Flagstone.Compliance.Admission;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;

namespace Flagstone.Compliance.Tests.Admission;

public sealed class BuiltInRuleTests
{
    private static readonly KindDefinition Deployments = new() { Id = new KindId("deployments", "apps"), Kind = "Deployment", Version = "v1" };

    [Theory]
    [InlineData("DATABASE_PASSWORD", true)]
    [InlineData("api_key", true)]
    [InlineData("TOKEN", true)]
    [InlineData("PASSWORD_MIN_LENGTH", false)]
    [InlineData("LOG_LEVEL", false)]
    public async Task A_credential_in_clear_text_is_denied_by_its_name(string variable, bool denied)
    {
        var verdict = await new SecretInTextRule().JudgeAsync(Request(Role.Developer, "orders", Deployment(variable)), TestContext.Current.CancellationToken);

        Assert.Equal(denied, verdict.Denials.Count == 1);
        Assert.All(verdict.Denials, d => Assert.Contains(variable, d, StringComparison.Ordinal));
        Assert.All(verdict.Denials, d => Assert.DoesNotContain("hunter2", d, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Role.Developer, "flagstone-system", true)]
    [InlineData(Role.Administrator, "flagstone-system", false)]
    [InlineData(Role.Developer, "orders", false)]
    public async Task The_platforms_namespace_is_for_administrators(Role role, string ns, bool denied)
    {
        var verdict = await new ProtectedNamespaceRule().JudgeAsync(Request(role, ns, Deployment("A")), TestContext.Current.CancellationToken);

        Assert.Equal(denied, verdict.Denials.Count > 0);
    }

    private static AdmissionRequest Request(Role role, string ns, JsonObject next) =>
        new(new Caller(new Actor("u-1"), "someone", role), "create", Deployments, Deployments.Key(ns, "d"), next, null, false);

    private static JsonObject Deployment(string variable) => JsonNode.Parse($$"""
        { "spec": { "template": { "spec": { "containers": [{ "name": "app", "env": [{ "name": "{{variable}}", "value": "hunter2" }] }] } } } }
        """)!.AsObject();
}
