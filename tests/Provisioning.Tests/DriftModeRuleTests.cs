using System.Text.Json.Nodes;
using Flagstone.Platform.Admission;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Provisioning.Drift;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Tests;

public sealed class DriftModeRuleTests
{
    [Theory]
    [InlineData(Role.Developer, "", "revert", "")]
    [InlineData(Role.Developer, "", "", "")]
    [InlineData(Role.Developer, "off", "off", "")]
    [InlineData(Role.Developer, "off", "revert", "")]
    [InlineData(Role.Developer, "", "off", "flagstone.dev/drift: off leaves what somebody changed outside as it is; ask an administrator")]
    [InlineData(Role.Developer, "", "report", "flagstone.dev/drift: report leaves what somebody changed outside as it is; ask an administrator")]
    [InlineData(Role.Administrator, "", "off", "")]
    [InlineData(Role.Administrator, "", "bogus", "the annotation flagstone.dev/drift is 'bogus'. Use one of: revert, report, off")]
    public async Task Who_may_say_what_becomes_of_drift(Role role, string before, string next, string denial)
    {
        var kind = ManagedKinds.Make("things", "rule.example.com", "v1", "Thing");
        var verdict = await new DriftModeRule().JudgeAsync(
            new AdmissionRequest(new Caller(new Actor("u-1"), "ada", role), "update", kind, kind.Key("", "a"), Document(next), Document(before), DryRun: false),
            TestContext.Current.CancellationToken);

        Assert.Equal(denial, string.Join("; ", verdict.Denials));
    }

    private static JsonObject Document(string mode) =>
        new() { ["metadata"] = new JsonObject { ["annotations"] = mode.Length > 0 ? new JsonObject { ["flagstone.dev/drift"] = mode } : null } };
}
